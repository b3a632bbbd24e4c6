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
import { Agenda, openItem } from '../board/agenda';
import { BoardHeader, EndMeeting } from '../board/header';
import { Banner } from '../board/banner';
import { MembersButton } from '../board/members';
import { useImages, type PrefetchState } from '../board/use_images';
import { useStageController, type StageHands } from '../board/use_stage';
import { Workspace, type Rights } from '../board/workspace';
import '../board/board.css';
import '../board/agenda.css';
import '../board/talk.css';
import { useKeys } from '../keys/use_keys';
import { nextItem, type BoardAtRest } from '../state/board_state';
import type { CaseModel } from '../state/case_state';
import type { BoardActor, CaseActor, Held } from '../state/client';
import { Store, useStore } from '../state/store';
import { hasRole, useAtRest, useBoard, useCase, useModel, useSession } from '../state/use_client';
import { Notice } from '../ui/controls';
import { tell } from '../ui/frame';
import { useWords } from '../words';
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
    return board ? <Board actor={actor} board={board} /> : <Notice title={words.loading} />;
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

function Board({ actor, board }: { actor: BoardActor; board: BoardAtRest }) {
    const words = useWords();
    const rights = useRights(actor, board);
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
    const closed = useStore(caseActor?.store ?? noCase, closedCase);
    const reporter = useRef<StageHands | undefined>(undefined);
    const onPrefetch = useCallback(({ item, percent }: PrefetchState) => {
        reporter.current?.controller.painted.prefetched(item, percent);
    }, []);
    const participant = useModel(actor, (_, held) => held.grant.participant);
    const { images, prefetch } = useImages(
        closed ? undefined : open?.patientCase,
        next && { item: next.item, patientCase: next.patientCase },
        onPrefetch,
    );
    const between = open === undefined;
    useTellPrefetch(actor, between ? prefetch : undefined, participant);
    const goOn = useNext(actor, board, rights, names);
    const agenda = (
        <Agenda
            actor={actor}
            board={board}
            mayMove={rights.coordinate}
            prefetch={prefetch}
            onName={onName}
            onEnd={askEnd}
        />
    );
    const header = (
        <BoardHeader
            actor={actor}
            board={board}
            rights={rights}
            onNext={goOn}
            onEnd={askEnd}
            readOnly={!rights.act}
        />
    );
    const end = (
        <EndMeeting actor={actor} board={board} open={ending} onClose={() => setEnding(false)} />
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
                        <Waiting board={board} mayMove={rights.coordinate} goOn={goOn} />
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
                images={images}
                closed={closed}
                rights={rights}
                agenda={agenda}
                agendaName={words.agenda}
                goOn={goOn}
                reporter={reporter}
            />
            {end}
        </div>
    );
}

const noCase = new Store<Pick<Held<CaseModel>, 'model' | 'ended'>>({
    model: undefined,
    ended: undefined,
});

/** Access to the case was taken back, or reaches its status only: no image of it stays. */
const closedCase = ({ model, ended }: Pick<Held<CaseModel>, 'model' | 'ended'>): boolean =>
    ended !== undefined || model?.clinical === false;

interface WaitingProps {
    board: BoardAtRest;
    mayMove: boolean;
    goOn: () => void;
}

function Waiting({ board, mayMove, goOn }: WaitingProps) {
    const words = useWords();
    const said =
        board.meeting === 'ended'
            ? { title: words.meetingOver, help: words.meetingOverHelp }
            : board.meeting === 'planned'
              ? { title: words.meetingNotStarted, help: words.meetingNotStartedHelp }
              : { title: words.waitingForCase, help: words.waitingForCaseHelp };
    const hint = mayMove && nextItem(board) ? words.pressNext : said.help;
    useNextKey(goOn);
    return <Notice title={said.title} help={hint} />;
}

const useNextKey = (goOn: () => void): void => useKeys({ nextCase: { down: goOn } });

function useNext(
    actor: BoardActor,
    board: BoardAtRest,
    rights: Rights,
    names: ReadonlyMap<number, string>,
): () => void {
    const words = useWords();
    return useCallback(() => {
        const next = nextItem(board);
        if (!rights.coordinate) {
            tell(words.refused.not_permitted);
        } else if (next || board.openItem !== 0) {
            openItem(actor, board, next?.item ?? 0, words, (item) => names.get(item) ?? '');
        }
    }, [actor, board, rights, names, words]);
}

interface OpenCaseProps {
    actor: BoardActor;
    board: BoardAtRest;
    caseActor: CaseActor;
    item: number;
    images: ReturnType<typeof useImages>['images'];
    closed: boolean;
    rights: Rights;
    agenda: ReactNode;
    agendaName: string;
    goOn: () => void;
    reporter: RefObject<StageHands | undefined>;
}

function OpenCase(props: OpenCaseProps) {
    const { actor, board, caseActor, item, rights } = props;
    const { client } = useSession();
    const imageCount = useModel(caseActor, (model) => model?.displaySets.length);
    const ready =
        props.images?.patientCase === caseActor.id && !props.images.closed
            ? props.images
            : undefined;
    const hands = useStageController(actor, ready, client.me, item, imageCount);
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
    const write = hasRole(caseRoles, 'coordinator', 'member');
    const own = useMemo(() => ({ ...rights, write }), [rights, write]);
    return (
        <Workspace
            hands={hands}
            caseActor={caseActor}
            staged={actor}
            rights={own}
            known={members}
            nameOf={nameOf}
            left={props.agenda}
            leftName={props.agendaName}
            withheld={props.closed}
            keys={{
                nextCase: { down: props.goOn },
                raiseHand: { down: () => raiseHand(actor) },
            }}
            members={
                rights.coordinate && <MembersButton actor={actor} board={board} me={client.me} />
            }
            banner={<Banner key={item} caseActor={caseActor} hands={hands} />}
        />
    );
}

/** Up when down, down when up. */
export function raiseHand(actor: BoardActor): void {
    const { model, grant } = actor.store.get();
    const own = model?.stage?.participants.get(grant.participant);
    actor.signal({ type: 'SetHand', raised: !own || own.handAt === 0 });
}
