// Who presents, and the way to the floor: ask, take, hand over, give back.
import type { CSSProperties } from 'react';
import { useKeyLabel } from '../keys/use_keys';
import type { Outcome } from '../connection/channel';
import type { StageModel } from '../state/stage_state';
import { useStore } from '../state/store';
import { useStage, type Staged } from '../state/use_client';
import { Button } from '../ui/controls';
import { personColor, shortName } from '../ui/people';
import { sayRefusal } from '../ui/refusal';
import { useWords, type Words } from '../words';
import type { StageHands } from './use_stage';

interface FloorProps {
    hands: StageHands;
    staged: Staged;
    me: string;
    mayAct: boolean;
    chair: boolean;
    nameOf: (user: string) => string;
}

/** Asks for the floor when one does not have it, gives it back when one does. */
export function turnFloor(
    hands: StageHands,
    words: Words,
    floor: StageModel['floor'],
    me: string,
    nameOf: (user: string) => string,
): void {
    const { controller } = hands;
    const { item } = controller;
    const holds = floor.state === 'held' && floor.holder === me;
    const outcome: Promise<Outcome> = holds
        ? controller.command({ type: 'ReleaseFloor', item, user: me })
        : controller.command({ type: 'RequestFloor', item });
    void sayRefusal(words, outcome, { person: nameOf });
}

const colorOfHolder = (stage: StageModel | undefined): number | undefined =>
    [...(stage?.participants.values() ?? [])].find((one) => one.user === stage?.floor.holder)?.color;

export function Floor({ hands, staged, me, mayAct, chair, nameOf }: FloorProps) {
    const words = useWords();
    const label = useKeyLabel();
    const { controller } = hands;
    const own = useStore(controller.state, (state) => state.following.mode === 'own');
    const adjusted = useStore(
        controller.state,
        (state) => state.following.mode === 'follow' && state.following.adjusted.size > 0,
    );
    const floor = useStage(staged, (stage) => stage?.floor);
    const quiet = useStage(staged, (stage) => stage?.quiet === true);
    const holderColor = useStage(staged, colorOfHolder);
    if (!floor) {
        return null;
    }
    const held = floor.state === 'held';
    const mine = held && floor.holder === me;
    const place = floor.waiting.indexOf(me);
    const color = held && holderColor !== undefined ? personColor(holderColor) : undefined;
    const who = mine
        ? words.youPresent
        : held
          ? words.isPresenting(shortName(nameOf(floor.holder)))
          : words.nobodyPresents;
    const take = mine
        ? words.releaseFloor
        : place >= 0
          ? words.askedFloor(place + 1)
          : held && !chair
            ? words.askFloor
            : words.takeFloor;
    return (
        <>
            <span
                className={held ? 'chip presenter' : 'chip plain presenter'}
                style={color === undefined ? undefined : { '--dot': color, borderColor: color } as CSSProperties}
                data-floor={mine ? 'mine' : floor.state}
                title={who}
            >
                {who}
            </span>
            {quiet && <span className="chip plain hide-phone">{words.pointersQuiet}</span>}
            {!mine && held && (
                <Button
                    look={own ? 'primary' : 'plain'}
                    title={own ? words.ownViewHelp : undefined}
                    keyLabel={label('follow')}
                    onClick={() => controller.followAgain()}
                    data-following={own ? 'own' : 'follow'}
                >
                    {own || adjusted ? words.followAgain : words.following}
                </Button>
            )}
            {mayAct && (
                <Button
                    keyLabel={label('askFloor')}
                    disabled={place >= 0 && !mine}
                    onClick={() => turnFloor(hands, words, floor, me, nameOf)}
                >
                    {take}
                </Button>
            )}
        </>
    );
}
