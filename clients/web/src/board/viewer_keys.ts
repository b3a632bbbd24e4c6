// Which key does what to the images.
import { useMemo, useRef } from 'react';
import type { KeyHandlers } from '../keys/use_keys';
import { tell } from '../ui/frame';
import { act, presets, showPreset, turnSeries, turnSlab, type ImageAction } from '../viewer';
import { useWords } from '../words';
import { recall, type useViews } from './saved_views';
import type { StageHands } from './use_stage';

const imageActions: ImageAction[] = [
    'rotateRight',
    'rotateLeft',
    'flipH',
    'flipV',
    'invert',
    'zoomIn',
    'zoomOut',
    'zoomFit',
    'reset',
    'nextImage',
    'previousImage',
    'firstImage',
    'lastImage',
    'nextViewport',
    'previousViewport',
    'film',
];

const toolsWithKeys = [
    'window',
    'zoom',
    'pan',
    'length',
    'arrow',
    'angle',
    'bidirectional',
    'ellipse',
    'probe',
    'crosshair',
] as const;

export function useViewerKeys(hands: StageHands | undefined): KeyHandlers {
    const held = useRef(hands);
    held.current = hands;
    const { looking } = useWords();
    const said = useRef(looking);
    said.current = looking;
    return useMemo(() => {
        const handlers: KeyHandlers = {};
        const run = (work: (now: StageHands) => void) => ({
            down: () => held.current && work(held.current),
        });
        for (const action of imageActions) {
            handlers[action] = run(({ controller }) => act(controller, action));
        }
        for (const tool of toolsWithKeys) {
            const action = `tool${tool[0]?.toUpperCase()}${tool.slice(1)}` as 'toolWindow';
            handlers[action] = run(({ controller }) => controller.patch({ tool }));
        }
        presets.forEach((preset, index) => {
            const action = `preset${index + 1}` as 'preset1';
            handlers[action] = run(({ controller }) => {
                if (!showPreset(controller, preset)) {
                    tell(said.current.windowNeedsCt);
                }
            });
        });
        handlers.slab = run(({ controller }) => {
            if (!turnSlab(controller)) {
                tell(said.current.slabNeedsVolume);
            }
        });
        handlers.nextSeries = run(({ controller }) => turnSeries(controller, 1));
        handlers.previousSeries = run(({ controller }) => turnSeries(controller, -1));
        handlers.follow = run(({ controller }) => controller.followAgain());
        handlers.hidePointers = run(({ controller }) =>
            controller.patch({ pointersHidden: !controller.state.get().pointersHidden }),
        );
        handlers.point = {
            down: () => held.current?.pointer.hold(true),
            up: () => held.current?.pointer.hold(false),
        };
        handlers.cancel = run(({ controller }) => controller.patch({ tool: 'window' }));
        return handlers;
    }, []);
}

export function viewKeys(
    hands: StageHands | undefined,
    views: ReturnType<typeof useViews>,
): KeyHandlers {
    const handlers: KeyHandlers = {};
    views.slice(0, 9).forEach((view, index) => {
        handlers[`view${index + 1}` as 'view1'] = { down: () => hands && recall(hands, view) };
    });
    return handlers;
}
