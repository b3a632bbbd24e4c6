-- Sign-ins that are not over. A row is found by the hash of a random token that only the client
-- holds; reading this table lets nobody sign in.
CREATE TABLE sign_in (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    user_id uuid NOT NULL,
    made_at bigint NOT NULL,              -- microseconds since 1970
    used_at bigint NOT NULL               -- written at most every five minutes
);

CREATE INDEX sign_in_used_at ON sign_in (used_at);
CREATE INDEX sign_in_user ON sign_in (user_id);
