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

-- Who looked at what, signed in or was refused. One chain for each life of a node (`writer`).
CREATE TABLE access_log (
    tenant_id uuid NOT NULL,
    writer uuid NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    at bigint NOT NULL,                   -- microseconds since 1970
    node uuid NOT NULL,
    user_id uuid NOT NULL,                -- zero: nobody known
    sign_in bigint NOT NULL,              -- which of theirs; 0 = none
    action smallint NOT NULL,             -- enum access_action
    result smallint NOT NULL,             -- enum access_result
    case_id uuid NOT NULL,                -- zero: none
    object text NOT NULL CHECK (length(object) <= 64), -- UID of a series or document
    address bytea NOT NULL CHECK (length(address) = 16),
    hash bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (writer, number)
);
CREATE INDEX access_log_by_case ON access_log (case_id, at);
CREATE INDEX access_log_by_time ON access_log (at);
CREATE INDEX access_log_by_user ON access_log (user_id, at);
CREATE TRIGGER access_log_is_only_inserted BEFORE UPDATE OR DELETE OR TRUNCATE ON access_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
