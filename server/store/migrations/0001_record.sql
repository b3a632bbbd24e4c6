-- The record. Rows of event are only ever inserted; what changes lies in tables of its own.

-- One row for each stream, written with its first event. The key is wrapped by a generation of the
-- tenant's key; without this row the stream cannot be read by anybody.
CREATE TABLE stream_key (
    stream_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    kind smallint NOT NULL,
    key_id bigint NOT NULL,
    generation integer NOT NULL,
    wrapped bytea NOT NULL CHECK (length(wrapped) = 60)
);

CREATE TABLE tenant_key (
    tenant_id uuid NOT NULL,
    generation integer NOT NULL,
    wrapped bytea NOT NULL CHECK (length(wrapped) = 60),
    PRIMARY KEY (tenant_id, generation)
);

CREATE TABLE event (
    tenant_id uuid NOT NULL,
    stream_id uuid NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    part smallint NOT NULL,
    command_id uuid NOT NULL,
    type smallint NOT NULL,
    at bigint NOT NULL,                   -- microseconds since 1970
    user_id uuid NOT NULL,                -- zero: the system itself
    key_id bigint NOT NULL,
    payload bytea NOT NULL,
    hash bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (stream_id, version),
    UNIQUE (stream_id, command_id, part)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME USING ERRCODE = 'CN002';
END $$;
CREATE TRIGGER event_is_only_inserted BEFORE UPDATE OR DELETE OR TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE snapshot (
    stream_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    version bigint NOT NULL,
    state_format integer NOT NULL,
    key_id bigint NOT NULL,
    payload bytea NOT NULL
);

-- Durable timers and messages between actors, gone when the target has committed or refused them.
CREATE TABLE pending (
    tenant_id uuid NOT NULL,
    shard smallint NOT NULL,              -- of target_stream
    source_stream uuid NOT NULL,          -- its key seals the payload
    target_stream uuid NOT NULL,
    target_kind smallint NOT NULL,
    command_id uuid NOT NULL,
    due_at bigint NOT NULL,
    key_id bigint NOT NULL,
    payload bytea NOT NULL,
    PRIMARY KEY (target_stream, command_id)
);
CREATE INDEX pending_by_time ON pending (due_at, target_stream, command_id);

-- Worklists, schedules, sign-in names. `key` is a keyed hash; only the owning actor writes its rows.
CREATE TABLE list_row (
    tenant_id uuid NOT NULL,
    list text NOT NULL,
    key bytea NOT NULL CHECK (length(key) = 32),
    owner_stream uuid NOT NULL,
    key_id bigint NOT NULL,
    payload bytea NOT NULL,
    PRIMARY KEY (tenant_id, list, key)
);

-- Who may write. The fence is a row apart from the lease, because the lease is renewed every second
-- and every append holds the fence.
CREATE TABLE node_fence (
    node uuid PRIMARY KEY,
    incarnation bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE node_lease (
    node uuid PRIMARY KEY,
    incarnation bigint NOT NULL,
    ends_at timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE shard_owner (
    shard smallint PRIMARY KEY CHECK (shard BETWEEN 0 AND 1023),
    node uuid
);
INSERT INTO shard_owner SELECT shard FROM generate_series(0, 1023) AS shard;

-- First statement of every append. The lock is held until the append commits, so a takeover, which
-- updates the row, waits for it; and whoever comes after the takeover finds no such row.
CREATE FUNCTION take_fence(node_given uuid, incarnation_given bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM node_fence WHERE node = node_given AND incarnation = incarnation_given FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'this incarnation is over' USING ERRCODE = 'CN001';
    END IF;
END $$;

-- Nodes that own shards although nobody lives there.
CREATE FUNCTION dead_nodes() RETURNS SETOF uuid LANGUAGE sql AS $$
    SELECT DISTINCT shard_owner.node FROM shard_owner
    LEFT JOIN node_lease ON node_lease.node = shard_owner.node
    WHERE shard_owner.node IS NOT NULL
        AND (node_lease.node IS NULL OR node_lease.ends_at < clock_timestamp())
$$;

-- Ends the connections of incarnations of a node below `incarnation_given`: a process that stands
-- still in the middle of a transaction would hold its fence for ever.
CREATE FUNCTION end_backends(node_given uuid, incarnation_given bigint) RETURNS void
LANGUAGE sql AS $$
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid()
        AND CASE WHEN application_name LIKE 'consilium ' || node_given || ' %'
            THEN split_part(application_name, ' ', 3)::bigint < incarnation_given END
$$;

CREATE FUNCTION take_shards(me uuid, first boolean, incarnation_given bigint, lease_ms integer)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    mine bigint;
    dead uuid;
BEGIN
    PERFORM pg_advisory_xact_lock(7235401862001);
    SELECT incarnation INTO mine FROM node_fence WHERE node = me;
    IF first THEN
        mine := coalesce(mine, 0) + 1;
        PERFORM end_backends(me, mine);
        INSERT INTO node_fence VALUES (me, mine)
            ON CONFLICT (node) DO UPDATE SET incarnation = excluded.incarnation;
    ELSIF mine IS DISTINCT FROM incarnation_given THEN
        RAISE EXCEPTION 'this incarnation is over' USING ERRCODE = 'CN001';
    END IF;
    INSERT INTO node_lease VALUES (me, mine, clock_timestamp() + lease_ms * interval '1 ms')
        ON CONFLICT (node) DO UPDATE SET incarnation = excluded.incarnation,
            ends_at = excluded.ends_at;

    FOR dead IN SELECT dead_nodes() LOOP
        -- Its lease may have been renewed since we looked: only the row's own lock can tell.
        DELETE FROM node_lease WHERE node = dead AND ends_at < clock_timestamp();
        CONTINUE WHEN EXISTS (SELECT FROM node_lease WHERE node = dead);
        PERFORM end_backends(dead, 9223372036854775807);
        UPDATE node_fence SET incarnation = incarnation + 1 WHERE node = dead;
        UPDATE shard_owner SET node = me WHERE node = dead;
    END LOOP;
    UPDATE shard_owner SET node = me WHERE node IS NULL;
    RETURN mine;
END $$;

CREATE FUNCTION renew_lease(me uuid, incarnation_given bigint, lease_ms integer) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE node_lease SET ends_at = clock_timestamp() + lease_ms * interval '1 ms'
        WHERE node = me AND incarnation = incarnation_given;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'this incarnation is over' USING ERRCODE = 'CN001';
    END IF;
    RETURN EXISTS (SELECT FROM dead_nodes()) OR EXISTS (SELECT FROM shard_owner WHERE node IS NULL);
END $$;

CREATE FUNCTION give_up_shards(me uuid, incarnation_given bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7235401862001);
    UPDATE node_fence SET incarnation = incarnation + 1
        WHERE node = me AND incarnation = incarnation_given;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'this incarnation is over' USING ERRCODE = 'CN001';
    END IF;
    UPDATE shard_owner SET node = NULL WHERE node = me;
    DELETE FROM node_lease WHERE node = me;
END $$;
