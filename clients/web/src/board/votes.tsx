// Agree, dissent with a reason, abstain: one's own, and for people in the room by the coordinator.
import { useState, type FormEvent } from 'react';
import type { CaseActor } from '../state/client';
import { memberOf, tally } from '../state/decision';
import { Button } from '../ui/controls';
import { sayRefusal } from '../ui/refusal';
import { ZERO_UUID, type BoardLink, type Decision, type Vote, type VoteChoice } from '../wire';
import { useWords } from '../words';
import type { PersonHere } from './decision_tab';

interface VotesProps {
    actor: CaseActor;
    link: BoardLink;
    decision: Decision;
    here: readonly PersonHere[];
    coordinate: boolean;
    me: string;
    /** Signed or over: to read only. */
    closed?: boolean;
}

const choices: readonly VoteChoice[] = ['agree', 'dissent', 'abstain'];

export function Votes(props: VotesProps) {
    const { link, decision, here, coordinate, me, closed } = props;
    const words = useWords();
    const count = tally(decision);
    const voters = [
        ...link.members.filter((one) => one.votes).map((one) => one.user),
        ...here.filter((one) => !one.noVote).map((one) => one.person),
    ];
    const waiting = voters.filter((one) => !count.current.some((vote) => vote.person === one));
    const mine = memberOf(link, me)?.votes === true;
    const others = [...count.current, ...count.older].filter((vote) => vote.choice === 'dissent');
    return (
        <section className="votes" aria-label={words.vote.title}>
            <h3>{words.vote.count(count.agree, count.dissent, count.abstain, waiting.length)}</h3>
            {!closed && mine && <Ballot {...props} person={ZERO_UUID} voter={me} name="" />}
            {!closed && !mine && <p className="mute small">{words.refused.no_vote}</p>}
            {!closed &&
                coordinate &&
                here
                    .filter((one) => !one.noVote)
                    .map((one) => (
                        <div key={one.person}>
                            <small className="mute">
                                {words.vote.forPerson(one.name, one.discipline)}
                            </small>
                            <Ballot {...props} person={one.person} voter={one.person} name={one.name} />
                        </div>
                    ))}
            {others.map((vote) => (
                <Dissent key={vote.person} vote={vote} revision={decision.revision} />
            ))}
            {count.older.length > 0 && (
                <p className="lacking small">
                    {words.vote.older(count.older.map((one) => one.name).join(', '))}
                </p>
            )}
        </section>
    );
}

function Dissent({ vote, revision }: { vote: Vote; revision: number }) {
    const words = useWords();
    return (
        <p className="dissent">
            <b>{vote.name}</b>: {vote.reason}
            {vote.revision !== revision && <small className="lacking"> {words.vote.onOlder}</small>}
        </p>
    );
}

interface BallotProps extends VotesProps {
    /** As the command names them: zero for oneself. */
    person: string;
    voter: string;
    name: string;
}

function Ballot({ actor, decision, person, voter, name }: BallotProps) {
    const words = useWords();
    const [why, setWhy] = useState<string>();
    const cast = decision.votes.find(
        (one) => one.person === voter && one.revision === decision.revision,
    );
    const vote = async (choice: VoteChoice, reason: string) => {
        const done = await sayRefusal(
            words,
            actor.command({
                type: 'CastVote',
                decision: decision.decision,
                revision: decision.revision,
                choice,
                reason,
                person,
                name,
            }),
        );
        if (done) {
            setWhy(undefined);
        }
    };
    const dissent = (event: FormEvent) => {
        event.preventDefault();
        void vote('dissent', (why ?? '').trim());
    };
    return (
        <div className="ballot">
            <div className="row" role="group" aria-label={name || words.vote.yours}>
                {choices.map((choice) => (
                    <Button
                        key={choice}
                        tight
                        aria-pressed={cast?.choice === choice}
                        data-vote={choice}
                        onClick={() =>
                            choice === 'dissent'
                                ? setWhy(cast?.reason ?? '')
                                : void vote(choice, '')
                        }
                    >
                        {words.vote.choice[choice]}
                    </Button>
                ))}
            </div>
            {why !== undefined && (
                <form className="row" onSubmit={dissent}>
                    <input
                        className="input"
                        aria-label={words.vote.reason}
                        placeholder={words.vote.reason}
                        autoFocus
                        required
                        maxLength={500}
                        value={why}
                        onChange={(event) => setWhy(event.target.value)}
                    />
                    <Button type="submit" tight>
                        {words.vote.choice.dissent}
                    </Button>
                </form>
            )}
        </div>
    );
}
