// Moving everybody on: N and the agenda both come here. What has to be said first is asked in one line; the
// step is composed for the item that was open when it was begun, so that none is ever skipped.
import { useState } from 'react';
import type { BoardAtRest } from '../state/board_state';
import type { BoardActor } from '../state/client';
import { asks, beginStep, type Step } from '../state/step';
import { tell } from '../ui/frame';
import { refusalText } from '../ui/refusal';
import { useWords } from '../words';

export interface Stepping {
    step: Step | undefined;
    asking: 'outcome' | 'unready' | undefined;
    /** Begins a step to an item; 0 = close only. */
    begin: (next: number) => void;
    /** Adds what was asked for; makes the step when nothing is left to ask. */
    answer: (said: Partial<Step>) => void;
    cancel: () => void;
}

export function useStepping(
    actor: BoardActor,
    board: BoardAtRest,
    decided: boolean,
    nameOf: (item: number) => string,
): Stepping {
    const words = useWords();
    const [begun, setBegun] = useState<Step>();
    // The board went on meanwhile: what was begun for another case is nothing any more.
    const step = begun?.item === board.openItem ? begun : undefined;

    const make = async (made: Step) => {
        setBegun(undefined);
        const outcome = await actor.command({ type: 'OpenItem', ...made });
        const text = refusalText(words, outcome, { item: nameOf });
        if (text === undefined || outcome.outcome !== 'refused') {
            return;
        }
        // The server knows better than this screen what is open: it is asked for after all.
        if (outcome.reason === 'undecided' && outcome.item === made.item) {
            setBegun({ ...made, outcome: 'none', reason: 0 });
        }
        tell(text);
    };
    const go = (next: Step) => {
        if (asks(board, next, decided)) {
            setBegun(next);
        } else {
            void make(next);
        }
    };
    return {
        step,
        asking: step && asks(board, step, decided),
        begin: (next) => go(beginStep(board, next, decided)),
        answer: (said) => step && go({ ...step, ...said }),
        cancel: () => setBegun(undefined),
    };
}
