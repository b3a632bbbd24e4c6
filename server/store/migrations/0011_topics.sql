-- What a stream says of another one is sealed by a key of its own, which goes when that other one
-- is erased: a person's worklist names the patients of their cases. The row bears an id that no
-- stream has (server/store/topic.h), and kind 0.
ALTER TABLE stream_key
    ADD COLUMN of_stream uuid,            -- whose events it seals; null: its own
    ADD COLUMN about uuid,                -- what those say something of
    ADD CHECK ((of_stream IS NULL) = (about IS NULL));
CREATE INDEX stream_key_by_of_stream ON stream_key (of_stream) WHERE of_stream IS NOT NULL;
CREATE INDEX stream_key_by_about ON stream_key (about) WHERE about IS NOT NULL;
