-- What the record is held to. Neither table is ever changed.

-- Where the chains of streams and access logs stood, one chain of checkpoints for each node. Signed
-- with a key that is not in the database, and told outside of it.
CREATE TABLE checkpoint (
    tenant_id uuid NOT NULL,
    node uuid NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    at bigint NOT NULL,                   -- microseconds since 1970
    heads bytea NOT NULL,                 -- stream (16 bytes), version (8), hash (32), again and again
    hash bytea NOT NULL CHECK (length(hash) = 32),
    signature bytea NOT NULL CHECK (length(signature) = 64),
    PRIMARY KEY (node, number)
);
CREATE TRIGGER checkpoint_is_only_inserted BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
