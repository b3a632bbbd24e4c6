// People who sit there without a device: ticked in by the coordinator, with discipline and vote.
import { useState, type FormEvent } from 'react';
import type { BoardAtRest } from '../state/board_state';
import type { BoardActor } from '../state/client';
import { Button, Field } from '../ui/controls';
import { sayRefusal } from '../ui/refusal';
import { roleNumbers } from '../wire';
import { useWords } from '../words';

interface OnSiteProps {
    actor: BoardActor;
    board: BoardAtRest;
    mayTick: boolean;
}

export function OnSite({ actor, board, mayTick }: OnSiteProps) {
    const words = useWords();
    const [adding, setAdding] = useState(false);
    if (board.inTheRoom.length === 0 && !mayTick) {
        return null;
    }
    return (
        <section className="on-site stack" aria-labelledby="on-site">
            <h2 id="on-site">{words.onSite.title}</h2>
            <ul className="list">
                {board.inTheRoom.map((one) => (
                    <li key={one.person} className="row member-row">
                        <span className="grow">
                            {one.name}
                            <small className="mute">
                                {[one.discipline, one.noVote ? words.onSite.noVote : '']
                                    .filter(Boolean)
                                    .map((part) => ` · ${part}`)}
                            </small>
                        </span>
                        {mayTick && (
                            <Button
                                tight
                                look="quiet"
                                aria-label={`${words.remove}: ${one.name}`}
                                onClick={() =>
                                    void sayRefusal(
                                        words,
                                        actor.command({ type: 'TickOut', person: one.person }),
                                    )
                                }
                            >
                                {words.remove}
                            </Button>
                        )}
                    </li>
                ))}
            </ul>
            {mayTick && !adding && (
                <div>
                    <Button tight onClick={() => setAdding(true)}>
                        {words.onSite.add}
                    </Button>
                </div>
            )}
            {adding && <TickIn actor={actor} board={board} onDone={() => setAdding(false)} />}
        </section>
    );
}

interface TickInProps {
    actor: BoardActor;
    board: BoardAtRest;
    onDone: () => void;
}

/** A member who came without their device is one press; somebody else is written down. */
function TickIn({ actor, board, onDone }: TickInProps) {
    const words = useWords();
    const [name, setName] = useState('');
    const [discipline, setDiscipline] = useState('');
    const [vote, setVote] = useState(true);
    const tick = async (person: string, shown: string, of: string, noVote: boolean) => {
        const done = await sayRefusal(
            words,
            actor.command({
                type: 'TickIn',
                person: { person, name: shown, discipline: of, noVote },
            }),
        );
        if (done) {
            onDone();
        }
    };
    const submit = (event: FormEvent) => {
        event.preventDefault();
        void tick(crypto.randomUUID(), name.trim(), discipline.trim(), !vote);
    };
    const absent = board.members.filter(
        (one) =>
            one.role !== roleNumbers.guest &&
            !board.attended.has(one.user) &&
            !board.inTheRoom.some((other) => other.person === one.user),
    );
    return (
        <div className="stack">
            {absent.length > 0 && (
                <div className="row wrap" role="group" aria-label={words.boardMembers}>
                    {absent.map((one) => (
                        <Button
                            key={one.user}
                            tight
                            onClick={() => void tick(one.user, one.name, one.discipline, one.noVote)}
                        >
                            {one.name}
                        </Button>
                    ))}
                </div>
            )}
            <form className="stack" onSubmit={submit}>
                <Field
                    label={words.onSite.name}
                    required
                    maxLength={64}
                    autoFocus
                    value={name}
                    onChange={(event) => setName(event.target.value)}
                />
                <Field
                    label={words.memberDiscipline}
                    maxLength={32}
                    value={discipline}
                    onChange={(event) => setDiscipline(event.target.value)}
                />
                {board.template?.votes && (
                    <label className="row tick">
                        <input
                            type="checkbox"
                            checked={vote}
                            onChange={(event) => setVote(event.target.checked)}
                        />
                        {words.onSite.votes}
                    </label>
                )}
                <div className="row">
                    <Button type="submit" tight>
                        {words.onSite.tickIn}
                    </Button>
                    <Button tight look="quiet" onClick={onDone}>
                        {words.cancel}
                    </Button>
                </div>
            </form>
        </div>
    );
}
