// Keeping a case and erasing it: for who runs the organisation that answers for it. A hold wins over an erasure.
import { useEffect, useState, type FormEvent } from 'react';
import { Signing } from '../board/signing';
import { keyState } from '../connection/administration';
import type { CaseActor } from '../state/client';
import { Button, Field, Sheet } from '../ui/controls';
import { tell } from '../ui/frame';
import { refusalText } from '../ui/refusal';
import { ZERO_UUID, type LegalHold } from '../wire';
import { dateText, useSpeech, useWords, type Words } from '../words';
import { Nowhere } from './nowhere';
import './keeping.css';

/** What people call it by who are not told whose it is. */
export const caseNumber = (id: string): string => id.slice(0, 8);

interface KeepingProps {
    actor: CaseActor;
    hold: LegalHold | undefined;
    /** May place and lift holds, and erase. */
    mayKeep: boolean;
    onErased: () => void;
}

type Open = 'hold' | 'lift' | 'erase' | undefined;

export function Keeping({ actor, hold, mayKeep, onErased }: KeepingProps) {
    const { words, language } = useSpeech();
    const text = words.keeping;
    const [open, setOpen] = useState<Open>();
    const close = () => setOpen(undefined);
    if (!hold && !mayKeep) {
        return null;
    }
    return (
        <section aria-labelledby="keeping" data-hold={hold !== undefined}>
            <h2 id="keeping">{text.title}</h2>
            {hold ? (
                <article className="holding">
                    <p className="lead">{text.held(dateText(hold.at, language))}</p>
                    <p>{hold.reason}</p>
                    {!mayKeep && <p className="mute">{text.heldOther}</p>}
                    {mayKeep && <Button onClick={() => setOpen('lift')}>{text.lift}</Button>}
                </article>
            ) : (
                <p>{text.free}</p>
            )}
            {mayKeep && (
                <div className="row wrap">
                    {!hold && <Button onClick={() => setOpen('hold')}>{text.place}</Button>}
                    <Button className="danger" disabled={hold !== undefined} onClick={() => setOpen('erase')}>
                        {text.erase}
                    </Button>
                </div>
            )}
            {mayKeep && hold && <p className="mute">{text.eraseHeld}</p>}
            <Sheet title={text.place} open={open === 'hold'} onClose={close}>
                <Reason
                    actor={actor}
                    command="PlaceHold"
                    said={{ lead: text.placeLead, why: text.placeWhy, go: text.place, done: text.placed }}
                    onDone={close}
                />
            </Sheet>
            <Sheet title={text.lift} open={open === 'lift'} onClose={close}>
                <Reason
                    actor={actor}
                    command="LiftHold"
                    said={{ lead: text.liftLead, why: text.liftWhy, go: text.lift, done: text.lifted }}
                    onDone={close}
                />
            </Sheet>
            <Sheet title={text.eraseTitle} open={open === 'erase'} onClose={close}>
                <Erasure actor={actor} onErased={onErased} onClose={close} />
            </Sheet>
        </section>
    );
}

interface ReasonProps {
    actor: CaseActor;
    command: 'PlaceHold' | 'LiftHold';
    said: { lead: string; why: string; go: string; done: string };
    onDone: () => void;
}

function Reason({ actor, command, said, onDone }: ReasonProps) {
    const words = useWords();
    const [reason, setReason] = useState('');
    const [problem, setProblem] = useState('');
    const [busy, setBusy] = useState(false);
    const submit = async (event: FormEvent) => {
        event.preventDefault();
        setBusy(true);
        const refused = refusalText(words, await actor.command({ type: command, reason: reason.trim() }));
        setBusy(false);
        setProblem(refused ?? '');
        if (refused === undefined) {
            tell(said.done);
            onDone();
        }
    };
    return (
        <form className="stack" onSubmit={(event) => void submit(event)}>
            <p>{said.lead}</p>
            <Field
                label={said.why}
                help={words.keeping.reasonHelp}
                name="reason"
                required
                autoFocus
                maxLength={200}
                value={reason}
                onChange={(event) => setReason(event.target.value)}
            />
            <p className="problem" role="alert">
                {problem}
            </p>
            <Button type="submit" look="primary" disabled={busy || reason.trim() === ''}>
                {said.go}
            </Button>
        </form>
    );
}

const List = ({ lines }: { lines: readonly string[] }) => (
    <ul>
        {lines.map((line) => (
            <li key={line}>{line}</li>
        ))}
    </ul>
);

/** Not what was signed but what was ordered is what the proof is for. */
const proofWords = (words: Words) => {
    const { proof } = words.keeping;
    const { go } = proof;
    return { first: proof.lead, next: proof.lead, byPasskey: go, firstByPasskey: go, ...proof };
};

interface ErasureProps {
    actor: CaseActor;
    onErased: () => void;
    onClose: () => void;
}

/** What goes, what stays, and that nobody can undo it; then the case's number, and who it is that orders it. */
function Erasure({ actor, onErased, onClose }: ErasureProps) {
    const words = useWords();
    const text = words.keeping;
    const [reason, setReason] = useState('');
    const [typed, setTyped] = useState('');
    const number = caseNumber(actor.id);
    const ready = reason.trim() !== '' && typed.trim().toLowerCase() === number;
    const order = async () => {
        const outcome = await actor.command({ type: 'OrderErasure', reason: reason.trim() });
        return outcome.outcome === 'refused' && outcome.reason === 'unproved'
            ? text.proof.late
            : refusalText(words, outcome);
    };
    return (
        <div className="stack erasure">
            <p>{text.goes}</p>
            <List lines={text.goesList} />
            <p>{text.stays}</p>
            <List lines={text.staysList} />
            <p>
                <strong>{text.never}</strong>
            </p>
            <Field
                label={text.eraseWhy}
                help={text.eraseWhyHelp}
                name="reason"
                required
                maxLength={200}
                value={reason}
                onChange={(event) => setReason(event.target.value)}
            />
            <Field
                label={text.confirm(number)}
                name="number"
                required
                autoComplete="off"
                autoCapitalize="none"
                spellCheck={false}
                value={typed}
                onChange={(event) => setTyped(event.target.value)}
            />
            <Signing
                board={ZERO_UUID}
                label={text.eraseNow}
                disabled={!ready}
                sign={order}
                onSigned={onErased}
                said={proofWords(words)}
            >
                <Button onClick={onClose}>{text.keep}</Button>
            </Signing>
        </div>
    );
}

const LOOK_MS = 2_000;

/** For who ordered it: whether anything of an erased case is still to be destroyed, where they may know. */
export function Erased() {
    const words = useWords();
    const [waiting, setWaiting] = useState(true);
    useEffect(() => {
        let timer = 0;
        let gone = false;
        const look = () =>
            void keyState().then((answer) => {
                const more = answer.is === 'done' ? answer.body.erasuresWaiting > 0 : answer.word !== 'not_found';
                if (!gone && more) {
                    timer = window.setTimeout(look, LOOK_MS);
                } else if (!gone) {
                    setWaiting(false);
                }
            });
        look();
        return () => {
            gone = true;
            window.clearTimeout(timer);
        };
    }, []);
    return (
        <Nowhere
            title={waiting ? words.keeping.erasing : words.keeping.erased}
            help={waiting ? words.keeping.erasingHelp : undefined}
        />
    );
}
