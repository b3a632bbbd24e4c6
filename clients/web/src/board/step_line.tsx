// One line between an undecided case and the next: record, defer, later, not discussed. By keys alone: a
// letter each, then a digit for the reason. And the offer to take the last step back.
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { digitOf, type KeyPress } from '../keys/keymap';
import { useKeyLabel } from '../keys/use_keys';
import type { BoardAtRest } from '../state/board_state';
import type { BoardActor } from '../state/client';
import { needsReason, undoLeft } from '../state/step';
import { useNow } from '../state/use_client';
import { Button } from '../ui/controls';
import { sayRefusal } from '../ui/refusal';
import type { ItemOutcome } from '../wire';
import { useWords } from '../words';
import type { Stepping } from './use_step';

interface StepLineProps {
    board: BoardAtRest;
    stepping: Stepping;
    nameOf: (item: number) => string;
    /** Opens what is written about the decision. */
    record: () => void;
}

export function StepLine(props: StepLineProps) {
    const { stepping } = props;
    switch (stepping.asking) {
        case 'outcome':
            return <OutcomeLine {...props} />;
        case 'unready':
            return <UnreadyLine {...props} />;
        default:
            return null;
    }
}

/** Keys belong to the line while it is there; Escape leaves everything as it is. */
function Line({ label, onKey, onCancel, children }: {
    label: string;
    onKey?: (press: KeyPress) => boolean;
    onCancel: () => void;
    children: ReactNode;
}) {
    const words = useWords();
    const ref = useRef<HTMLDivElement>(null);
    useEffect(() => {
        ref.current?.querySelector<HTMLElement>('button, input')?.focus();
    }, [label]);
    const onKeyDown = (event: KeyboardEvent) => {
        event.stopPropagation();
        if (event.key === 'Escape') {
            event.preventDefault();
            onCancel();
        } else if (!event.ctrlKey && !event.metaKey && !event.altKey && onKey?.(event)) {
            event.preventDefault();
        }
    };
    return (
        <div ref={ref} className="step-line" role="group" aria-label={label} onKeyDown={onKeyDown}>
            <strong>{label}</strong>
            {children}
            <Button look="quiet" keyLabel={words.step.escape} onClick={onCancel}>
                {words.cancel}
            </Button>
        </div>
    );
}

type WithReason = Extract<ItemOutcome, 'deferred' | 'not_discussed'>;

function OutcomeLine({ board, stepping, nameOf, record }: StepLineProps) {
    const words = useWords();
    const [outcome, setOutcome] = useState<WithReason>();
    const reasons = board.template?.deferReasons ?? [];
    const name = nameOf(board.openItem) || words.caseHidden;
    const takeReason = (reason: number) =>
        outcome && stepping.answer({ outcome, reason });
    if (outcome) {
        return (
            <Line
                label={words.step.why[outcome](name)}
                onCancel={stepping.cancel}
                onKey={(press) => {
                    const chosen = digitOf(press);
                    if (chosen < 1 || chosen > reasons.length) {
                        return false;
                    }
                    takeReason(chosen);
                    return true;
                }}
            >
                {reasons.map((reason, index) => (
                    <Button
                        key={reason.text}
                        keyLabel={`${index + 1}`}
                        onClick={() => takeReason(index + 1)}
                    >
                        {reason.text}
                    </Button>
                ))}
                {reasons.length === 0 && <span className="lacking">{words.step.noReasons}</span>}
            </Line>
        );
    }
    const toRecord = () => {
        stepping.cancel();
        record();
    };
    const choices: { code: string; letter: string; text: string; run: () => void }[] = [
        { code: 'KeyR', letter: 'R', text: words.step.record, run: toRecord },
        { code: 'KeyD', letter: 'D', text: words.step.defer, run: () => setOutcome('deferred') },
        {
            code: 'KeyL',
            letter: 'L',
            text: words.step.later,
            run: () => stepping.answer({ outcome: 'later' }),
        },
        {
            code: 'KeyX',
            letter: 'X',
            text: words.step.notDiscussed,
            run: () => setOutcome('not_discussed'),
        },
    ];
    return (
        <Line
            label={words.step.undecided(name)}
            onCancel={stepping.cancel}
            onKey={({ code }) => {
                const choice = choices.find((one) => one.code === code);
                choice?.run();
                return choice !== undefined;
            }}
        >
            {choices.map((choice, index) => (
                <Button
                    key={choice.code}
                    look={index === 0 ? 'primary' : 'plain'}
                    keyLabel={choice.letter}
                    onClick={choice.run}
                >
                    {choice.text}
                </Button>
            ))}
        </Line>
    );
}

function UnreadyLine({ board, stepping, nameOf }: StepLineProps) {
    const words = useWords();
    const [why, setWhy] = useState('');
    const next = stepping.step?.next ?? 0;
    const item = needsReason(board, next);
    if (!item) {
        return null;
    }
    const lacks = item.missing.map((topic) => words.card.topic[topic]).join(', ');
    return (
        <Line
            label={words.step.unready(nameOf(next) || words.caseHidden, lacks)}
            onCancel={stepping.cancel}
        >
            <form
                className="row grow"
                onSubmit={(event) => {
                    event.preventDefault();
                    if (why.trim() !== '') {
                        stepping.answer({ unready: why.trim() });
                    }
                }}
            >
                <input
                    className="input"
                    aria-label={words.step.unreadyWhy}
                    placeholder={words.step.unreadyWhy}
                    required
                    maxLength={100}
                    value={why}
                    onChange={(event) => setWhy(event.target.value)}
                />
                <Button type="submit" look="primary">
                    {words.step.openAllTheSame}
                </Button>
            </form>
        </Line>
    );
}

interface UndoProps {
    actor: BoardActor;
    board: BoardAtRest;
    nameOf: (item: number) => string;
}

export function useUndoStep(actor: BoardActor, board: BoardAtRest): () => void {
    const words = useWords();
    return () => {
        if (board.steppedAt > 0) {
            const undo = actor.command({ type: 'UndoStep', item: board.openItem });
            void sayRefusal(words, undo);
        }
    };
}

/** Offered beside the next step while the last one can still be taken back. */
export function UndoOffer({ actor, board, nameOf }: UndoProps) {
    const words = useWords();
    const label = useKeyLabel();
    const undo = useUndoStep(actor, board);
    const left = undoLeft(board, useNow(250));
    if (left === 0) {
        return null;
    }
    const from = nameOf(board.steppedFrom);
    return (
        <Button
            keyLabel={label('undoStep')}
            title={from ? words.step.left(from) : words.step.wentOn}
            onClick={undo}
            data-undo
        >
            {words.step.undo(Math.ceil(left / 1000))}
        </Button>
    );
}
