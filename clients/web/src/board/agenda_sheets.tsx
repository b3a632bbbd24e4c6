// What is filled in about the agenda: a case added, its minutes and presenter, another meeting for it, the
// cut-off, and standard of care confirmed in one go.
import { useState, type FormEvent } from 'react';
import type { BoardAtRest } from '../state/board_state';
import type { BoardActor } from '../state/client';
import { useUser } from '../state/use_client';
import { Button, Choice, Field } from '../ui/controls';
import { refusalText, sayRefusal } from '../ui/refusal';
import { roleNumbers, ZERO_UUID, type AgendaItem } from '../wire';
import { dateTimeText, localInput, personName, timeOfInput, useSpeech, useWords } from '../words';
import { Signing } from './signing';

const secondsOf = (minutes: string): number => Math.max(30, Math.round(Number(minutes) * 60));

interface TimeAndPresenterProps {
    board: BoardAtRest;
    minutes: string;
    setMinutes: (minutes: string) => void;
    presenter: string;
    setPresenter: (user: string) => void;
}

function TimeAndPresenter(props: TimeAndPresenterProps) {
    const { board, minutes, setMinutes, presenter, setPresenter } = props;
    const words = useWords();
    const presenters = board.members.filter(
        (one) => one.role !== roleNumbers.observer && one.role !== roleNumbers.guest,
    );
    return (
        <>
            <Field
                label={words.plannedMinutes}
                type="number"
                min={0.5}
                max={120}
                step={0.5}
                value={minutes}
                onChange={(event) => setMinutes(event.target.value)}
            />
            <Choice
                label={words.presenter}
                value={presenter}
                onChange={setPresenter}
                options={[
                    { value: ZERO_UUID, label: words.nobody },
                    ...presenters.map((one) => ({ value: one.user, label: one.name })),
                ]}
            />
        </>
    );
}

interface AddCaseProps {
    actor: BoardActor;
    board: BoardAtRest;
    onDone: () => void;
}

export function AddCase({ actor, board, onDone }: AddCaseProps) {
    const words = useWords();
    const entries = useUser((user) => user?.entries) ?? [];
    const own = entries.filter(
        (one) => one.kind === 'patient_case' && one.role !== roleNumbers.referrer,
    );
    const cases = own.filter(
        (one) => !board.items.some((item) => item.patientCase === one.id),
    );
    const [chosen, setChosen] = useState(cases[0]?.id ?? '');
    const [minutes, setMinutes] = useState(`${(board.template?.plannedSeconds ?? 180) / 60}`);
    const [presenter, setPresenter] = useState(ZERO_UUID);
    const submit = async (event: FormEvent) => {
        event.preventDefault();
        const added = await sayRefusal(
            words,
            actor.command({
                type: 'AddItem',
                patientCase: chosen,
                plannedSeconds: secondsOf(minutes),
                presenter,
            }),
        );
        if (added) {
            onDone();
        }
    };
    if (cases.length === 0) {
        return <p className="mute">{own.length === 0 ? words.noCases : words.allCasesAdded}</p>;
    }
    return (
        <form className="stack" onSubmit={(event) => void submit(event)}>
            <p className="mute">{words.addCaseHelp}</p>
            <Choice
                label={words.tabCase}
                value={chosen}
                onChange={setChosen}
                options={cases.map((one) => ({
                    value: one.id,
                    label: [personName(one.detail), one.title].filter(Boolean).join(' · '),
                }))}
            />
            <TimeAndPresenter
                board={board}
                minutes={minutes}
                setMinutes={setMinutes}
                presenter={presenter}
                setPresenter={setPresenter}
            />
            <div className="row">
                <Button type="submit" look="primary">
                    {words.addCase}
                </Button>
            </div>
        </form>
    );
}

interface ItemDetailsProps {
    actor: BoardActor;
    board: BoardAtRest;
    item: AgendaItem;
    onDone: () => void;
}

export function ItemDetails({ actor, board, item, onDone }: ItemDetailsProps) {
    const words = useWords();
    const [minutes, setMinutes] = useState(`${item.plannedSeconds / 60}`);
    const [presenter, setPresenter] = useState(item.presenter);
    const submit = async (event: FormEvent) => {
        event.preventDefault();
        const set = await sayRefusal(
            words,
            actor.command({
                type: 'SetItem',
                item: item.item,
                plannedSeconds: secondsOf(minutes),
                presenter,
                standard: item.standard,
            }),
        );
        if (set) {
            onDone();
        }
    };
    return (
        <form className="stack" onSubmit={(event) => void submit(event)}>
            <TimeAndPresenter
                board={board}
                minutes={minutes}
                setMinutes={setMinutes}
                presenter={presenter}
                setPresenter={setPresenter}
            />
            <div className="row">
                <Button type="submit" look="primary">
                    {words.save}
                </Button>
            </div>
        </form>
    );
}

interface MoveToMeetingProps {
    actor: BoardActor;
    item: AgendaItem;
    onDone: () => void;
}

/** Meetings of one's own that one steers and that are not over. */
export function MoveToMeeting({ actor, item, onDone }: MoveToMeetingProps) {
    const { words, language } = useSpeech();
    const entries = useUser((user) => user?.entries) ?? [];
    const meetings = entries.filter(
        (one) =>
            one.kind === 'board' &&
            one.id !== actor.id &&
            (one.role === roleNumbers.chair || one.role === roleNumbers.coordinator) &&
            one.status !== ENDED,
    );
    const [chosen, setChosen] = useState(meetings[0]?.id ?? '');
    const submit = async (event: FormEvent) => {
        event.preventDefault();
        const moved = await sayRefusal(
            words,
            actor.command({ type: 'MoveToMeeting', item: item.item, board: chosen }),
        );
        if (moved) {
            onDone();
        }
    };
    if (meetings.length === 0) {
        return <p className="mute">{words.agendaWords.noOtherMeeting}</p>;
    }
    return (
        <form className="stack" onSubmit={(event) => void submit(event)}>
            <p className="mute">{words.agendaWords.moveToHelp}</p>
            <Choice
                label={words.agendaWords.meeting}
                value={chosen}
                onChange={setChosen}
                options={meetings.map((one) => ({
                    value: one.id,
                    label: `${one.title} · ${dateTimeText(one.at, language)}`,
                }))}
            />
            <div className="row">
                <Button type="submit" look="primary">
                    {words.agendaWords.moveNow}
                </Button>
            </div>
        </form>
    );
}

/** MeetingState in a worklist entry. */
const ENDED = 2;

interface CutOffProps {
    actor: BoardActor;
    board: BoardAtRest;
    onDone: () => void;
}

export function CutOff({ actor, board, onDone }: CutOffProps) {
    const words = useWords();
    const hours = board.template?.cutOffHours ?? 0;
    const proposed = board.cutOffAt || board.startsAt - hours * 3_600_000_000;
    const [at, setAt] = useState(localInput(proposed));
    const set = async (to: number) => {
        if (await sayRefusal(words, actor.command({ type: 'SetCutOff', at: to }))) {
            onDone();
        }
    };
    return (
        <form
            className="stack"
            onSubmit={(event) => {
                event.preventDefault();
                void set(timeOfInput(at));
            }}
        >
            <p className="mute">{words.agendaWords.cutOffHelp}</p>
            <Field
                label={words.agendaWords.cutOff}
                type="datetime-local"
                required
                value={at}
                onChange={(event) => setAt(event.target.value)}
            />
            <div className="row wrap">
                <Button type="submit" look="primary">
                    {words.save}
                </Button>
                {board.cutOffAt > 0 && (
                    <Button onClick={() => void set(0)}>{words.agendaWords.noCutOff}</Button>
                )}
            </div>
        </form>
    );
}

interface ConfirmStandardProps {
    actor: BoardActor;
    items: readonly AgendaItem[];
    /** What is recorded of each. */
    says: string;
    names: ReadonlyMap<number, string>;
    onDone: () => void;
}

export function ConfirmStandard({ actor, items, says, names, onDone }: ConfirmStandardProps) {
    const words = useWords();
    const [left, setLeft] = useState<readonly number[]>([]);
    const chosen = items.filter((one) => !left.includes(one.item)).map((one) => one.item);
    const confirm = async () =>
        refusalText(
            words,
            await actor.command({ type: 'ConfirmStandard', items: chosen, words: says }),
            { item: (item) => names.get(item) ?? '' },
        );
    return (
        <div className="stack">
            <p className="mute">{words.agendaWords.standardHelp}</p>
            {says === '' ? (
                <p className="warning">{words.agendaWords.standardWordless}</p>
            ) : (
                <p data-standard-words>{words.agendaWords.standardSays(says)}</p>
            )}
            <ul className="list">
                {items.map((one) => (
                    <li key={one.item}>
                        <label className="row tick">
                            <input
                                type="checkbox"
                                checked={!left.includes(one.item)}
                                onChange={(event) =>
                                    setLeft(
                                        event.target.checked
                                            ? left.filter((other) => other !== one.item)
                                            : [...left, one.item],
                                    )
                                }
                            />
                            {names.get(one.item) || words.caseHidden}
                        </label>
                    </li>
                ))}
            </ul>
            <Signing
                board={actor.id}
                label={words.agendaWords.confirmStandard(chosen.length)}
                disabled={chosen.length === 0 || says === ''}
                sign={confirm}
                onSigned={onDone}
            />
        </div>
    );
}
