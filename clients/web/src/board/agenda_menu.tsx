// What one may do with the agenda and with one of its items.
import { DropdownMenu } from 'radix-ui';
import type { RefObject } from 'react';
import type { BoardAtRest } from '../state/board_state';
import type { BoardActor } from '../state/client';
import { isHandedOver } from '../state/step';
import { sayRefusal } from '../ui/refusal';
import { go } from '../ui/route';
import type { AgendaItem } from '../wire';
import { useWords } from '../words';
import { MenuItem } from './tool_strip';

export interface AgendaSheet {
    what: 'add' | 'cutOff' | 'standard' | 'sign' | 'details' | 'moveTo';
    item?: number;
}

interface AgendaMenuProps {
    board: BoardAtRest;
    boardId: string;
    steers: boolean;
    onSheet: (sheet: AgendaSheet) => void;
}

export function AgendaMenu({ board, boardId, steers, onSheet }: AgendaMenuProps) {
    const words = useWords();
    return (
        <DropdownMenu.Root modal={false}>
            <DropdownMenu.Trigger
                className="button quiet icon tight"
                aria-label={words.agendaWords.menu}
            >
                ⋯
            </DropdownMenu.Trigger>
            <DropdownMenu.Portal>
                <DropdownMenu.Content className="menu" align="end">
                    {steers && board.template && (
                        <MenuItem onSelect={() => onSheet({ what: 'cutOff' })}>
                            {words.agendaWords.cutOff}
                        </MenuItem>
                    )}
                    <MenuItem onSelect={() => go(`/boards/${boardId}/minutes`)}>
                        {words.minutes.toMinutes}
                    </MenuItem>
                </DropdownMenu.Content>
            </DropdownMenu.Portal>
        </DropdownMenu.Root>
    );
}

interface ItemMenuProps {
    actor: BoardActor;
    board: BoardAtRest;
    item: AgendaItem;
    position: number;
    /** Whoever does not may still look at the case. */
    steers: boolean;
    trigger: RefObject<HTMLButtonElement | null>;
    onOpen: (item: number) => void;
    onMove: (position: number) => void;
    onSheet: (sheet: AgendaSheet) => void;
}

export function ItemMenu(props: ItemMenuProps) {
    const { item, position, steers, trigger } = props;
    const words = useWords();
    return (
        <DropdownMenu.Root modal={false}>
            <DropdownMenu.Trigger
                ref={trigger}
                className="button quiet icon item-menu"
                aria-label={`${words.moreTools}: ${position + 1}`}
                title={steers ? words.agendaWords.moveHint : undefined}
            >
                ⋯
            </DropdownMenu.Trigger>
            <DropdownMenu.Portal>
                <DropdownMenu.Content className="menu" align="end">
                    <MenuItem onSelect={() => go(`/cases/${item.patientCase}`)}>
                        {words.agendaWords.lookAtCase}
                    </MenuItem>
                    {steers && <SteeringItems {...props} />}
                </DropdownMenu.Content>
            </DropdownMenu.Portal>
        </DropdownMenu.Root>
    );
}

function SteeringItems({ actor, board, item, position, onOpen, onMove, onSheet }: ItemMenuProps) {
    const words = useWords();
    const { plannedSeconds, presenter } = item;
    const still = item.state === 'open' || item.state === 'moving';
    const decided = item.decision !== 'none';
    /** It belongs in the minutes of this meeting. */
    const settled = board.template !== undefined && (decided || item.state === 'discussed');
    const mark = () =>
        void sayRefusal(
            words,
            actor.command({
                type: 'SetItem',
                item: item.item,
                plannedSeconds,
                presenter,
                standard: !item.standard,
            }),
        );
    const remove = () =>
        void sayRefusal(words, actor.command({ type: 'RemoveItem', item: item.item }));
    return (
        <>
            {!isHandedOver(item) && (
                <MenuItem disabled={still} onSelect={() => onOpen(item.item)}>
                    {words.openItem}
                </MenuItem>
            )}
            <MenuItem onSelect={() => onSheet({ what: 'details', item: item.item })}>
                {words.agendaWords.details}
            </MenuItem>
            {board.template && item.state === 'waiting' && (
                <MenuItem onSelect={mark}>
                    {item.standard
                        ? words.agendaWords.unmarkStandard
                        : words.agendaWords.markStandard}
                </MenuItem>
            )}
            <MenuItem disabled={position === 0} onSelect={() => onMove(position - 1)}>
                {words.moveUp}
            </MenuItem>
            <MenuItem
                disabled={position === board.items.length - 1}
                onSelect={() => onMove(position + 1)}
            >
                {words.moveDown}
            </MenuItem>
            <MenuItem
                disabled={item.state === 'open' || (settled && item.outcome !== 'deferred')}
                onSelect={() => onSheet({ what: 'moveTo', item: item.item })}
            >
                {words.agendaWords.moveTo}
            </MenuItem>
            <MenuItem disabled={still || settled} onSelect={remove}>
                {words.removeFromAgenda}
            </MenuItem>
        </>
    );
}
