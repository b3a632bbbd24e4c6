// What was decided of images that said another patient; a join that was a mistake is taken back.
import { useEffect, useState } from 'react';
import { people, type Person } from '../connection/http';
import type { CaseActor } from '../state/client';
import { useModel } from '../state/use_client';
import { Button, Sheet } from '../ui/controls';
import { ReasonForm } from '../ui/reason_form';
import type { HeldDecision } from '../wire';
import { dateTimeText, useSpeech, useWords, type Words } from '../words';

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
        case 'kept':
            return held.wasKept(images);
        default:
            return patient.length > 0 ? held.wasRemoved(images) : held.wasDiscarded(images);
    }
}

interface DecidedProps {
    actor: CaseActor;
    decisions: readonly HeldDecision[];
}

/** Newest first; nothing of what the images say of their patient is known here. */
export function HeldDecided(props: DecidedProps) {
    return props.decisions.length > 0 && <Decided {...props} />;
}

function Decided({ actor, decisions }: DecidedProps) {
    const { words, language } = useSpeech();
    const nameOf = useNames(actor);
    const [about, setAbout] = useState<HeldDecision>();
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
    const said = useWords().held;
    return (
        <ReasonForm
            lead={said.againMeans}
            label={said.reason}
            help={said.reasonHelp}
            submit={said.againNow}
            done={said.heldAgain}
            send={(reason) => actor.command({ type: 'HoldAgain', studyUid, patient, reason })}
            onDone={onDone}
        />
    );
}
