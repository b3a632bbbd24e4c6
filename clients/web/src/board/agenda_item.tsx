// One line of the agenda.
import {
    useEffect,
    useRef,
    useSyncExternalStore,
    type HTMLAttributes,
    type KeyboardEvent,
} from 'react';
import { isWithheld, usedTime, type BoardAtRest } from '../state/board_state';
import type { CaseModel } from '../state/case_state';
import type { CaseActor } from '../state/client';
import { presentParticipants, type StageModel } from '../state/stage_state';
import { useCase, useComesBack, useNow, useStage, useUser } from '../state/use_client';
import { shortName } from '../ui/people';
import { maskedName } from '../state/who';
import { ZERO_UUID, type AgendaItem } from '../wire';
import { minutesText, numberText, personName, useSpeech, useWords, type Words } from '../words';
import type { AgendaProps } from './agenda';
import { ItemMenu, type AgendaSheet } from './agenda_menu';
import { aboutInWords, stateInWords } from './item_words';

/** The patient's name: from the worklist when it is there, else from the case itself; or its number. */
export function usePatientName({ patientCase, item }: AgendaItem): { name: string; title: string } {
    const words = useWords();
    const entry = useUser((user) => user?.entries.find((one) => one.id === patientCase));
    const known = entry !== undefined && entry.detail !== '';
    // A guest is not told whose the other items are.
    const actor = useCase(known || patientCase === ZERO_UUID ? undefined : patientCase);
    const fetched = useSubject(actor);
    useComesBack(actor);
    return known
        ? { name: personName(entry.detail), title: entry.title }
        : { name: fetched ? nameOf(words, fetched, item) : '', title: fetched?.title ?? '' };
}

/** A case that is read for its status only has no name either, and is no masked one. */
const nameOf = (words: Words, { clinical, masked, subject }: CaseModel, item: number): string =>
    clinical && masked ? maskedName(words, item) : personName(subject.name);

/** A case that may not be open yet. */
const useSubject = (actor: CaseActor | undefined): CaseModel | undefined =>
    useSyncExternalStore(actor?.store.watch ?? neverChanges, () => actor?.store.get().model);

const neverChanges = () => () => undefined;

interface ItemProps extends AgendaProps {
    item: AgendaItem;
    position: number;
    steers: boolean;
    dragging: HTMLAttributes<HTMLLIElement>;
    dropMark: 'above' | 'below' | undefined;
    onMove: (position: number) => void;
    onSheet: (sheet: AgendaSheet) => void;
}

export function Item(props: ItemProps) {
    const { actor, board, prefetch, item, position, steers, onName, onMove } = props;
    const words = useWords();
    const { name, title } = usePatientName(item);
    const now = item.state === 'open';
    useEffect(() => onName(item.item, name), [onName, item.item, name]);
    const own = prefetch?.item === item.item ? prefetch.percent : undefined;
    const awaited = item.state === 'waiting' && board.meeting !== 'ended';
    const screens = screensFrom(
        useStage(actor, (stage) => (awaited ? screensOf(stage, item.item, own) : [])),
    );
    const trigger = useRef<HTMLButtonElement>(null);
    const byKeys = useRef(false);
    useEffect(() => {
        // The browser lets go of what has the focus when its place changes.
        if (byKeys.current) {
            byKeys.current = false;
            trigger.current?.focus();
        }
    }, [position]);
    const onKeyDown = (event: KeyboardEvent) => {
        const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
        if (by !== undefined && event.altKey && steers) {
            event.preventDefault();
            event.stopPropagation();
            byKeys.current = true;
            onMove(position + by);
        }
    };
    const presenter = board.members.find((one) => one.user === item.presenter)?.name;
    const about = aboutInWords(words, board, item);
    return (
        <li
            className={now ? 'item now' : 'item'}
            aria-current={now ? 'true' : undefined}
            data-item={item.item}
            data-drop={props.dropMark}
            onKeyDownCapture={onKeyDown}
            {...props.dragging}
        >
            <span className="number">{position + 1}</span>
            <span className="name">{name || words.caseHidden}</span>
            <ItemState board={board} item={item} screens={screens} />
            <span className="second">
                <small className="about">
                    {[title, presenter && shortName(presenter)].filter(Boolean).join(' · ')}
                </small>
                {!isWithheld(item) && <ItemTime item={item} running={now} />}
            </span>
            {about !== undefined && (
                <small className={about.amber ? 'lacking more' : 'more'}>{about.text}</small>
            )}
            {screens && <Readiness screens={screens} />}
            <ItemMenu
                actor={actor}
                board={board}
                item={item}
                position={position}
                steers={steers}
                trigger={trigger}
                onOpen={props.onOpen}
                onMove={onMove}
                onSheet={props.onSheet}
            />
        </li>
    );
}

interface StateProps {
    board: BoardAtRest;
    item: AgendaItem;
    screens: Screens | undefined;
}

/** Where the item stands, in a word: readiness before, how it ended after. */
function ItemState({ board, item, screens }: StateProps) {
    const words = useWords();
    const { text, look } = item.gone
        ? { text: words.itemGone, look: '' }
        : board.template && !isWithheld(item)
          ? stateInWords(words, item)
          : imagesInWords(words, item, screens);
    return (
        <span className="state">
            <span className={look}>{text}</span>
        </span>
    );
}

function imagesInWords(words: Words, item: AgendaItem, screens: Screens | undefined) {
    if (!screens) {
        return { text: words.itemState[item.state], look: '' };
    }
    return screens.percent >= 100
        ? { text: words.itemReady, look: 'ready' }
        : { text: words.itemLoading(screens.percent), look: '' };
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
