-- A sign-in has a number of its own: its token is another one after it was refreshed or stepped up,
-- and what belongs to it stays. Whoever is signed in signs in once more after this.
DROP TABLE sign_in;
CREATE TABLE sign_in (
    number bigint PRIMARY KEY CHECK (number > 0),
    token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    user_id uuid NOT NULL,
    kind smallint NOT NULL,               -- enum sign_in_kind: how long it lasts
    enrolling boolean NOT NULL,           -- may do nothing but get a second factor
    made_at bigint NOT NULL,              -- microseconds since 1970
    used_at bigint NOT NULL,              -- by the person; written at most every two minutes
    address bytea NOT NULL CHECK (length(address) = 16),
    browser smallint NOT NULL,            -- enum browser_family
    system smallint NOT NULL,             -- enum system_family
    board uuid NOT NULL,                  -- where it may sign; zero: a case outside of any board
    signs_until bigint NOT NULL           -- 0 = it may not
);

CREATE INDEX sign_in_used_at ON sign_in (used_at);
CREATE INDEX sign_in_user ON sign_in (user_id);
