// Ties a stage to the person in front of it: one controller for one case on one board item (or consult).
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { hasRole, useSession } from '../state/use_client';
import type { Held } from '../state/client';
import type { StageModel } from '../state/stage_state';
import type { Hanging } from '../wire';
import type { Store } from '../state/store';
import { CaseImages, OwnPointer, StageController, type StageActor } from '../viewer';

export interface StageSource<M extends { stage: StageModel | undefined }> extends StageActor {
    store: Store<Held<M>>;
}

export interface StageHands {
    controller: StageController;
    pointer: OwnPointer;
}

const nothingHung: readonly Hanging[] = [];

export function useStageController<M extends { stage: StageModel | undefined; hangings?: readonly Hanging[] }>(
    actor: StageSource<M>,
    images: CaseImages | undefined,
    me: string,
    item: number,
    imageCount: number | undefined,
    remember?: (hanging: Hanging) => void,
): StageHands | undefined {
    const [hands, setHands] = useState<StageHands>();
    const { client } = useSession();
    const keep = useRef(remember);
    keep.current = remember;

    // Before the page is shown, as the images are.
    useLayoutEffect(() => {
        if (!images) {
            setHands(undefined);
            return undefined;
        }
        const controller = new StageController(
            actor,
            images,
            me,
            item,
            () => client.serverTime(),
            (hanging) => keep.current?.(hanging),
        );
        const pointer = new OwnPointer(controller);
        let participant = -1;
        const take = () => {
            const { model, grant } = actor.store.get();
            const mayAct = hasRole(grant.roles, 'chair', 'coordinator', 'member');
            controller.setHangings(model?.hangings ?? nothingHung);
            controller.onStage(model?.stage, grant.participant, mayAct);
            if (grant.participant !== participant) {
                participant = grant.participant;
                controller.painted.again();
            }
        };
        take();
        const unwatch = actor.store.watch(take);
        setHands({ controller, pointer });
        return () => {
            unwatch();
            pointer.close();
            controller.close();
        };
    }, [actor, images, me, item, client]);

    useSets(hands, imageCount);

    return hands?.controller.images === images && hands?.controller.item === item
        ? hands
        : undefined;
}

/** The list that was fetched before the case was opened is good for its first view; then it is read again. */
const REREAD_MS = 2000;

/** Gives the controller what there is to show, again whenever images arrive. */
function useSets(hands: StageHands | undefined, imageCount: number | undefined): void {
    const counted = useRef<number | undefined>(undefined);
    useEffect(() => {
        if (!hands) {
            return undefined;
        }
        counted.current = undefined;
        const early = hands.controller.images.listed;
        readSets(hands);
        const timer = early ? window.setTimeout(() => readSets(hands, true), REREAD_MS) : 0;
        return () => window.clearTimeout(timer);
    }, [hands]);
    useEffect(() => {
        if (hands && imageCount !== undefined) {
            if (counted.current !== undefined && counted.current !== imageCount) {
                readSets(hands, true);
            }
            counted.current = imageCount;
        }
    }, [hands, imageCount]);
}

function readSets({ controller }: StageHands, again = false): void {
    const { images } = controller;
    if (again) {
        images.refresh();
    }
    images
        .displaySets()
        .then((sets) => controller.setSets(sets))
        .catch(() => undefined);
}
