// The minutes of a meeting on paper: who attended, what was shown and decided, minutes against plan, what was
// put off and why. Made of the board and its cases as they are; printed as minutes, agenda, or one page a decision.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { BoardAtRest } from '../state/board_state';
import { isCreated } from '../state/created';
import type { CaseModel } from '../state/case_state';
import type { BoardActor, CaseActor } from '../state/client';
import { minutesOf, type Minutes } from '../state/minutes';
import { attendanceCsv, casesCsv, signaturesOf } from '../state/minutes_csv';
import { useBoard, useCase, useModel } from '../state/use_client';
import { Button, Notice } from '../ui/controls';
import { TopBar } from '../ui/frame';
import { follow } from '../ui/route';
import { paperTime, useSpeech, useWords } from '../words';
import { AgendaPaper, DecisionPapers, MinutesPaper } from './minutes_paper';
import { Ended } from './nowhere';
import './minutes.css';

export function MinutesPage({ id }: { id: string }) {
    const words = useWords();
    const actor = useBoard(id);
    return actor ? <MinutesFor actor={actor} /> : <Notice title={words.loading} />;
}

function MinutesFor({ actor }: { actor: BoardActor }) {
    const words = useWords();
    const board = useModel(actor, (model) => model);
    const ended = useModel(actor, (_, held) => held.ended);
    if (ended) {
        return <Ended reason={ended} />;
    }
    if (board && !isCreated(board)) {
        return <Ended reason="not_found" />;
    }
    return board ? <Reading actor={actor} board={board} /> : <Notice title={words.loading} />;
}

interface Read {
    patientCase: string;
    /** Undefined for one that may not be seen. */
    model: CaseModel | undefined;
}

/** What has come is on the paper after this long, though others are still on their way. */
const GATHER_MS = 250;

/** Reads each case of the agenda; they stay live, so a signature appears by itself. */
function Reading({ actor, board }: { actor: BoardActor; board: BoardAtRest }) {
    const [read, setRead] = useState<ReadonlyMap<string, Read>>(new Map());
    const ids = [...new Set(board.items.map((one) => one.patientCase))];
    const onRead = useGathered(ids, setRead);
    const minutes = minutesOf(actor.id, board, (id) => read.get(id)?.model);
    return (
        <>
            {ids.map((one) => (
                <CaseReader key={one} patientCase={one} onRead={onRead} />
            ))}
            <Paper actor={actor} board={board} minutes={minutes} read={read} all={ids} />
        </>
    );
}

/** Cases arrive by the dozen, and a paper of forty is much to draw: it is drawn when all of them are there. */
function useGathered(
    ids: readonly string[],
    show: (read: ReadonlyMap<string, Read>) => void,
): (one: Read) => void {
    const gathered = useRef({ cases: new Map<string, Read>(), timer: 0, frame: 0, ids });
    useEffect(() => {
        gathered.current.ids = ids;
    });
    return useCallback(
        (one: Read) => {
            const { current } = gathered;
            const showAll = () => {
                window.clearTimeout(current.timer);
                current.timer = current.frame = 0;
                show(new Map(current.cases));
            };
            current.cases.set(one.patientCase, one);
            if (current.ids.every((id) => current.cases.has(id))) {
                current.frame ||= requestAnimationFrame(showAll);
            } else {
                current.timer ||= window.setTimeout(showAll, GATHER_MS);
            }
        },
        [show],
    );
}

interface CaseReaderProps {
    patientCase: string;
    onRead: (one: Read) => void;
}

function CaseReader(props: CaseReaderProps) {
    const actor = useCase(props.patientCase);
    return actor ? <LiveCase {...props} actor={actor} /> : null;
}

function LiveCase({ actor, patientCase, onRead }: CaseReaderProps & { actor: CaseActor }) {
    const model = useModel(actor, (one) => one);
    const ended = useModel(actor, (_, held) => held.ended);
    useEffect(() => {
        if (model || ended) {
            onRead({ patientCase, model });
        }
    }, [model, ended, patientCase, onRead]);
    return null;
}

interface PaperProps {
    actor: BoardActor;
    board: BoardAtRest;
    minutes: Minutes;
    read: ReadonlyMap<string, Read>;
    all: readonly string[];
}

type Printed = 'minutes' | 'agenda' | 'decisions';

function Paper({ actor, board, minutes, read, all }: PaperProps) {
    const { words, language } = useSpeech();
    const [printed, setPrinted] = useState<Printed>('minutes');
    const print = (what: Printed) => {
        setPrinted(what);
        // The page has to be there before the browser takes its picture.
        window.setTimeout(() => window.print(), 50);
    };
    const ready = all.filter((one) => read.has(one)).length;
    const complete = ready === all.length;
    const names = (user: string) => board.members.find((one) => one.user === user)?.name ?? '';
    const saveCases = async () => save('cases.csv', casesCsv(words, minutes, await signaturesOf(minutes)));
    return (
        <div className="place front-desk" data-print={printed} data-minutes={complete ? 'ready' : 'reading'}>
            <div className="screen-only">
                <TopBar>
                    <a className="button" href={`/boards/${actor.id}`} onClick={follow}>
                        {words.minutes.toBoard}
                    </a>
                </TopBar>
            </div>
            <main className="desk wide paper" id="content">
                <header>
                    <h1>{printed === 'agenda' ? board.title : words.minutes.of(board.title)}</h1>
                    <p className="mute">
                        {paperTime(board.startsAt, language)} · {words.meetingState[board.meeting]}
                    </p>
                    <div className="row wrap screen-only">
                        <Button look="primary" disabled={!complete} onClick={() => print('minutes')}>
                            {words.minutes.print}
                        </Button>
                        <Button disabled={!complete} onClick={() => print('agenda')}>
                            {words.minutes.printAgenda}
                        </Button>
                        <Button disabled={!complete} onClick={() => print('decisions')}>
                            {words.minutes.printDecisions}
                        </Button>
                        <Button
                            disabled={!complete}
                            onClick={() => save('attendance.csv', attendanceCsv(words, minutes))}
                        >
                            {words.minutes.attendanceCsv}
                        </Button>
                        <Button
                            disabled={!complete}
                            onClick={() => void saveCases()}
                        >
                            {words.minutes.casesCsv}
                        </Button>
                    </div>
                    {!complete && (
                        <p role="status" className="mute">
                            {words.minutes.loading(ready, all.length)}
                        </p>
                    )}
                </header>
                {printed === 'minutes' && (
                    <MinutesPaper minutes={minutes} isRead={(one) => read.has(one)} nameOf={names} />
                )}
                {printed === 'agenda' && <AgendaPaper board={board} minutes={minutes} />}
                {printed === 'decisions' && (
                    <DecisionPapers board={board} minutes={minutes} nameOf={names} />
                )}
            </main>
        </div>
    );
}

/** A mark at the beginning tells spreadsheets that this is UTF-8. */
const UTF8 = '\ufeff';

function save(name: string, text: string): void {
    const address = URL.createObjectURL(new Blob([UTF8 + text], { type: 'text/csv;charset=utf-8' }));
    const link = document.createElement('a');
    link.href = address;
    link.download = name;
    link.click();
    window.setTimeout(() => URL.revokeObjectURL(address), 1000);
}
