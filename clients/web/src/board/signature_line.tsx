// A signature as it is read: who, as what, when, meaning what, and whether it is still about what is shown.
import { useEffect, useRef, useState } from 'react';
import { checkAddendum, checkDecision, type Soundness } from '../state/signature';
import type { Addendum, Decision, Signature, Task } from '../wire';
import { paperTime, useSpeech } from '../words';

interface SignedDecision {
    patientCase: string;
    decision: Decision;
    tasks: readonly Task[];
}

/** The list that was there before while its items are the same: it is filtered anew with each drawing. */
function useSame<T>(list: readonly T[]): readonly T[] {
    const kept = useRef(list);
    const before = kept.current;
    if (list.length !== before.length || list.some((one, index) => one !== before[index])) {
        kept.current = list;
    }
    return kept.current;
}

function useSoundness(check: () => Promise<Soundness>, of: readonly unknown[]): Soundness {
    const [found, setFound] = useState<{ of: readonly unknown[]; soundness: Soundness }>();
    const now = useSame(of);
    const asked = useRef(check);
    asked.current = check;
    useEffect(() => {
        let gone = false;
        void asked.current().then((soundness) => {
            if (!gone) {
                setFound({ of: now, soundness });
            }
        });
        return () => {
            gone = true;
        };
    }, [now]);
    return found?.of === now ? found.soundness : 'checking';
}

/** Of a decision that is signed. */
export function SignatureLine({ patientCase, decision, tasks }: SignedDecision) {
    const { words, language } = useSpeech();
    const own = useSame(tasks.filter((one) => one.decision === decision.decision));
    const soundness = useSoundness(
        () => checkDecision(patientCase, decision, own),
        [patientCase, decision, own],
    );
    const { signature, signedName, signedAt } = decision;
    if (!signature) {
        return (
            <div data-signature="unbound">
                <p className="small settled">
                    {words.decision.signedBy(signedName, paperTime(signedAt, language))}
                </p>
                <p className="small mute">{words.decision.unbound}</p>
            </div>
        );
    }
    return <SignatureText signature={signature} soundness={soundness} />;
}

function SignatureText({ signature, soundness }: { signature: Signature; soundness: Soundness }) {
    const { words, language } = useSpeech();
    const when = paperTime(signature.at, language);
    if (soundness === 'broken') {
        return (
            <div className="broken" role="alert" data-signature="broken">
                <strong>{words.decision.broken}</strong>
                <p className="small">{words.decision.brokenHelp(signature.name, when)}</p>
            </div>
        );
    }
    return (
        <div data-signature={soundness}>
            <p className={soundness === 'sound' ? 'small settled' : 'small'}>
                {words.decision.signedAs(
                    signature.name,
                    signature.discipline,
                    when,
                    words.decision.meaning[signature.meaning],
                )}
            </p>
            {soundness === 'unchecked' && (
                <p className="small mute">{words.decision.unchecked}</p>
            )}
        </div>
    );
}

/** What was added after signing, in order, each with its own signature. */
export function Addenda({ patientCase, decision }: Omit<SignedDecision, 'tasks'>) {
    const { words } = useSpeech();
    if (decision.addenda.length === 0) {
        return null;
    }
    return (
        <section className="addenda">
            <h3>{words.decision.addenda}</h3>
            <ol>
                {decision.addenda.map((addendum) => (
                    <AddendumItem
                        key={addendum.addendum}
                        patientCase={patientCase}
                        decision={decision}
                        addendum={addendum}
                    />
                ))}
            </ol>
        </section>
    );
}

function AddendumItem(props: Omit<SignedDecision, 'tasks'> & { addendum: Addendum }) {
    const { patientCase, decision, addendum } = props;
    const soundness = useSoundness(
        () => checkAddendum(patientCase, decision, addendum),
        [patientCase, decision.signature, addendum],
    );
    return (
        <li data-addendum={addendum.addendum}>
            <p className="said">{addendum.text}</p>
            <SignatureText signature={addendum.signature} soundness={soundness} />
        </li>
    );
}
