// The agenda: order, state, planned against used minutes, whose images are where.
import { DropdownMenu } from 'radix-ui';
import { memo, useEffect, useState, useSyncExternalStore, type FormEvent } from 'react';
import { nextItem, usedTime, type BoardAtRest } from '../state/board_state';
import type { BoardActor, CaseActor } from '../state/client';
import { presentParticipants, type StageModel } from '../state/stage_state';
import { useCase, useNow, useStage, useUser } from '../state/use_client';
import { Button, Choice, Field, Sheet } from '../ui/controls';
import { sayRefusal } from '../ui/refusal';
import { roleNumbers, ZERO_UUID, type AgendaItem } from '../wire';
import { minutesText, numberText, personName, useSpeech, useWords } from '../words';
import { MenuItem } from './tool_strip';
import type { PrefetchState } from './use_images';

interface AgendaProps {
    actor: BoardActor;
    board: BoardAtRest;
    mayMove: boolean;
    prefetch: PrefetchState | undefined;
    onName: (item: number, name: string) => void;
    onEnd: () => void;
}

export const Agenda = memo(function Agenda(props: AgendaProps) {
    const { actor, board, mayMove } = props;
    const words = useWords();
    const [adding, setAdding] = useState(false);
    return (
        <section className="agenda" aria-labelledby="agenda">
            <header className="row head">
                <h2 id="agenda" className="grow">
                    {words.agenda}
                </h2>
                {mayMove && board.meeting !== 'ended' && (
                    <Button tight look="quiet" onClick={() => setAdding(true)}>
                        {words.addCase}
                    </Button>
                )}
            </header>
            {board.items.length === 0 && (
                <p className="mute pad">{mayMove ? words.noItems : words.noItemsWatching}</p>
            )}
            <ol>
                {board.items.map((item, index) => (
                    <Item key={item.item} {...props} item={item} position={index} />
                ))}
            </ol>
            {mayMove && board.meeting === 'running' && nextItem(board) && (
                <div className="foot">
                    <Button tight look="quiet" onClick={props.onEnd}>
                        {words.endMeeting}
                    </Button>
                </div>
            )}
            <Sheet title={words.addCase} open={adding} onClose={() => setAdding(false)}>
                <AddCase actor={actor} board={board} onDone={() => setAdding(false)} />
            </Sheet>
        </section>
    );
});

/** The patient's name: from the worklist when it is there, else from the case itself. */
export function usePatientName(patientCase: string): { name: string; title: string } {
    const entry = useUser((user) => user?.entries.find((one) => one.id === patientCase));
    const known = entry !== undefined && entry.detail !== '';
    const actor = useCase(known ? undefined : patientCase);
    const fetched = useSubject(actor);
    return known
        ? { name: personName(entry.detail), title: entry.title }
        : { name: personName(fetched?.name ?? ''), title: fetched?.title ?? '' };
}

/** A part of a case that may not be open yet. */
function useSubject(actor: CaseActor | undefined): { name: string; title: string } | undefined {
    const model = useSyncExternalStore(
        actor?.store.watch ?? neverChanges,
        () => actor?.store.get().model,
    );
    return model && { name: model.subject.name, title: model.title };
}

const neverChanges = () => () => undefined;

interface ItemProps extends AgendaProps {
    item: AgendaItem;
    position: number;
}

function Item({ actor, board, mayMove, prefetch, item, position, onName }: ItemProps) {
    const words = useWords();
    const { name, title } = usePatientName(item.patientCase);
    const now = item.state === 'open';
    useEffect(() => onName(item.item, name), [onName, item.item, name]);
    const own = prefetch?.item === item.item ? prefetch.percent : undefined;
    const awaited = item.state === 'waiting' && board.meeting !== 'ended';
    const screens = screensFrom(
        useStage(actor, (stage) => (awaited ? screensOf(stage, item.item, own) : [])),
    );
    return (
        <li className={now ? 'item now' : 'item'} aria-current={now ? 'true' : undefined}>
            <span className="number">{position + 1}</span>
            <span className="name">{name || words.caseHidden}</span>
            <span className="state">
                {!screens ? (
                    words.itemState[item.state]
                ) : screens.percent >= 100 ? (
                    <span className="ready">{words.itemReady}</span>
                ) : (
                    words.itemLoading(screens.percent)
                )}
            </span>
            <small className="about">{title}</small>
            <ItemTime item={item} running={now} />
            {screens && <Readiness screens={screens} />}
            {mayMove && board.meeting !== 'ended' && (
                <ItemMenu actor={actor} board={board} item={item} position={position} />
            )}
        </li>
    );
}

function ItemTime({ item, running }: { item: AgendaItem; running: boolean }) {
    return running ? <RunningTime item={item} /> : <Time item={item} used={Number(item.usedMs)} />;
}

function RunningTime({ item }: { item: AgendaItem }) {
    return <Time item={item} used={usedTime(item, useNow(500))} />;
}

function Time({ item, used }: { item: AgendaItem; used: number }) {
    const { words, language } = useSpeech();
    const planned = item.plannedSeconds * 1000;
    if (used === 0) {
        const minutes = item.plannedSeconds / 60;
        const digits = Number.isInteger(minutes) ? 0 : 1;
        return (
            <small className="time">
                {words.minutesPlanned(numberText(minutes, language, digits))}
            </small>
        );
    }
    const over = used > planned;
    return (
        <small className={over ? 'time used over' : 'time used'}>
            {words.timeUsedOf(minutesText(used), minutesText(planned))}
            {over && <span className="unseen">{words.overTime}</span>}
        </small>
    );
}

interface Screens {
    ready: number;
    all: number;
    percent: number;
}

/**
 * How far the images of a case are on everybody's first window: how many have them, of how many, and the mean of all
 * in percent. Empty while nobody fetches them.
 */
function screensOf(
    stage: StageModel | undefined,
    item: number,
    own: number | undefined,
): [number, number, number] | [] {
    const people = presentParticipants(stage).filter((one) => one.window === 0);
    const percents = people.map((one) => (one.prefetchedItem === item ? one.prefetched : 0));
    if (own === undefined && percents.every((percent) => percent === 0)) {
        return [];
    }
    const all = Math.max(1, percents.length);
    const sum = percents.length > 0 ? percents.reduce((a, b) => a + b, 0) : (own ?? 0);
    const ready = percents.filter((percent) => percent >= 100).length;
    return [ready, all, Math.floor(sum / all)];
}

const screensFrom = (counts: ReturnType<typeof screensOf>): Screens | undefined =>
    counts.length === 0 ? undefined : { ready: counts[0], all: counts[1], percent: counts[2] };

function Readiness({ screens: { ready, all, percent } }: { screens: Screens }) {
    const words = useWords();
    const text =
        percent >= 100 ? words.itemImagesEverywhere(all) : words.itemImagesLoading(ready, all);
    return (
        <span className="readiness">
            <small>{text}</small>
            <progress max={100} value={percent} aria-label={text} />
        </span>
    );
}

interface ItemMenuProps {
    actor: BoardActor;
    board: BoardAtRest;
    item: AgendaItem;
    position: number;
}

function ItemMenu({ actor, board, item, position }: ItemMenuProps) {
    const words = useWords();
    const move = (to: number) =>
        void sayRefusal(words, actor.command({ type: 'MoveItem', item: item.item, position: to }));
    return (
        <DropdownMenu.Root modal={false}>
            <DropdownMenu.Trigger
                className="button quiet icon item-menu"
                aria-label={`${words.moreTools}: ${position + 1}`}
            >
                ⋯
            </DropdownMenu.Trigger>
            <DropdownMenu.Portal>
                <DropdownMenu.Content className="menu" align="end">
                    <MenuItem
                        disabled={item.state === 'open'}
                        onSelect={() => openItem(actor, board, item.item, words)}
                    >
                        {words.openItem}
                    </MenuItem>
                    <MenuItem disabled={position === 0} onSelect={() => move(position - 1)}>
                        {words.moveUp}
                    </MenuItem>
                    <MenuItem
                        disabled={position === board.items.length - 1}
                        onSelect={() => move(position + 1)}
                    >
                        {words.moveDown}
                    </MenuItem>
                    <MenuItem
                        disabled={item.state === 'open'}
                        onSelect={() =>
                            void sayRefusal(
                                words,
                                actor.command({ type: 'RemoveItem', item: item.item }),
                            )
                        }
                    >
                        {words.removeFromAgenda}
                    </MenuItem>
                </DropdownMenu.Content>
            </DropdownMenu.Portal>
        </DropdownMenu.Root>
    );
}

/** Moves everybody. Composed for the item that is open now: a second press cannot skip a case. */
export function openItem(
    actor: BoardActor,
    board: BoardAtRest,
    next: number,
    words: ReturnType<typeof useWords>,
    nameOf?: (item: number) => string,
): void {
    const command = actor.command({
        type: 'OpenItem',
        item: board.openItem,
        next,
        outcome: 'none',
        reason: 0,
        unready: '',
    });
    void sayRefusal(words, command, nameOf ? { item: nameOf } : {});
}

interface AddCaseProps {
    actor: BoardActor;
    board: BoardAtRest;
    onDone: () => void;
}

function AddCase({ actor, board, onDone }: AddCaseProps) {
    const words = useWords();
    const entries = useUser((user) => user?.entries) ?? [];
    const cases = entries.filter(
        (one) =>
            one.kind === 'patient_case' &&
            one.role !== roleNumbers.referrer &&
            !board.items.some((item) => item.patientCase === one.id),
    );
    const [chosen, setChosen] = useState(cases[0]?.id ?? '');
    const [minutes, setMinutes] = useState('3');
    const [presenter, setPresenter] = useState(ZERO_UUID);
    const submit = async (event: FormEvent) => {
        event.preventDefault();
        const added = await sayRefusal(
            words,
            actor.command({
                type: 'AddItem',
                patientCase: chosen,
                plannedSeconds: Math.max(30, Math.round(Number(minutes) * 60)),
                presenter,
            }),
        );
        if (added) {
            onDone();
        }
    };
    if (cases.length === 0) {
        return <p className="mute">{words.noCases}</p>;
    }
    const presenters = board.members.filter((one) => one.role !== roleNumbers.observer);
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
            <div className="row">
                <Button type="submit" look="primary">
                    {words.addCase}
                </Button>
            </div>
        </form>
    );
}
