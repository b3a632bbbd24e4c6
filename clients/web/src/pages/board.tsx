// A board in session.
import {
    useCallback,
    useEffect,
    useMemo,
    useRef,
    useState,
    type ReactNode,
    type RefObject,
} from 'react';
import { Agenda } from '../board/agenda';
import { EndMeeting } from '../board/end_meeting';
import { BoardHeader } from '../board/header';
import { Banner } from '../board/banner';
import { MembersButton } from '../board/members';
import { PairScreenButton } from '../board/pair_screen';
import { OnSite } from '../board/on_site';
import { StepLine, useUndoStep } from '../board/step_line';
import { useImages, type PrefetchState } from '../board/use_images';
import { useStageController, type StageHands } from '../board/use_stage';
import { useStepping } from '../board/use_step';
import { Workspace, type Rights } from '../board/workspace';
import '../board/board.css';
import '../board/agenda.css';
import '../board/talk.css';
import '../board/record.css';
import { useOpen } from '../board/tool_strip';
import { KeysSheet } from '../keys/keys_sheet';
import { useKeys } from '../keys/use_keys';
import { nextItem, type BoardAtRest } from '../state/board_state';
import type { CaseModel } from '../state/case_state';
import type { BoardActor, CaseActor, Held } from '../state/client';
import { isCreated } from '../state/created';
import { decisionOf } from '../state/record_state';
import { Store, useStore } from '../state/store';
import { hasRole, useAtRest, useBoard, useCase, useComesBack, useModel, useSession } from '../state/use_client';
import { Notice } from '../ui/controls';
import { StateOfLine, tell } from '../ui/frame';
import { follow } from '../ui/route';
import { sayRefusal } from '../ui/refusal';
import { audienceBits, type Hanging } from '../wire';
import { useWords } from '../words';
import { GuestPage } from './guest';
import { GuestLinksButton } from './guest_links';
import { Ended } from './nowhere';

export function BoardPage({ id }: { id: string }) {
    const words = useWords();
    const actor = useBoard(id);
    return actor ? <BoardOf actor={actor} /> : <Notice title={words.loading} />;
}

function BoardOf({ actor }: { actor: BoardActor }) {
    const words = useWords();
    const board = useAtRest(actor);
    const ended = useModel(actor, (_, held) => held.ended);
    if (ended) {
        return <Ended reason={ended} />;
    }
    if (!board) {
        return <Notice title={words.loading} />;
    }
    if (!board.guest && !isCreated(board)) {
        return <Ended reason="not_found" />;
    }
    return board.guest ? (
        <GuestPage boardId={actor.id} board={board} guest={board.guest} />
    ) : (
        <Board actor={actor} board={board} />
    );
}

function useRights(actor: BoardActor, board: BoardAtRest): Rights {
    const roles = useModel(actor, (_, held) => held.grant.roles);
    const act = hasRole(roles, 'chair', 'coordinator', 'member');
    return useMemo(
        () => ({
            act,
            chair: hasRole(roles, 'chair'),
            coordinate: hasRole(roles, 'chair', 'coordinator') && board.meeting !== 'ended',
            write: act,
        }),
        [act, roles, board.meeting],
    );
}

/** Often enough for a bar that moves, and within the rate of the message: the last word must arrive. */
const TELL_PREFETCH_MS = 200;

/** Without a case on the stage there is nobody else to tell how far the next one is. */
function useTellPrefetch(
    actor: BoardActor,
    prefetch: PrefetchState | undefined,
    participant: number,
): void {
    const told = useRef(0);
    useEffect(() => {
        if (!prefetch) {
            return undefined;
        }
        const tell = () => {
            told.current = performance.now();
            actor.signal({
                type: 'ReportPainted',
                stageVersion: 0,
                lossless: false,
                prefetchedItem: prefetch.item,
                prefetched: prefetch.percent,
            });
        };
        const wait = Math.max(0, told.current + TELL_PREFETCH_MS - performance.now());
        const timer = window.setTimeout(tell, wait);
        return () => window.clearTimeout(timer);
    }, [actor, prefetch, participant]);
}

/** The top of a screen in the hall: which board, which case, how its line is. */
function DisplayTop({ board }: { board: BoardAtRest }) {
    const words = useWords();
    const place = board.items.findIndex((one) => one.item === board.openItem);
    return (
        <header className="top">
            <h1>{board.title}</h1>
            <StateOfLine readOnly />
            <span className="grow" />
            {place >= 0 && (
                <span className="chip plain">
                    {words.display.caseOf(place + 1, board.items.length)}
                </span>
            )}
        </header>
    );
}

function Board({ actor, board }: { actor: BoardActor; board: BoardAtRest }) {
    const words = useWords();
    const { client } = useSession();
    const rights = useRights(actor, board);
    const roles = useModel(actor, (_, held) => held.grant.roles);
    const [ending, setEnding] = useState(false);
    const askEnd = useCallback(() => setEnding(true), []);
    const [names, setNames] = useState<ReadonlyMap<number, string>>(new Map());
    const onName = useCallback(
        (item: number, name: string) =>
            setNames((before) =>
                before.get(item) === name ? before : new Map(before).set(item, name),
            ),
        [],
    );
    const open = board.items.find((one) => one.item === board.openItem);
    const next = board.meeting === 'ended' ? undefined : nextItem(board);
    const caseActor = useCase(open?.patientCase);
    useComesBack(caseActor);
    const closed = useStore(caseActor?.store ?? noCase, closedCase);
    const reporter = useRef<StageHands | undefined>(undefined);
    const onPrefetch = useCallback(({ item, percent }: PrefetchState) => {
        reporter.current?.controller.painted.prefetched(item, percent);
    }, []);
    const participant = useModel(actor, (_, held) => held.grant.participant);
    // What was fetched with the patients' names goes when they are not told any more, and the other way.
    const masked = useStore(caseActor?.store ?? noCase, isMasked);
    const { images, prefetch } = useImages(
        closed ? undefined : open?.patientCase,
        next && { item: next.item, patientCase: next.patientCase },
        onPrefetch,
        `${hasRole(roles, 'observer')} ${masked}`,
    );
    const between = open === undefined;
    useTellPrefetch(actor, between ? prefetch : undefined, participant);
    const decided = useStore(caseActor?.store ?? noCase, ({ model }) =>
        Boolean(model && decisionOf(model, actor.id, board.openItem)),
    );
    const nameOf = useCallback((item: number) => names.get(item) ?? '', [names]);
    const stepping = useStepping(actor, board, decided, nameOf);
    const begin = useLatest(stepping.begin);
    const goOn = useNext(board, rights, begin);
    const undoStep = useUndoStep(actor, board);
    const decide = useRef(() => undefined as void);
    const agenda = (
        <Agenda
            actor={actor}
            board={board}
            mayMove={rights.coordinate}
            chair={rights.chair}
            prefetch={prefetch}
            names={names}
            onName={onName}
            onOpen={begin}
            onEnd={askEnd}
        />
    );
    const header = (
        <div className="board-top">
            <BoardHeader
                actor={actor}
                board={board}
                rights={rights}
                onNext={goOn}
                onEnd={askEnd}
                readOnly={!rights.act}
                nameOf={nameOf}
                asked={stepping.asking !== undefined}
            />
            <StepLine
                board={board}
                stepping={stepping}
                nameOf={nameOf}
                record={() => decide.current()}
            />
        </div>
    );
    if (hasRole(roles, 'display')) {
        return (
            <div className="place board hall">
                <DisplayTop board={board} />
                {open && caseActor ? (
                    <OpenCase
                        key={open.item}
                        actor={actor}
                        board={board}
                        caseActor={caseActor}
                        item={open.item}
                        patient={nameOf(open.item)}
                        images={images}
                        closed={closed}
                        rights={rights}
                        bare
                        goOn={goOn}
                        undoStep={undoStep}
                        decide={decide}
                        reporter={reporter}
                    />
                ) : (
                    <main className="middle" id="content">
                        <Waiting board={board} mayMove={false} goOn={goOn} undoStep={undoStep} />
                    </main>
                )}
            </div>
        );
    }
    const end = (
        <EndMeeting
            actor={actor}
            board={board}
            decided={decided}
            names={names}
            open={ending}
            onClose={() => setEnding(false)}
        />
    );
    if (!open || !caseActor) {
        return (
            <div className="place board">
                {header}
                <div className="workspace">
                    <aside className="column left alone" aria-label={words.agenda}>
                        {agenda}
                    </aside>
                    <main className="middle" id="content">
                        <Waiting
                            board={board}
                            mayMove={rights.coordinate}
                            minutes={
                                board.meeting === 'ended' ? `/boards/${actor.id}/minutes` : undefined
                            }
                            goOn={goOn}
                            undoStep={undoStep}
                        >
                            {rights.coordinate && (
                                <MembersButton actor={actor} board={board} me={client.me} />
                            )}
                            {rights.coordinate && (
                                <GuestLinksButton boardId={actor.id} board={board} />
                            )}
                        </Waiting>
                    </main>
                </div>
                {end}
            </div>
        );
    }
    return (
        <div className="place board">
            {header}
            <OpenCase
                key={open.item}
                actor={actor}
                board={board}
                caseActor={caseActor}
                item={open.item}
                patient={nameOf(open.item)}
                images={images}
                closed={closed}
                rights={rights}
                agenda={agenda}
                agendaName={words.agenda}
                goOn={goOn}
                undoStep={undoStep}
                decide={decide}
                reporter={reporter}
            />
            {end}
        </div>
    );
}

const noCase = new Store<Held<CaseModel>>({
    model: undefined,
    grant: { audience: 0, roles: 0, participant: 0 },
    ended: undefined,
});

/** Before it is open nothing is known of it. */
const isMasked = ({ grant }: Pick<Held<CaseModel>, 'grant'>): boolean =>
    (grant.audience & (audienceBits.clinical | audienceBits.identity)) === audienceBits.clinical;

/** Access to the case was taken back, or reaches its status only: no image of it stays. */
const closedCase = ({ model, ended }: Pick<Held<CaseModel>, 'model' | 'ended'>): boolean =>
    ended !== undefined || model?.clinical === false;

interface WaitingProps {
    board: BoardAtRest;
    mayMove: boolean;
    /** Where a meeting that is over can be read. */
    minutes?: string | undefined;
    goOn: () => void;
    undoStep: () => void;
    children?: ReactNode;
}

function Waiting({ board, mayMove, minutes, goOn, undoStep, children }: WaitingProps) {
    const words = useWords();
    const said =
        board.meeting === 'ended'
            ? { title: words.meetingOver, help: words.meetingOverHelp }
            : board.meeting === 'planned'
              ? {
                    title: words.meetingNotStarted,
                    help:
                        board.items.length === 0
                            ? words.meetingEmptyHelp
                            : words.meetingNotStartedHelp,
                }
              : { title: words.waitingForCase, help: words.waitingForCaseHelp };
    const hint = mayMove && nextItem(board) ? words.pressNext : said.help;
    const [keysOpen, openKeys, closeKeys] = useOpen();
    useKeys({
        nextCase: { down: goOn },
        undoStep: { down: undoStep },
        keys: { down: openKeys },
    });
    return (
        <Notice title={said.title} help={hint}>
            {minutes !== undefined && (
                <a className="button" href={minutes} onClick={follow}>
                    {words.minutes.toMinutes}
                </a>
            )}
            {children}
            <KeysSheet open={keysOpen} onClose={closeKeys} />
        </Notice>
    );
}

function useNext(board: BoardAtRest, rights: Rights, begin: (next: number) => void): () => void {
    const words = useWords();
    return useCallback(() => {
        const next = nextItem(board);
        if (!rights.coordinate) {
            tell(words.refused.not_permitted);
        } else if (next || board.openItem !== 0) {
            begin(next?.item ?? 0);
        }
    }, [board, rights, begin, words]);
}

/** The same function for ever, so that who is given it is not drawn anew; it does what the last one does. */
function useLatest<A extends unknown[]>(now: (...given: A) => void): (...given: A) => void {
    const latest = useRef(now);
    useEffect(() => {
        latest.current = now;
    });
    return useCallback((...given: A) => latest.current(...given), []);
}

interface OpenCaseProps {
    actor: BoardActor;
    board: BoardAtRest;
    caseActor: CaseActor;
    item: number;
    /** Their name on the agenda; empty where it is not there. */
    patient: string;
    images: ReturnType<typeof useImages>['images'];
    closed: boolean;
    rights: Rights;
    agenda?: ReactNode;
    agendaName?: string;
    /** The images alone, for a screen that nobody sits at. */
    bare?: boolean;
    goOn: () => void;
    undoStep: () => void;
    decide: RefObject<() => void>;
    reporter: RefObject<StageHands | undefined>;
}

function OpenCase(props: OpenCaseProps) {
    const { actor, board, caseActor, item, rights } = props;
    const { client } = useSession();
    const imageCount = useModel(caseActor, (model) =>
        model?.displaySets.reduce((count, set) => count + set.instances, 0),
    );
    const ready =
        props.images?.patientCase === caseActor.id && !props.images.closed
            ? props.images
            : undefined;
    const words = useWords();
    const remember = (hanging: Hanging) =>
        void sayRefusal(words, actor.command({ type: 'RememberHanging', item, hanging }));
    const hands = useStageController(actor, ready, client.me, item, imageCount, remember);
    const { reporter } = props;
    useEffect(() => {
        reporter.current = hands;
    }, [hands, reporter]);
    const { members } = board;
    const nameOf = useCallback(
        (user: string) => members.find((one) => one.user === user)?.name ?? '',
        [members],
    );
    const caseRoles = useModel(caseActor, (_, held) => held.grant.roles);
    const restricted = useModel(caseActor, (model) => model?.restriction !== undefined);
    const write = !restricted && hasRole(caseRoles, 'coordinator', 'member');
    const own = useMemo(() => ({ ...rights, write }), [rights, write]);
    return (
        <Workspace
            hands={hands}
            caseActor={caseActor}
            staged={actor}
            rights={own}
            known={members}
            nameOf={nameOf}
            {...(props.bare ? { bare: true } : { left: props.agenda, leftName: props.agendaName ?? '' })}
            withheld={props.closed}
            keys={{
                nextCase: { down: props.goOn },
                undoStep: { down: props.undoStep },
                raiseHand: { down: () => raiseHand(actor) },
            }}
            board={actor.id}
            item={item}
            here={board.inTheRoom}
            decide={props.decide}
            members={
                <>
                    <OnSite actor={actor} board={board} mayTick={rights.coordinate} />
                    {rights.coordinate && (
                        <div className="row wrap members">
                            <MembersButton actor={actor} board={board} me={client.me} />
                            <GuestLinksButton boardId={actor.id} board={board} />
                            <PairScreenButton actor={actor} />
                        </div>
                    )}
                </>
            }
            banner={
                <Banner
                    key={item}
                    caseActor={caseActor}
                    item={item}
                    known={props.patient}
                    hands={hands}
                />
            }
        />
    );
}

/** Up when down, down when up. */
export function raiseHand(actor: BoardActor): void {
    const { model, grant } = actor.store.get();
    const own = model?.stage?.participants.get(grant.participant);
    actor.signal({ type: 'SetHand', raised: !own || own.handAt === 0 });
}
