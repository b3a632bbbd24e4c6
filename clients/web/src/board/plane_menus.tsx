// What is done with planes and series: the crosshair, slabs, and laying a prior onto the current study.
import { useCallback, useSyncExternalStore } from 'react';
import { useKeyLabel } from '../keys/use_keys';
import type { CaseActor } from '../state/client';
import { useStore } from '../state/store';
import { Button } from '../ui/controls';
import { tell } from '../ui/frame';
import { Icon } from '../ui/icon';
import { sayRefusal } from '../ui/refusal';
import { linkHere, markedPairs, presentLink, setSlab, type Tool } from '../viewer';
import { useWords } from '../words';
import { Menu, MenuItem } from './tool_strip';
import type { StageHands } from './use_stage';

interface HandsProps {
    hands: StageHands;
}

/** Only there when there are other viewports to send somewhere. */
export function CrosshairButton({ hands, chosen }: HandsProps & { chosen: Tool }) {
    const words = useWords();
    const label = useKeyLabel();
    const { controller } = hands;
    const count = useStore(controller.state, (state) => state.seen.viewports.length);
    if (count < 2) {
        return null;
    }
    return (
        <Button
            className="tool"
            aria-pressed={chosen === 'crosshair'}
            aria-label={words.looking.crosshair}
            title={words.looking.crosshair}
            keyLabel={label('toolCrosshair')}
            onClick={() => controller.patch({ tool: 'crosshair' })}
        >
            <Icon name="crosshair" />
        </Button>
    );
}

const modes = ['maximum', 'average', 'minimum'] as const;
const thicknesses = [5, 10, 20, 40];

export function SlabMenu({ hands }: HandsProps) {
    const words = useWords();
    const label = useKeyLabel();
    const { controller } = hands;
    const slab = useStore(controller.state, ({ seen }) => seen.viewports[seen.active]?.slab);
    const choose = (change: Parameters<typeof setSlab>[1]) => {
        if (!setSlab(controller, change)) {
            tell(words.looking.slabNeedsVolume);
        }
    };
    const mark = (on: boolean) => (on ? { end: '✓' } : {});
    return (
        <Menu name={words.looking.slab} icon="slab" pressed={slab !== undefined}>
            <MenuItem {...mark(!slab)} onSelect={() => choose({ mode: 'none' })}>
                {words.looking.slabNone}
            </MenuItem>
            {modes.map((mode) => (
                <MenuItem
                    key={mode}
                    {...(slab?.mode === mode ? { end: '✓' } : mode === 'maximum' && { end: label('slab') })}
                    onSelect={() => choose({ mode })}
                >
                    {words.looking.slabMode[mode]}
                </MenuItem>
            ))}
            {thicknesses.map((thickness) => (
                <MenuItem
                    key={thickness}
                    {...mark(slab?.thickness === thickness)}
                    onSelect={() => choose({ thickness })}
                >
                    {words.looking.slabThickness(String(thickness))}
                </MenuItem>
            ))}
        </Menu>
    );
}

/** A link is an event of the case: it moves everybody's images and lets pointers cross. */
export function LinkMenu({ hands, actor }: HandsProps & { actor: CaseActor }) {
    const words = useWords();
    const { controller } = hands;
    const count = useStore(controller.state, (state) => state.seen.viewports.length);
    const tool = useStore(controller.state, (state) => state.tool);
    useStore(controller.state, (state) => state.marks);
    const watch = useCallback((watcher: () => void) => controller.watchStage(watcher), [controller]);
    const present = useSyncExternalStore(watch, () => presentLink(controller)?.link);
    const pairs = markedPairs(controller);
    if (count < 2 || !controller.mayAct) {
        return null;
    }
    const link = async () => {
        const made = linkHere(controller);
        if (typeof made === 'string') {
            tell(made === 'same' ? words.looking.linkSame : words.looking.linkNeedsTwo);
        } else if (await sayRefusal(words, actor.command({ type: 'LinkSeries', link: made }))) {
            const { seen } = controller.state.get();
            const viewports = seen.viewports.map((one) => ({ ...one, linked: true }));
            controller.patch({ marks: [], tool: 'window' });
            controller.replace({ ...seen, viewports });
        }
    };
    return (
        <Menu name={words.looking.link} icon="link" pressed={tool === 'mark'}>
            <MenuItem onSelect={() => controller.patch({ tool: 'mark' })}>{words.looking.mark}</MenuItem>
            <MenuItem onSelect={() => void link()}>
                {pairs > 0 ? words.looking.linkMarks(pairs) : words.looking.linkHere}
            </MenuItem>
            <MenuItem
                disabled={present === undefined}
                onSelect={() =>
                    present !== undefined &&
                    void sayRefusal(words, actor.command({ type: 'UnlinkSeries', link: present }))
                }
            >
                {words.looking.unlink}
            </MenuItem>
        </Menu>
    );
}
