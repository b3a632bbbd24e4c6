// A case whose use is restricted (GDPR 18): what that means, how it begins and how it ends.
import { useState, type FormEvent } from 'react';
import type { CaseActor } from '../state/client';
import { Button, Field, Sheet } from '../ui/controls';
import { tell } from '../ui/frame';
import { refusalText } from '../ui/refusal';
import type { Restriction } from '../wire';
import { dateText, useSpeech, useWords } from '../words';
import type { RestingCase } from './consent';

const REASON_MAX = 200;

/** At the top of the case, for who keeps it. */
export function RestrictionBanner({ restriction }: { restriction: Restriction }) {
    const { words, language } = useSpeech();
    return (
        <p className="in-emergency" role="status" data-restricted>
            {words.restriction.banner(dateText(restriction.at, language), restriction.reason)}
        </p>
    );
}

interface RestrictionProps {
    actor: CaseActor;
    model: RestingCase;
    /** The patient reads, or who acts for them. */
    own: boolean;
    may: boolean;
}

export function RestrictionSection({ actor, model, own, may }: RestrictionProps) {
    const { words, language } = useSpeech();
    const said = words.restriction;
    const [asking, setAsking] = useState(false);
    const { restriction } = model;
    if (!restriction && !may) {
        return null;
    }
    return (
        <section aria-labelledby="restriction" data-restricted={restriction !== undefined}>
            <h2 id="restriction">{said.title}</h2>
            {restriction ? (
                <>
                    <p className="lead">{said.since(dateText(restriction.at, language))}</p>
                    <p>
                        {said.reason}: {restriction.reason}
                    </p>
                    <p>{own ? said.meansYours : said.means}</p>
                </>
            ) : (
                <p className="mute">{said.none}</p>
            )}
            {may && (
                <div className="row wrap">
                    <Button onClick={() => setAsking(true)}>{restriction ? said.lift : said.restrict}</Button>
                </div>
            )}
            <Sheet
                title={restriction ? said.liftTitle : said.restrictTitle}
                open={asking}
                onClose={() => setAsking(false)}
            >
                <Reason actor={actor} lifts={restriction !== undefined} onDone={() => setAsking(false)} />
            </Sheet>
        </section>
    );
}

interface ReasonProps {
    actor: CaseActor;
    lifts: boolean;
    onDone: () => void;
}

function Reason({ actor, lifts, onDone }: ReasonProps) {
    const words = useWords();
    const said = words.restriction;
    const [reason, setReason] = useState('');
    const [busy, setBusy] = useState(false);
    const [problem, setProblem] = useState('');
    const submit = async (event: FormEvent) => {
        event.preventDefault();
        setBusy(true);
        const type = lifts ? 'LiftRestriction' : 'RestrictUse';
        const refused = refusalText(words, await actor.command({ type, reason: reason.trim() }));
        setBusy(false);
        setProblem(refused ?? '');
        if (refused === undefined) {
            tell(lifts ? said.lifted : said.done);
            onDone();
        }
    };
    return (
        <form className="stack" onSubmit={(event) => void submit(event)}>
            <p>{lifts ? said.liftTold : `${said.restrictLoses} ${said.means}`}</p>
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
                    {lifts ? said.liftNow : said.restrictNow}
                </Button>
            </div>
        </form>
    );
}
