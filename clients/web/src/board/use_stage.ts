// Ties a stage to the person in front of it: one controller for one case on one board item (or consult).
import { useEffect, useState } from 'react';
import { hasRole, useSession } from '../state/use_client';
import type { Held } from '../state/client';
import type { StageModel } from '../state/stage_state';
import type { Store } from '../state/store';
import { CaseImages, OwnPointer, StageController, type StageActor } from '../viewer';

export interface StageSource<M extends { stage: StageModel | undefined }> extends StageActor {
    store: Store<Held<M>>;
}

export interface StageHands {
    controller: StageController;
    pointer: OwnPointer;
}

export function useStageController<M extends { stage: StageModel | undefined }>(
    actor: StageSource<M>,
    images: CaseImages | undefined,
    me: string,
    item: number,
    imageCount: number,
): StageHands | undefined {
    const [hands, setHands] = useState<StageHands>();
    const { client } = useSession();

    useEffect(() => {
        if (!images) {
            setHands(undefined);
            return undefined;
        }
        const controller = new StageController(actor, images, me, item, () =>
            client.serverTime(),
        );
        const pointer = new OwnPointer(controller);
        let participant = -1;
        const take = () => {
            const { model, grant } = actor.store.get();
            const mayAct = hasRole(grant.roles, 'chair', 'coordinator', 'member');
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

    useEffect(() => {
        if (!hands || !images) {
            return;
        }
        images.refresh();
        images
            .displaySets()
            .then((sets) => hands.controller.setSets(sets))
            .catch(() => undefined);
    }, [hands, images, imageCount]);

    return hands?.controller.images === images && hands?.controller.item === item
        ? hands
        : undefined;
}
