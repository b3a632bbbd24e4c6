-- Documents of evidence whose place another took, or whose last image was taken away: they stay in
-- the record and are looked for by nobody. And thumbnails, which were made with the window of an
-- image's first frame, are made again.

ALTER TABLE image_instance ADD COLUMN superseded boolean NOT NULL DEFAULT false;
DELETE FROM image_thumbnail;
