-- What was erased: the stream's key is gone, its events stay, so that their chain still verifies. A
-- row here is the tombstone; the order is an event of the stream itself.
CREATE TABLE erasure (
    stream_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    at bigint NOT NULL                    -- microseconds since 1970
);
CREATE TRIGGER erasure_is_only_inserted BEFORE UPDATE OR DELETE OR TRUNCATE ON erasure
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A generation of the tenant's key is destroyed when no stream's key is wrapped by it any more, and
-- a stream that was begun with it too late is refused. An image cannot outlive its case's key.
ALTER TABLE stream_key ADD FOREIGN KEY (tenant_id, generation) REFERENCES tenant_key;
ALTER TABLE image_instance ADD FOREIGN KEY (case_id) REFERENCES stream_key;
ALTER TABLE tenant_key ADD COLUMN made_at bigint NOT NULL
    DEFAULT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
CREATE INDEX pending_by_source ON pending (source_stream);
CREATE INDEX list_row_by_owner ON list_row (owner_stream);

-- Who may do what. Migrations run as the owner of these tables; the server works day to day as
-- consilium_app, which adds to the record and can neither change nor take away what is in it: the
-- triggers of the record bind the owner too, but an owner can drop them.
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'consilium_app') THEN
        CREATE ROLE consilium_app LOGIN;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN
        NULL; -- another database of this PostgreSQL made it just now
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'the role consilium_app is missing and the owner may not make it: '
            'CREATE ROLE consilium_app LOGIN';
END $$;

GRANT USAGE ON SCHEMA public TO consilium_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO consilium_app;
-- Later tables too; one that belongs to the record revokes, as below, and a test says so when its
-- trigger is there and the REVOKE is not.
ALTER DEFAULT PRIVILEGES IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO consilium_app;

REVOKE UPDATE, DELETE ON event, access_log, checkpoint, restoration, erasure
    FROM consilium_app;
REVOKE INSERT ON restoration FROM consilium_app; -- consilium restore alone writes it, as the owner
REVOKE INSERT, UPDATE, DELETE ON migration FROM consilium_app;
REVOKE EXECUTE ON FUNCTION end_all_incarnations() FROM PUBLIC;
