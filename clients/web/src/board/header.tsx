// The top of a board: which one, the state of the line, who sees what, the clock, the next thing to do.
import { Popover } from 'radix-ui';
import { memo } from 'react';
import { useKeyLabel } from '../keys/use_keys';
import { isWithheld, nextItem, usedTime, type BoardAtRest } from '../state/board_state';
import type { BoardActor } from '../state/client';
import { whoSees } from '../state/stage_state';
import { useModel, useNow, useStage } from '../state/use_client';
import { Button } from '../ui/controls';
import { StateOfLine } from '../ui/frame';
import { follow } from '../ui/route';
import { minutesText, useSpeech, whenText } from '../words';
import { MeterText } from './agenda';
import { UndoOffer } from './step_line';
import type { Rights } from './workspace';

interface BoardHeaderProps {
    actor: BoardActor;
    board: BoardAtRest;
    rights: Rights;
    readOnly: boolean;
    onNext: () => void;
    onEnd: () => void;
    nameOf: (item: number) => string;
    /** A line below asks something: the next thing to do is there. */
    asked: boolean;
}

export const BoardHeader = memo(function BoardHeader(props: BoardHeaderProps) {
    const { actor, board, rights, readOnly, onNext, onEnd, nameOf, asked } = props;
    const { words, language } = useSpeech();
    const label = useKeyLabel();
    const up = useModel(actor, (model, held) => {
        const own = model?.stage?.participants.get(held.grant.participant);
        return (own?.handAt ?? 0) > 0;
    });
    const staged = useStage(actor, (stage) => stage !== undefined);
    return (
        <header className="top">
            <a className="mark" href="/" onClick={follow} aria-label={words.toWorklist}>
                <img src="/mark.svg" alt="" />
            </a>
            <div className="which">
                <h1 title={board.title}>{board.title}</h1>
                <span className="mute hide-narrow">{whenText(board.startsAt, language)}</span>
                <StateOfLine readOnly={readOnly} />
            </div>
            <span className="grow" />
            {board.openItem !== 0 && staged && <Sees actor={actor} board={board} />}
            {board.openItem !== 0 && <Clock board={board} />}
            {board.template && board.items.length > 0 && !board.items.some(isWithheld) && (
                <span className="chip plain only-wide">
                    <MeterText board={board} />
                </span>
            )}
            {board.meeting === 'closing' && (
                <span className="chip attention" role="status">
                    {words.closing.now(board.closing.length)}
                </span>
            )}
            {board.meeting !== 'ended' && staged && (
                <Button
                    className="hide-phone"
                    aria-pressed={up}
                    keyLabel={label('raiseHand')}
                    onClick={() => actor.signal({ type: 'SetHand', raised: !up })}
                >
                    {up ? words.lowerHand : words.raiseHand}
                </Button>
            )}
            {rights.coordinate && <UndoOffer actor={actor} board={board} nameOf={nameOf} />}
            {rights.coordinate && board.meeting !== 'closing' && (
                <Steering board={board} asked={asked} onNext={onNext} onEnd={onEnd} />
            )}
        </header>
    );
});

interface SteeringProps {
    board: BoardAtRest;
    asked: boolean;
    onNext: () => void;
    onEnd: () => void;
}

function Steering({ board, asked, onNext, onEnd }: SteeringProps) {
    const { words } = useSpeech();
    const label = useKeyLabel();
    const next = nextItem(board);
    const look = asked ? 'plain' : 'primary';
    return (
        <>
            {board.meeting === 'running' && !next && (
                <Button look={look} onClick={onEnd}>
                    {words.endMeeting}
                </Button>
            )}
            {next && (
                <Button look={look} keyLabel={label('nextCase')} onClick={onNext}>
                    {board.meeting === 'planned' ? words.firstCase : words.nextCase}
                </Button>
            )}
        </>
    );
}

function Sees({ actor, board }: { actor: BoardActor; board: BoardAtRest }) {
    const { words } = useSpeech();
    const seeing = useStage(actor, (stage) => (stage ? whoSees(stage).seeing.length : 0));
    const lagging = useStage(actor, (stage) =>
        stage ? whoSees(stage).lagging.map((one) => one.user) : [],
    );
    const names = lagging.map(
        (user) => board.members.find((member) => member.user === user)?.name ?? '',
    );
    const all = seeing + lagging.length;
    const text = lagging.length > 0 ? words.lagging(names.join(', ')) : words.everybodySees;
    return (
        <Popover.Root>
            <Popover.Trigger
                className={lagging.length > 0 ? 'chip hide-phone' : 'chip safe hide-phone'}
                title={text}
                data-sees={`${seeing}/${all}`}
            >
                {words.seeThis(seeing, all)}
            </Popover.Trigger>
            <Popover.Portal>
                <Popover.Content className="menu note" align="end" sideOffset={8}>
                    {text}
                </Popover.Content>
            </Popover.Portal>
        </Popover.Root>
    );
}

function Clock({ board }: { board: BoardAtRest }) {
    const { words } = useSpeech();
    const now = useNow(500);
    const position = board.items.findIndex((one) => one.item === board.openItem);
    const item = board.items[position];
    if (!item) {
        return null;
    }
    const used = usedTime(item, now);
    const over = used > item.plannedSeconds * 1000;
    const time = words.timeUsedOf(minutesText(used), minutesText(item.plannedSeconds * 1000));
    return (
        <span className={over ? 'chip attention hide-phone' : 'chip plain hide-phone'} role="timer">
            {words.caseOf(position + 1, board.items.length)} · {time}
            {over && <span className="unseen">{words.overTime}</span>}
        </span>
    );
}
