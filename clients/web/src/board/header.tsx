// The top of a board: which one, the state of the line, who sees what, the clock, the next thing to do.
import { useState } from 'react';
import { useKeyLabel } from '../keys/use_keys';
import { nextItem, usedTime, type BoardModel } from '../state/board_state';
import type { BoardActor } from '../state/client';
import { whoSees } from '../state/stage_state';
import { useModel, useNow } from '../state/use_client';
import { Button, Sheet } from '../ui/controls';
import { LanguageChoice, StateOfLine } from '../ui/frame';
import { sayRefusal } from '../ui/refusal';
import { follow } from '../ui/route';
import { dateTimeText, minutesText, useSpeech } from '../words';
import type { Rights } from './workspace';

interface BoardHeaderProps {
    actor: BoardActor;
    board: BoardModel;
    rights: Rights;
    readOnly: boolean;
    onNext: () => void;
}

export function BoardHeader({ actor, board, rights, readOnly, onNext }: BoardHeaderProps) {
    const { words, language } = useSpeech();
    const label = useKeyLabel();
    const [ending, setEnding] = useState(false);
    const up = useModel(actor, (model, held) => {
        const own = model?.stage?.participants.get(held.grant.participant);
        return (own?.handAt ?? 0) > 0;
    });
    return (
        <header className="top">
            <a className="mark" href="/" onClick={follow} aria-label={words.toWorklist}>
                <img src="/mark.svg" alt="" />
            </a>
            <h1>{board.title}</h1>
            <span className="mute hide-narrow">{dateTimeText(board.startsAt, language)}</span>
            <StateOfLine readOnly={readOnly} />
            <span className="grow" />
            {board.openItem !== 0 && <Sees board={board} />}
            {board.openItem !== 0 && <Clock board={board} />}
            <span className="hide-narrow">
                <LanguageChoice />
            </span>
            {board.meeting !== 'ended' && board.stage && (
                <Button
                    className="hide-phone"
                    aria-pressed={up}
                    keyLabel={label('raiseHand')}
                    onClick={() => actor.signal({ type: 'SetHand', raised: !up })}
                >
                    {up ? words.lowerHand : words.raiseHand}
                </Button>
            )}
            {rights.coordinate && (
                <Steering board={board} onNext={onNext} onEnd={() => setEnding(true)} />
            )}
            <Sheet title={words.endMeeting} open={ending} onClose={() => setEnding(false)}>
                <div className="stack">
                    <p>{words.endMeetingConfirm}</p>
                    <div className="row">
                        <Button
                            look="primary"
                            onClick={() => {
                                setEnding(false);
                                void sayRefusal(
                                    words,
                                    actor.command({ type: 'EndMeeting', item: board.openItem }),
                                );
                            }}
                        >
                            {words.endMeeting}
                        </Button>
                        <Button onClick={() => setEnding(false)}>{words.cancel}</Button>
                    </div>
                </div>
            </Sheet>
        </header>
    );
}

interface SteeringProps {
    board: BoardModel;
    onNext: () => void;
    onEnd: () => void;
}

function Steering({ board, onNext, onEnd }: SteeringProps) {
    const { words } = useSpeech();
    const label = useKeyLabel();
    const next = nextItem(board);
    return (
        <>
            {board.meeting === 'running' && (
                <Button look={next ? 'quiet' : 'primary'} className="hide-phone" onClick={onEnd}>
                    {words.endMeeting}
                </Button>
            )}
            {next && (
                <Button look="primary" keyLabel={label('nextCase')} onClick={onNext}>
                    {words.nextCase}
                </Button>
            )}
        </>
    );
}

function Sees({ board }: { board: BoardModel }) {
    const { words } = useSpeech();
    const { stage } = board;
    if (!stage) {
        return null;
    }
    const { seeing, lagging } = whoSees(stage);
    const names = lagging.map(
        (one) => board.members.find((member) => member.user === one.user)?.name ?? '',
    );
    const all = seeing.length + lagging.length;
    return (
        <span
            className={lagging.length > 0 ? 'chip plain hide-narrow' : 'chip safe hide-narrow'}
            title={lagging.length > 0 ? words.lagging(names.join(', ')) : words.everybodySees}
            data-sees={`${seeing.length}/${all}`}
        >
            {words.seeThis(seeing.length, all)}
        </span>
    );
}

function Clock({ board }: { board: BoardModel }) {
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
