// Closing: what still waits for an outcome or a signature is named before anybody presses the button.
import { useState } from 'react';
import type { BoardAtRest } from '../state/board_state';
import type { BoardActor } from '../state/client';
import { needsOutcome } from '../state/step';
import { Button, Choice, Sheet } from '../ui/controls';
import { sayRefusal } from '../ui/refusal';
import type { ItemOutcome } from '../wire';
import { useWords } from '../words';
import { unsignedOf } from './sign';

interface EndMeetingProps {
    actor: BoardActor;
    board: BoardAtRest;
    decided: boolean;
    names: ReadonlyMap<number, string>;
    open: boolean;
    onClose: () => void;
}

export function EndMeeting(props: EndMeetingProps) {
    const words = useWords();
    return (
        <Sheet title={words.endMeeting} open={props.open} onClose={props.onClose}>
            <EndForm {...props} />
        </Sheet>
    );
}

const endings = ['deferred', 'not_discussed'] as const;

function EndForm({ actor, board, decided, names, onClose }: EndMeetingProps) {
    const words = useWords();
    const nameOf = (item: number) => names.get(item) || words.caseHidden;
    const asked = needsOutcome(board, decided);
    const [outcome, setOutcome] = useState<ItemOutcome>('not_discussed');
    const [reason, setReason] = useState(1);
    const closing = board.template !== undefined;
    const waiting = closing ? board.items.filter((one) => one.state === 'waiting') : [];
    const unsigned = closing ? unsignedOf(board) : [];
    const end = () => {
        onClose();
        const said: ItemOutcome = asked
            ? outcome
            : closing && board.openItem !== 0
              ? 'decided'
              : 'none';
        void sayRefusal(
            words,
            actor.command({
                type: 'EndMeeting',
                item: board.openItem,
                outcome: said,
                reason: asked ? reason : 0,
            }),
            { item: nameOf },
        );
    };
    const named = (items: typeof waiting) => items.map((one) => nameOf(one.item)).join('; ');
    return (
        <div className="stack">
            <p>{closing ? words.closing.confirm : words.endMeetingConfirm}</p>
            {waiting.length > 0 && (
                <p className="warning" data-warning="waiting">
                    {words.closing.waiting(named(waiting))}
                </p>
            )}
            {unsigned.length > 0 && (
                <p className="warning" data-warning="unsigned">
                    {words.closing.unsigned(named(unsigned))}
                </p>
            )}
            {asked && (
                <>
                    <Choice
                        label={words.closing.openCase(nameOf(board.openItem))}
                        value={outcome}
                        onChange={(value) => setOutcome(value as ItemOutcome)}
                        options={endings.map((one) => ({ value: one, label: words.outcome[one] }))}
                    />
                    <Choice
                        label={words.closing.reason}
                        value={`${reason}`}
                        onChange={(value) => setReason(Number(value))}
                        options={(board.template?.deferReasons ?? []).map((one, index) => ({
                            value: `${index + 1}`,
                            label: one.text,
                        }))}
                    />
                </>
            )}
            <div className="row">
                <Button
                    look="primary"
                    disabled={waiting.length > 0 || unsigned.length > 0}
                    onClick={end}
                >
                    {words.endMeeting}
                </Button>
                <Button onClick={onClose}>{words.cancel}</Button>
            </div>
        </div>
    );
}
