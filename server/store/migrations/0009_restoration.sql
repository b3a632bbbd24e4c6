-- That a record was put back to an earlier moment, by whom and when: what checkpoints told outside
-- after that moment is missing for this reason. Signed with the key of checkpoints.
CREATE TABLE restoration (
    number bigint PRIMARY KEY CHECK (number > 0),
    at bigint NOT NULL,                   -- microseconds since 1970, as all moments here
    restored_to bigint NOT NULL,          -- of the last transaction that is in the record
    asked_for bigint NOT NULL,            -- 0: the newest there was
    operator text NOT NULL CHECK (length(operator) <= 64),
    base text NOT NULL CHECK (length(base) <= 64),
    hash bytea NOT NULL CHECK (length(hash) = 32),
    signature bytea NOT NULL CHECK (length(signature) = 64)
);
CREATE TRIGGER restoration_is_only_inserted BEFORE UPDATE OR DELETE OR TRUNCATE ON restoration
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A record that is put back lives on in another place under other nodes. Whoever still holds an
-- incarnation from before, in a process that was not ended, is over: also one whose number the
-- record has not come to yet.
CREATE FUNCTION end_all_incarnations() RETURNS void LANGUAGE sql AS $$
    UPDATE node_fence SET incarnation = incarnation + 1000000000000;
    UPDATE shard_owner SET node = NULL WHERE node IS NOT NULL;
    DELETE FROM node_lease;
$$;
