// The agenda: order, readiness and outcome in words, planned against used minutes, whose images are where.
import { memo, useState, type DragEvent } from 'react';
import { isWithheld, nextItem, usedTime, type BoardAtRest } from '../state/board_state';
import type { BoardActor } from '../state/client';
import { meter, standardItems, standardWords } from '../state/step';
import { useNow } from '../state/use_client';
import { Button, Sheet } from '../ui/controls';
import { sayRefusal } from '../ui/refusal';
import type { AgendaItem } from '../wire';
import { numberText, useSpeech, useWords, whenText } from '../words';
import { AgendaMenu, type AgendaSheet } from './agenda_menu';
import { Item } from './agenda_item';
import { AddCase, ConfirmStandard, CutOff, ItemDetails, MoveToMeeting } from './agenda_sheets';
import { ToSign, unsignedOf } from './sign';
import type { PrefetchState } from './use_images';

export interface AgendaProps {
    actor: BoardActor;
    board: BoardAtRest;
    mayMove: boolean;
    chair: boolean;
    prefetch: PrefetchState | undefined;
    names: ReadonlyMap<number, string>;
    onName: (item: number, name: string) => void;
    onOpen: (item: number) => void;
    onEnd: () => void;
}

export const Agenda = memo(function Agenda(props: AgendaProps) {
    const { actor, board, mayMove, names, chair } = props;
    const words = useWords();
    const [sheet, setSheet] = useState<AgendaSheet>();
    const close = () => setSheet(undefined);
    const steers = mayMove && (board.meeting === 'planned' || board.meeting === 'running');
    const standard = standardItems(board);
    const unsigned = unsignedOf(board);
    const item = board.items.find((one) => one.item === sheet?.item);
    return (
        <section className="agenda" aria-labelledby="agenda">
            <header className="row head">
                <h2 id="agenda" className="grow">
                    {words.agenda}
                </h2>
                {steers && (
                    <Button tight look="quiet" onClick={() => setSheet({ what: 'add' })}>
                        {words.addCase}
                    </Button>
                )}
                <AgendaMenu board={board} boardId={actor.id} steers={steers} onSheet={setSheet} />
            </header>
            <AgendaFacts board={board} />
            {board.items.length === 0 && (
                <p className="mute pad">{mayMove ? words.noItems : words.noItemsWatching}</p>
            )}
            <OrderedItems {...props} steers={steers} onSheet={setSheet} />
            <div className="foot">
                {chair && steers && standard.length > 0 && (
                    <Button tight onClick={() => setSheet({ what: 'standard' })}>
                        {words.agendaWords.confirmStandard(standard.length)}
                    </Button>
                )}
                {!chair && steers && standard.length > 0 && (
                    <p className="mute small">
                        {words.agendaWords.chairConfirms(standard.length)}
                    </p>
                )}
                {chair && unsigned.length > 0 && (
                    <Button tight data-to-sign onClick={() => setSheet({ what: 'sign' })}>
                        {words.decision.toSign(unsigned.length)}
                    </Button>
                )}
                {mayMove && board.meeting === 'running' && nextItem(board) && (
                    <Button tight look="quiet" onClick={props.onEnd}>
                        {words.endMeeting}
                    </Button>
                )}
            </div>
            <Sheet title={words.addCase} open={sheet?.what === 'add'} onClose={close}>
                <AddCase actor={actor} board={board} onDone={close} />
            </Sheet>
            <Sheet title={words.agendaWords.cutOff} open={sheet?.what === 'cutOff'} onClose={close}>
                <CutOff actor={actor} board={board} onDone={close} />
            </Sheet>
            <Sheet
                title={words.agendaWords.standardTitle}
                open={sheet?.what === 'standard'}
                onClose={close}
            >
                <ConfirmStandard
                    actor={actor}
                    items={standard}
                    says={standardWords(board.template)}
                    names={names}
                    onDone={close}
                />
            </Sheet>
            {item && (
                <>
                    <Sheet
                        title={words.agendaWords.details}
                        open={sheet?.what === 'details'}
                        onClose={close}
                    >
                        <ItemDetails actor={actor} board={board} item={item} onDone={close} />
                    </Sheet>
                    <Sheet
                        title={words.agendaWords.moveTo}
                        open={sheet?.what === 'moveTo'}
                        onClose={close}
                    >
                        <MoveToMeeting actor={actor} item={item} onDone={close} />
                    </Sheet>
                </>
            )}
            <ToSign
                board={board}
                boardId={actor.id}
                names={names}
                open={sheet?.what === 'sign'}
                onClose={close}
            />
        </section>
    );
});

/** Minutes planned, used and left; when the agenda is published. */
function AgendaFacts({ board }: { board: BoardAtRest }) {
    const { words, language } = useSpeech();
    if (board.items.length === 0 || board.items.some(isWithheld)) {
        return null;
    }
    const cutOff = board.published
        ? words.agendaWords.published
        : board.cutOffAt > 0
          ? words.agendaWords.cutOffAt(whenText(board.cutOffAt, language))
          : '';
    return (
        <p className="agenda-facts mute small">
            <MeterText board={board} />
            {cutOff !== '' && <span>{cutOff}</span>}
        </p>
    );
}

export function MeterText({ board }: { board: BoardAtRest }) {
    const { words, language } = useSpeech();
    const now = useNow(5000);
    const { plannedMs, usedMs, leftMs, waiting } = meter(board, (item) => usedTime(item, now));
    const minutes = (milliseconds: number) => numberText(milliseconds / 60_000, language);
    const text =
        board.meeting === 'planned'
            ? words.meter.planned(minutes(plannedMs), board.items.length)
            : waiting === 0
              ? words.meter.used(minutes(usedMs), minutes(plannedMs))
              : words.meter.running(minutes(usedMs), minutes(plannedMs), minutes(leftMs), waiting);
    return <span data-meter>{text}</span>;
}

interface OrderedItemsProps extends AgendaProps {
    steers: boolean;
    onSheet: (sheet: AgendaSheet) => void;
}

/** Dragged by the pointer, moved with Alt and the arrows by the keyboard. */
function OrderedItems(props: OrderedItemsProps) {
    const { actor, board, steers } = props;
    const words = useWords();
    const [dragged, setDragged] = useState<number>();
    const [over, setOver] = useState<number>();
    const [told, setTold] = useState('');
    const move = async (item: AgendaItem, position: number) => {
        if (position < 0 || position >= board.items.length) {
            return;
        }
        const moved = await sayRefusal(
            words,
            actor.command({ type: 'MoveItem', item: item.item, position }),
        );
        if (moved) {
            setTold(words.agendaWords.movedTo(position + 1));
        }
    };
    const drop = (position: number) => {
        const item = board.items.find((one) => one.item === dragged);
        setDragged(undefined);
        setOver(undefined);
        if (item) {
            void move(item, position);
        }
    };
    const dragging = (item: AgendaItem, position: number) =>
        steers && {
            draggable: true,
            onDragStart: (event: DragEvent) => {
                event.dataTransfer.effectAllowed = 'move';
                setDragged(item.item);
            },
            onDragEnd: () => {
                setDragged(undefined);
                setOver(undefined);
            },
            onDragOver: (event: DragEvent) => {
                if (dragged !== undefined) {
                    event.preventDefault();
                    setOver(position);
                }
            },
            onDrop: (event: DragEvent) => {
                event.preventDefault();
                drop(position);
            },
        };
    const from = board.items.findIndex((one) => one.item === dragged);
    return (
        <>
            <ol>
                {board.items.map((item, index) => (
                    <Item
                        key={item.item}
                        {...props}
                        item={item}
                        position={index}
                        dragging={dragging(item, index) || {}}
                        dropMark={
                            over === index && from >= 0 && from !== index
                                ? from < index
                                    ? 'below'
                                    : 'above'
                                : undefined
                        }
                        onMove={(to) => void move(item, to)}
                    />
                ))}
            </ol>
            <span className="unseen" role="status">
                {told}
            </span>
        </>
    );
}
