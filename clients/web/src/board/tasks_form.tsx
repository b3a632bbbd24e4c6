// What has to be done after a decision: what, who, by when.
import { useId, useState } from 'react';
import { dayFromDue, dueFromDay, newTask } from '../state/decision';
import { Button } from '../ui/controls';
import { ZERO_UUID, type Task } from '../wire';
import { useWords } from '../words';

interface Owner {
    user: string;
    name: string;
}

interface TasksFormProps {
    tasks: readonly Task[];
    people: readonly Owner[];
    onChange: (tasks: Task[]) => void;
}

const TASKS_MAX = 16;

export function TasksForm({ tasks, people, onChange }: TasksFormProps) {
    const words = useWords();
    const put = (task: Task) =>
        onChange(tasks.map((one) => (one.task === task.task ? task : one)));
    return (
        <fieldset className="tasks field">
            <legend>
                <span className="label">{words.task.title}</span>
            </legend>
            {tasks.map((task, index) => (
                <TaskRow
                    key={task.task}
                    task={task}
                    number={index + 1}
                    people={people}
                    onChange={put}
                    onRemove={() => onChange(tasks.filter((one) => one !== task))}
                />
            ))}
            {tasks.length < TASKS_MAX && (
                <div>
                    <Button
                        tight
                        look="quiet"
                        onClick={() => onChange([...tasks, newTask(crypto.randomUUID())])}
                    >
                        {words.task.add}
                    </Button>
                </div>
            )}
        </fieldset>
    );
}

interface TaskRowProps {
    task: Task;
    number: number;
    people: readonly Owner[];
    onChange: (task: Task) => void;
    onRemove: () => void;
}

const SOMEBODY_ELSE = 'else';

function TaskRow({ task, number, people, onChange, onRemove }: TaskRowProps) {
    const words = useWords();
    const id = useId();
    const [outside, setOutside] = useState(task.owner === ZERO_UUID && task.ownerName !== '');
    const chosen = outside ? SOMEBODY_ELSE : task.owner;
    const choose = (value: string) => {
        const person = people.find((one) => one.user === value);
        setOutside(value === SOMEBODY_ELSE);
        onChange({ ...task, owner: person?.user ?? ZERO_UUID, ownerName: person?.name ?? '' });
    };
    return (
        <div className="task-row" role="group" aria-label={words.task.number(number)}>
            <input
                className="input wide"
                aria-label={words.task.what}
                placeholder={words.task.what}
                maxLength={200}
                value={task.text}
                onChange={(event) => onChange({ ...task, text: event.target.value })}
            />
            <select
                className="input"
                aria-label={words.task.owner}
                value={chosen}
                onChange={(event) => choose(event.target.value)}
            >
                <option value={ZERO_UUID}>{words.task.nobody}</option>
                {people.map((one) => (
                    <option key={one.user} value={one.user}>
                        {one.name}
                    </option>
                ))}
                <option value={SOMEBODY_ELSE}>{words.task.somebodyElse}</option>
            </select>
            <input
                id={id}
                className="input"
                type="date"
                aria-label={words.task.due}
                value={dayFromDue(task.dueAt)}
                onChange={(event) => onChange({ ...task, dueAt: dueFromDay(event.target.value) })}
            />
            {outside && (
                <input
                    className="input wide"
                    aria-label={words.task.ownerName}
                    placeholder={words.task.ownerName}
                    maxLength={64}
                    value={task.ownerName}
                    onChange={(event) => onChange({ ...task, ownerName: event.target.value })}
                />
            )}
            <Button tight look="quiet" aria-label={`${words.remove}: ${number}`} onClick={onRemove}>
                {words.remove}
            </Button>
        </div>
    );
}
