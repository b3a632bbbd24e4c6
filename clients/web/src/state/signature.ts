// What a signature is bound to (21 CFR 11.70): the hash of the canonical form of what is shown, computed again by
// whoever reads it. The server computes the same of what it holds (actors/case_signature.c).
import {
    encodeRecord,
    writeAddendumContent,
    writeDecisionContent,
    writeSignatureContent,
} from '../protocol';
import type { Addendum, Decision, Signature, Task } from '../wire';

export type Hash = Uint8Array<ArrayBuffer>;

/** The canonical form; `tasks` may hold those of other decisions, too. */
export const decisionForm = (
    patientCase: string,
    decision: Decision,
    tasks: readonly Task[],
): Uint8Array<ArrayBuffer> =>
    encodeRecord(writeDecisionContent, {
        form: 'consilium decision',
        patientCase,
        decision: decision.decision,
        board: decision.board,
        item: decision.item,
        revision: decision.revision,
        templateVersion: decision.templateVersion,
        fields: decision.fields,
        side: decision.side,
        standard: decision.standard,
        by: decision.by,
        at: decision.at,
        tasks: tasks
            .filter((task) => task.decision === decision.decision)
            .map(({ task, text, owner, ownerName, dueAt }) => ({
                task,
                text,
                owner,
                ownerName,
                dueAt,
            })),
    });

export const addendumForm = (
    patientCase: string,
    decision: Decision,
    addendum: string,
    text: string,
): Uint8Array<ArrayBuffer> =>
    encodeRecord(writeAddendumContent, {
        form: 'consilium addendum',
        patientCase,
        decision: decision.decision,
        signature: decision.signature?.seal ?? new Uint8Array(),
        addendum,
        text,
    });

const sealForm = ({ seal: _seal, ...signature }: Signature): Uint8Array<ArrayBuffer> =>
    encodeRecord(writeSignatureContent, { form: 'consilium signature', ...signature });

/** SHA-256. */
export const hashOf = async (form: Uint8Array<ArrayBuffer>): Promise<Hash> =>
    new Uint8Array(await crypto.subtle.digest('SHA-256', form));

/**
 * `unbound`: of the time before signatures were bound to their text. `unchecked`: this browser cannot, as it was not
 * reached over HTTPS.
 */
export type Soundness = 'checking' | 'sound' | 'broken' | 'unbound' | 'unchecked';

const same = (a: Uint8Array, b: Uint8Array): boolean =>
    a.length === b.length && a.every((byte, index) => byte === b[index]);

async function check(signature: Signature, form: () => Uint8Array<ArrayBuffer>): Promise<Soundness> {
    if (typeof crypto.subtle === 'undefined') {
        return 'unchecked';
    }
    try {
        const [content, seal] = await Promise.all([hashOf(form()), hashOf(sealForm(signature))]);
        return same(content, signature.content) && same(seal, signature.seal) ? 'sound' : 'broken';
    } catch {
        return 'broken'; // it cannot even be written
    }
}

export async function checkDecision(
    patientCase: string,
    decision: Decision,
    tasks: readonly Task[],
): Promise<Soundness> {
    const { signature, signedBy, revision } = decision;
    if (!signature) {
        return 'unbound';
    }
    const found = await check(signature, () => decisionForm(patientCase, decision, tasks));
    return signedBy === signature.by && revision > 0 ? found : 'broken';
}

export const checkAddendum = (
    patientCase: string,
    decision: Decision,
    { addendum, text, signature }: Addendum,
): Promise<Soundness> =>
    check(signature, () => addendumForm(patientCase, decision, addendum, text));
