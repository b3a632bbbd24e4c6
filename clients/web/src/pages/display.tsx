// A screen in the hall: a code until it is paired, then the stage of its board and nothing else. It
// has neither chat nor tools, and nobody sits in front of it.
import { useEffect, useState } from 'react';
import { beginPairing, collectPairing, type Pairing } from '../connection/http';
import { useUser } from '../state/use_client';
import { Notice } from '../ui/controls';
import { roleNumbers, type WorklistEntry } from '../wire';
import { useWords } from '../words';
import { BoardPage } from './board';

const ASK_MS = 2000;

/** Shows a code, and asks until somebody has typed it; a code that is over is followed by another. */
export function PairDisplay({ onIn }: { onIn: () => void }) {
    const words = useWords();
    const [pairing, setPairing] = useState<Pairing>();
    const [failed, setFailed] = useState(false);
    useEffect(() => {
        let held = pairing;
        const ask = async () => {
            if (!held) {
                held = await beginPairing();
                setPairing(held);
                setFailed(!held);
                return;
            }
            const answer = await collectPairing(held.secret);
            if (answer === 'paired') {
                onIn();
            } else if (answer === 'over') {
                held = undefined;
                setPairing(undefined);
            }
        };
        void ask();
        const timer = window.setInterval(() => void ask(), ASK_MS);
        return () => window.clearInterval(timer);
        // Once: the code is this effect's own.
        // eslint-disable-next-line react-hooks/exhaustive-deps
    }, [onIn]);
    return (
        <main className="place display-pairing" id="content">
            <div className="mark">
                <img src="/mark.svg" alt="" />
                {words.productName}
            </div>
            <h1>{words.display.title}</h1>
            <p>{words.display.lead}</p>
            {pairing ? (
                <output className="code" aria-label={words.display.code}>
                    {`${pairing.code.slice(0, 4)} ${pairing.code.slice(4)}`}
                </output>
            ) : (
                <p role="status">
                    {failed ? `${words.display.failed} ${words.display.failedHelp}` : words.display.preparing}
                </p>
            )}
        </main>
    );
}

/** The meeting that runs, else the next one, else the last. */
function boardToShow(entries: readonly WorklistEntry[]): string | undefined {
    const RUNNING = 1;
    const boards = entries
        .filter((entry) => entry.kind === 'board' && entry.role === roleNumbers.display)
        .sort((a, b) => a.at - b.at);
    const running = boards.find((entry) => entry.status === RUNNING);
    const planned = boards.find((entry) => entry.status === 0);
    return (running ?? planned ?? boards.at(-1))?.id;
}

export function DisplayPage() {
    const words = useWords();
    const entries = useUser((user) => user?.entries);
    if (!entries) {
        return <Notice title={words.loading} />;
    }
    const id = boardToShow(entries);
    return id === undefined ? (
        <main className="place display-pairing" id="content">
            <Notice title={words.display.noBoard} help={words.display.noBoardHelp} />
        </main>
    ) : (
        <BoardPage key={id} id={id} />
    );
}
