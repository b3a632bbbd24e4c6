// A case whose use is restricted (GDPR 18): what that means, how it begins and how it ends.
import { useState } from 'react';
import type { CaseActor } from '../state/client';
import { Button, Sheet } from '../ui/controls';
import { ReasonForm } from '../ui/reason_form';
import type { Restriction } from '../wire';
import { dateText, useSpeech, useWords } from '../words';
import type { RestingCase } from './consent';

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
    const said = useWords().restriction;
    return (
        <ReasonForm
            lead={lifts ? said.liftTold : `${said.restrictLoses} ${said.means}`}
            label={said.reason}
            help={said.reasonHelp}
            submit={lifts ? said.liftNow : said.restrictNow}
            done={lifts ? said.lifted : said.done}
            send={(reason) => actor.command({ type: lifts ? 'LiftRestriction' : 'RestrictUse', reason })}
            onDone={onDone}
        />
    );
}
