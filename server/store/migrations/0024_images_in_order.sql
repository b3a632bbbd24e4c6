-- Searches for instances read them page by page in this order, so that none holds the rows of a
-- whole case, and each page is found where the last one ended.
CREATE INDEX image_instance_in_order ON image_instance
    (case_id, study_uid, series_uid, instance_number, sop_instance_uid) WHERE NOT held;
