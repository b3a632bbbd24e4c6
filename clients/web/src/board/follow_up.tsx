// After a decision: its tasks until each is done or refused with a reason, and what became of it.
import { useState, type FormEvent } from 'react';
import type { CaseModel } from '../state/case_state';
import type { CaseActor } from '../state/client';
import { tasksOf } from '../state/decision';
import { Button } from '../ui/controls';
import { sayRefusal } from '../ui/refusal';
import type { Decision, Following, Task, TaskState } from '../wire';
import { dateText, useSpeech, useWords, whenText } from '../words';

interface FollowUpProps {
    actor: CaseActor;
    model: CaseModel;
    decision: Decision;
    coordinate: boolean;
    mayWrite: boolean;
    me: string;
    nameOf: (user: string) => string;
}

export function FollowUp(props: FollowUpProps) {
    const { model, decision } = props;
    const words = useWords();
    const tasks = tasksOf(model, decision.decision);
    return (
        <>
            {tasks.length > 0 && (
                <section>
                    <h3>{words.task.title}</h3>
                    <ul className="list tasks-list">
                        {tasks.map((task) => (
                            <TaskLine key={task.task} {...props} task={task} />
                        ))}
                    </ul>
                </section>
            )}
            {decision.signedAt > 0 && <FollowingPart key={decision.followingAt} {...props} />}
        </>
    );
}

function TaskLine(props: FollowUpProps & { task: Task }) {
    const { actor, task, coordinate, mayWrite, me, nameOf, decision } = props;
    const { words, language } = useSpeech();
    const [refusing, setRefusing] = useState<string>();
    const close = (state: TaskState, reason: string) =>
        sayRefusal(words, actor.command({ type: 'CloseTask', task: task.task, state, reason }));
    const may = mayWrite && decision.signedAt > 0 && (coordinate || task.owner === me);
    const late = task.state === 'open' && task.dueAt > 0 && task.dueAt < Date.now() * 1000;
    const about = [
        task.ownerName || words.task.nobody,
        task.dueAt > 0 ? words.task.dueOn(dateText(task.dueAt, language)) : '',
    ].filter(Boolean);
    const refuse = (event: FormEvent) => {
        event.preventDefault();
        void close('refused', (refusing ?? '').trim()).then((done) => done && setRefusing(undefined));
    };
    return (
        <li data-task={task.state}>
            <span>{task.text}</span>
            <small className={late ? 'lacking' : 'mute'}>{about.join(' · ')}</small>
            {task.state !== 'open' && (
                <small className="mute">
                    {words.task.closed(
                        words.task.state[task.state],
                        nameOf(task.closedBy),
                        whenText(task.closedAt, language),
                    )}
                    {task.reason !== '' && `: ${task.reason}`}
                </small>
            )}
            {may && refusing === undefined && (
                <div className="row">
                    {task.state === 'open' ? (
                        <>
                            <Button tight onClick={() => void close('done', '')}>
                                {words.task.done}
                            </Button>
                            <Button tight look="quiet" onClick={() => setRefusing('')}>
                                {words.task.refuse}
                            </Button>
                        </>
                    ) : (
                        <Button tight look="quiet" onClick={() => void close('open', '')}>
                            {words.task.reopen}
                        </Button>
                    )}
                </div>
            )}
            {refusing !== undefined && (
                <form className="row wrap" onSubmit={refuse}>
                    <input
                        className="input"
                        aria-label={words.task.why}
                        placeholder={words.task.why}
                        autoFocus
                        required
                        maxLength={200}
                        value={refusing}
                        onChange={(event) => setRefusing(event.target.value)}
                    />
                    <Button type="submit" tight>
                        {words.task.refuseNow}
                    </Button>
                    <Button tight look="quiet" onClick={() => setRefusing(undefined)}>
                        {words.cancel}
                    </Button>
                </form>
            )}
        </li>
    );
}

const outcomes: readonly Following[] = ['followed', 'changed', 'stopped'];

function FollowingPart({ actor, decision, mayWrite }: FollowUpProps) {
    const words = useWords();
    const [following, setFollowing] = useState(decision.following);
    const [why, setWhy] = useState(decision.followingWhy);
    const needsWhy = following === 'changed' || following === 'stopped';
    const said = following === decision.following && why === decision.followingWhy;
    const submit = (event: FormEvent) => {
        event.preventDefault();
        void sayRefusal(
            words,
            actor.command({
                type: 'RecordFollowing',
                decision: decision.decision,
                following,
                why: why.trim(),
            }),
        );
    };
    return (
        <form className="stack following" onSubmit={submit}>
            <h3>{words.afterwards.title}</h3>
            <div className="row wrap" role="group" aria-label={words.afterwards.title}>
                {outcomes.map((one) => (
                    <Button
                        key={one}
                        tight
                        disabled={!mayWrite}
                        aria-pressed={following === one}
                        onClick={() => setFollowing(one)}
                    >
                        {words.afterwards.state[one]}
                    </Button>
                ))}
            </div>
            {needsWhy && (
                <input
                    className="input"
                    aria-label={words.afterwards.why}
                    placeholder={words.afterwards.why}
                    required
                    maxLength={500}
                    disabled={!mayWrite}
                    value={why}
                    onChange={(event) => setWhy(event.target.value)}
                />
            )}
            {!said && (
                <div>
                    <Button type="submit" tight>
                        {words.save}
                    </Button>
                </div>
            )}
        </form>
    );
}
