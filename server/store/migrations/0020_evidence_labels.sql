-- New words of a drawing are something that evidence is made of, too.
DROP INDEX event_of_evidence;
CREATE INDEX event_of_evidence ON event (stream_id, version)
    WHERE type IN (74, 75, 76, 77, 86, 87, 89, 106, 121);
