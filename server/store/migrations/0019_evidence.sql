-- Up to which version of a case's stream its documents of evidence (SR, GSPS, KOS) were written. A
-- cache: without a row they are written again, which finds them there.
CREATE TABLE evidence_mark (
    case_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    version bigint NOT NULL
);

-- Events of which evidence is made (server/evidence/evidence_record.c), so that after a restart the
-- cases that have newer ones are found without reading the record. Other kinds of streams use some
-- of the numbers too; they are few.
CREATE INDEX event_of_evidence ON event (stream_id, version)
    WHERE type IN (74, 75, 76, 77, 86, 87, 89, 121);
