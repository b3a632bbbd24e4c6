// What the board decides about the case: written as the board's template asks, recorded at once, voted on
// where the board votes, signed with patient and side read back, and followed up afterwards.
import { useState } from 'react';
import type { CaseModel } from '../state/case_state';
import type { CaseActor } from '../state/client';
import { linkOf, memberOf } from '../state/decision';
import { decisionOf } from '../state/record_state';
import { Button } from '../ui/controls';
import type { BoardLink, Decision, Member } from '../wire';
import { useWords } from '../words';
import { AddendumPart } from './addendum';
import { DecisionForm } from './decision_form';
import { DecisionText } from './decision_text';
import { FollowUp } from './follow_up';
import { SignSheet } from './sign';
import { Votes } from './votes';

export type PersonHere = Pick<Member, 'name' | 'discipline' | 'noVote'> & { person: string };

export interface DecisionTabProps {
    actor: CaseActor;
    model: CaseModel;
    /** The meeting that decides. */
    board: string | undefined;
    /** Those who sit there without a device, for whom the coordinator votes. */
    here: readonly PersonHere[];
    coordinate: boolean;
    mayWrite: boolean;
    me: string;
    nameOf: (user: string) => string;
}

export function DecisionTab(props: DecisionTabProps) {
    const { model, board } = props;
    const words = useWords();
    const link = board === undefined ? undefined : linkOf(model, board);
    const decision = link && decisionOf(model, link.board, link.item);
    const earlier = model.decisions.filter((one) => one !== decision);
    return (
        <div className="decision-tab">
            {link?.template ? (
                <Deciding {...props} link={link} decision={decision} />
            ) : (
                <p className="mute">{words.decision.noMeeting}</p>
            )}
            {earlier.length > 0 && (
                <section className="earlier">
                    <h2>{words.decision.earlier}</h2>
                    {[...earlier].reverse().map((one) => (
                        <Earlier key={one.decision} {...props} decision={one} />
                    ))}
                </section>
            )}
        </div>
    );
}

function Earlier(props: DecisionTabProps & { decision: Decision }) {
    const { model, decision } = props;
    const link = linkOf(model, decision.board);
    return (
        <article className="stack">
            <DecisionText
                decision={decision}
                template={link?.template}
                nameOf={props.nameOf}
                patientCase={props.actor.id}
                tasks={model.tasks}
            />
            <AddendumPart {...props} decision={decision} />
            <FollowUp {...props} decision={decision} />
        </article>
    );
}

interface DecidingProps extends DecisionTabProps {
    link: BoardLink;
    decision: Decision | undefined;
}

function Deciding(props: DecidingProps) {
    const { actor, model, link, decision, mayWrite, me, nameOf } = props;
    const words = useWords();
    const own = memberOf(link, me);
    const signed = (decision?.signedAt ?? 0) > 0;
    if (decision && (signed || link.sealed || !mayWrite)) {
        return (
            <section className="stack" data-decision={signed ? 'signed' : 'recorded'}>
                <DecisionText
                    decision={decision}
                    template={link.template}
                    nameOf={nameOf}
                    patientCase={actor.id}
                    tasks={model.tasks}
                />
                <AddendumPart {...props} decision={decision} />
                {!signed && own?.signs && <SignPart {...props} decision={decision} />}
                {link.template?.votes && <Votes {...props} decision={decision} closed />}
                {signed && <FollowUp {...props} decision={decision} />}
            </section>
        );
    }
    if (link.sealed || !mayWrite) {
        return <p className="mute">{link.sealed ? words.decision.sealed : words.decision.none}</p>;
    }
    return (
        <section className="stack" data-decision={decision ? 'recorded' : 'none'}>
            <DecisionForm
                key={`${link.board} ${link.item}`}
                actor={actor}
                model={model}
                link={link}
                decision={decision}
                nameOf={nameOf}
            />
            {decision && link.template?.votes && <Votes {...props} decision={decision} />}
            {decision && own?.signs && <SignPart {...props} decision={decision} />}
            {decision && !own?.signs && <p className="mute small">{words.decision.chairSigns}</p>}
        </section>
    );
}

function SignPart({ actor, link, decision }: DecidingProps & { decision: Decision }) {
    const words = useWords();
    const [open, setOpen] = useState(false);
    return (
        <div className="row">
            <Button data-sign onClick={() => setOpen(true)}>
                {words.decision.sign}
            </Button>
            <SignSheet
                actor={actor}
                board={link.board}
                item={decision.item}
                open={open}
                onClose={() => setOpen(false)}
            />
        </div>
    );
}
