// Closing: what still waits for an outcome or a signature is named before anybody presses the button.
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { digitOf } from '../keys/keymap';
import type { BoardAtRest } from '../state/board_state';
import type { BoardActor } from '../state/client';
import { outcomePutOff } from '../state/agenda_state';
import { endOf, needsOutcome, restOf, type Rest } from '../state/step';
import { Button, Choice, Sheet } from '../ui/controls';
import { sayRefusal } from '../ui/refusal';
import type { AgendaItem, ItemOutcome, Phrase } from '../wire';
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

interface Reason {
    label: string;
    value: number;
    onChange: (value: number) => void;
    reasons: readonly Phrase[];
}

function ReasonChoice({ label, value, onChange, reasons }: Reason) {
    return (
        <Choice
            label={label}
            value={`${value}`}
            onChange={(chosen) => onChange(Number(chosen))}
            options={reasons.map((one, index) => ({ value: `${index + 1}`, label: one.text }))}
        />
    );
}

interface RestProps {
    rest: Rest;
    reasons: readonly Phrase[];
    nameOf: (item: number) => string;
    chosen: number;
    onChoose: (reason: number) => void;
}

/** What still waits, and one reason for all of it: by its digit, or pressed. */
function WhatWaits({ rest, reasons, nameOf, chosen, onChoose }: RestProps) {
    const words = useWords();
    const group = useRef<HTMLDivElement>(null);
    useEffect(() => group.current?.querySelector('button')?.focus(), []);
    const named = (items: readonly AgendaItem[]) => items.map((one) => nameOf(one.item)).join('; ');
    const notDiscussed = rest.items.filter((one) => outcomePutOff(one) === 'not_discussed');
    const deferred = rest.items.filter((one) => outcomePutOff(one) === 'deferred');
    return (
        <div ref={group} role="group" aria-label={words.closing.restReason} className="stack" data-rest>
            {notDiscussed.length > 0 && <p>{words.closing.notDiscussed(named(notDiscussed))}</p>}
            {deferred.length > 0 && <p>{words.closing.deferred(named(deferred))}</p>}
            {reasons.length > 0 && <p className="mute">{words.closing.restReason}</p>}
            <div className="row wrap">
                {reasons.map((one, index) => (
                    <Button
                        key={one.text}
                        keyLabel={`${index + 1}`}
                        aria-pressed={chosen === index + 1}
                        onClick={() => onChoose(index + 1)}
                    >
                        {one.text}
                    </Button>
                ))}
            </div>
        </div>
    );
}

function EndForm({ actor, board, decided, names, onClose }: EndMeetingProps) {
    const words = useWords();
    const nameOf = (item: number) => names.get(item) || words.caseHidden;
    const named = (items: readonly AgendaItem[]) => items.map((one) => nameOf(one.item)).join('; ');
    const asked = needsOutcome(board, decided);
    const reasons = board.template?.deferReasons ?? [];
    const rest = restOf(board);
    const unsigned = board.template ? unsignedOf(board) : [];
    const [outcome, setOutcome] = useState<ItemOutcome>('not_discussed');
    const [reason, setReason] = useState(1);
    const [put, setPut] = useState({ about: '', reason: 0 });
    // A reason is for the cases that were named when it was chosen: another one is asked about anew.
    const restReason = put.about === rest.about ? put.reason : 0;
    const button = useRef<HTMLDivElement>(null);
    const ready =
        rest.toOpen.length === 0 &&
        unsigned.length === 0 &&
        (rest.items.length === 0 || restReason > 0 || reasons.length === 0);
    useEffect(() => {
        if (ready && restReason > 0) {
            button.current?.querySelector('button')?.focus();
        }
    }, [ready, restReason]);
    const choose = (chosen: number) => setPut({ about: rest.about, reason: chosen });
    const onKeyDown = (event: KeyboardEvent) => {
        const digit = digitOf(event);
        if (rest.items.length > 0 && digit >= 1 && digit <= reasons.length) {
            event.preventDefault();
            event.stopPropagation();
            choose(digit);
        }
    };
    const end = () => {
        onClose();
        const open = asked ? { outcome, reason: reasons.length === 0 ? 0 : reason } : undefined;
        const command = endOf(board, open, rest, restReason);
        void sayRefusal(words, actor.command(command), { item: nameOf });
    };
    return (
        <div className="stack" onKeyDown={onKeyDown}>
            <p>{board.template ? words.closing.confirm : words.endMeetingConfirm}</p>
            {rest.toOpen.length > 0 && (
                <p className="warning" data-warning="waiting">
                    {words.closing.waiting(named(rest.toOpen))}
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
                    <ReasonChoice
                        label={words.closing.reason}
                        value={reason}
                        onChange={setReason}
                        reasons={reasons}
                    />
                </>
            )}
            {rest.items.length > 0 && (
                <WhatWaits
                    rest={rest}
                    reasons={reasons}
                    nameOf={nameOf}
                    chosen={restReason}
                    onChoose={choose}
                />
            )}
            <div ref={button} className="row">
                <Button look="primary" disabled={!ready} onClick={end}>
                    {words.endMeeting}
                </Button>
                <Button onClick={onClose}>{words.cancel}</Button>
            </div>
        </div>
    );
}
