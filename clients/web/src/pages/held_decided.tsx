// What was decided of images that said another patient; a join that was a mistake is taken back.
import { useEffect, useState, type FormEvent } from 'react';
import { people, type Person } from '../connection/http';
import type { CaseActor } from '../state/client';
import { useModel } from '../state/use_client';
import { Button, Field, Sheet } from '../ui/controls';
import { tell } from '../ui/frame';
import { refusalText } from '../ui/refusal';
import type { HeldDecision } from '../wire';
import { dateTimeText, useSpeech, useWords, type Words } from '../words';

/** Of the schema, in bytes, of up to four for a character of UTF-8. */
const REASON_MAX = 100;

/** Who is who here, also those who do not belong to the case any more. */
export function useNames(actor: CaseActor): (user: string) => string {
    const members = useModel(actor, (model) => model?.members) ?? [];
    const boards = useModel(actor, (model) => model?.boards) ?? [];
    const [others, setOthers] = useState<Person[]>([]);
    useEffect(() => {
        people().then(setOthers, () => undefined);
    }, []);
    return (user) =>
        [...members, ...boards.flatMap((link) => link.members)].find((one) => one.user === user)?.name ??
        others.find((one) => one.id === user)?.name ??
        '';
}

function whatWasDecided({ held }: Words, { outcome, patient, images }: HeldDecision): string {
    switch (outcome) {
        case 'joined':
            return held.wasJoined(images);
        case 'again':
            return held.wasHeldAgain;
        default:
            return patient.length > 0 ? held.wasRemoved(images) : held.wasDiscarded(images);
    }
}

/** Newest first; nothing of what the images say of their patient is known here. */
export function HeldDecided({ actor, decisions }: { actor: CaseActor; decisions: readonly HeldDecision[] }) {
    const { words, language } = useSpeech();
    const nameOf = useNames(actor);
    const [about, setAbout] = useState<HeldDecision>();
    if (decisions.length === 0) {
        return null;
    }
    return (
        <section aria-labelledby="decided">
            <h2 id="decided">{words.held.decided}</h2>
            <ul className="list">
                {[...decisions].reverse().map((one) => (
                    <li key={one.version} className="held-decision">
                        <b>{whatWasDecided(words, one)}</b>
                        <span className="mute">
                            {[words.card.by(nameOf(one.by), dateTimeText(one.at, language)), one.reason]
                                .filter(Boolean)
                                .join(' · ')}
                        </span>
                        {one.outcome === 'joined' && (
                            <Button tight onClick={() => setAbout(one)}>
                                {words.held.again}
                            </Button>
                        )}
                    </li>
                ))}
            </ul>
            <Sheet title={words.held.againTitle} open={about !== undefined} onClose={() => setAbout(undefined)}>
                {about && <HoldAgain actor={actor} decision={about} onDone={() => setAbout(undefined)} />}
            </Sheet>
        </section>
    );
}

interface AgainProps {
    actor: CaseActor;
    decision: HeldDecision;
    onDone: () => void;
}

function HoldAgain({ actor, decision: { studyUid, patient }, onDone }: AgainProps) {
    const words = useWords();
    const said = words.held;
    const [busy, setBusy] = useState(false);
    const [problem, setProblem] = useState('');
    const [reason, setReason] = useState('');
    const submit = async (event: FormEvent) => {
        event.preventDefault();
        setBusy(true);
        const outcome = await actor.command({ type: 'HoldAgain', studyUid, patient, reason: reason.trim() });
        const refused = refusalText(words, outcome);
        setBusy(false);
        setProblem(refused ?? '');
        if (refused === undefined) {
            tell(said.heldAgain);
            onDone();
        }
    };
    return (
        <form className="stack" onSubmit={(event) => void submit(event)}>
            <p>{said.againMeans}</p>
            <Field
                label={said.reason}
                help={said.reasonHelp}
                name="reason"
                required
                pattern=".*\S.*"
                maxLength={REASON_MAX}
                autoFocus
                value={reason}
                onChange={(event) => setReason(event.target.value)}
            />
            <p className="problem" role="alert">
                {problem}
            </p>
            <div className="row wrap">
                <Button type="submit" look="primary" disabled={busy || reason.trim() === ''}>
                    {said.againNow}
                </Button>
            </div>
        </form>
    );
}
