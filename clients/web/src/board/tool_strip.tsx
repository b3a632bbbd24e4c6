// The strip above the images: tools at the left, who presents and how one follows at the right.
import { DropdownMenu } from 'radix-ui';
import { useCallback, useState, useSyncExternalStore, type ReactNode } from 'react';
import type { Action } from '../keys/keymap';
import { useKeyLabel } from '../keys/use_keys';
import type { CaseActor } from '../state/client';
import { useStore } from '../state/store';
import { Button } from '../ui/controls';
import { Icon, type IconName } from '../ui/icon';
import { tell } from '../ui/frame';
import { sayRefusal } from '../ui/refusal';
import { useWords } from '../words';
import type { AnnotationTool } from '../wire';
import {
    act,
    compareLayout,
    currentOf,
    filmState,
    hangingFor,
    isPhone,
    layoutOf,
    planesLayout,
    type Tool,
} from '../viewer';
import { CrosshairButton, LinkMenu, SlabMenu } from './plane_menus';
import type { StageHands } from './use_stage';

const tools: { tool: Tool; action: Action; draws?: boolean }[] = [
    { tool: 'window', action: 'toolWindow' },
    { tool: 'zoom', action: 'toolZoom' },
    { tool: 'pan', action: 'toolPan' },
    { tool: 'length', action: 'toolLength', draws: true },
    { tool: 'arrow', action: 'toolArrow', draws: true },
];

interface ToolStripProps {
    hands: StageHands;
    chair: boolean;
    undo: () => void;
    actor: CaseActor;
    children: ReactNode;
}

export function ToolStrip({ hands, chair, undo, actor, children }: ToolStripProps) {
    const words = useWords();
    const label = useKeyLabel();
    const { controller } = hands;
    const chosen = useStore(controller.state, (state) => state.tool);
    const names: Record<Tool, string> = {
        window: words.toolWindow,
        zoom: words.toolZoom,
        pan: words.toolPan,
        length: words.toolLength,
        arrow: words.toolArrow,
        point: words.toolPoint,
        angle: words.looking.angle,
        bidirectional: words.looking.bidirectional,
        ellipse: words.looking.ellipse,
        probe: words.looking.probe,
        crosshair: words.looking.crosshair,
        mark: words.looking.mark,
    };
    return (
        <div className="strip" role="toolbar" aria-label={words.tools}>
            <div className="row tools">
                {tools.filter(({ draws }) => !draws || controller.mayAct).map(({ tool, action }) => (
                    <Button
                        key={tool}
                        className="tool"
                        aria-pressed={chosen === tool}
                        aria-label={names[tool]}
                        title={names[tool]}
                        keyLabel={label(action)}
                        onClick={() => controller.patch({ tool })}
                    >
                        <Icon name={tool} />
                    </Button>
                ))}
                {controller.mayAct && <MeasureMenu hands={hands} names={names} chosen={chosen} />}
                <PointButton hands={hands} />
                <FilmButton hands={hands} />
                <CrosshairButton hands={hands} chosen={chosen} />
                <LayoutMenu hands={hands} chair={chair} />
                <SlabMenu hands={hands} />
                <LinkMenu hands={hands} actor={actor} />
                <ImageMenu hands={hands} chair={chair} undo={undo} />
            </div>
            <span className="grow" />
            <div className="row">{children}</div>
        </div>
    );
}

const measuring: { tool: AnnotationTool; action: Action }[] = [
    { tool: 'angle', action: 'toolAngle' },
    { tool: 'bidirectional', action: 'toolBidirectional' },
    { tool: 'ellipse', action: 'toolEllipse' },
    { tool: 'probe', action: 'toolProbe' },
];

interface MeasureMenuProps {
    hands: StageHands;
    names: Record<Tool, string>;
    chosen: Tool;
}

/** What is measured with less often than a length; the icon is the tool that is chosen. */
function MeasureMenu({ hands, names, chosen }: MeasureMenuProps) {
    const words = useWords();
    const label = useKeyLabel();
    const own = measuring.find(({ tool }) => tool === chosen);
    return (
        <Menu
            name={own ? names[own.tool] : words.looking.measure}
            icon={own?.tool ?? 'angle'}
            pressed={own !== undefined}
        >
            {measuring.map(({ tool, action }) => (
                <MenuItem
                    key={tool}
                    end={label(action)}
                    onSelect={() => hands.controller.patch({ tool })}
                >
                    {names[tool]}
                </MenuItem>
            ))}
        </Menu>
    );
}

function PointButton({ hands }: { hands: StageHands }) {
    const words = useWords();
    const label = useKeyLabel();
    const { controller, pointer } = hands;
    const pointing = useStore(controller.state, (state) => state.pointing);
    if (!controller.mayAct) {
        return null;
    }
    return (
        <Button
            className="tool"
            aria-pressed={pointing}
            aria-label={words.toolPoint}
            title={words.toolPoint}
            keyLabel={label('point')}
            onClick={() => {
                controller.patch({ pointing: !pointing });
                pointer.tellPointing();
            }}
        >
            <Icon name="point" />
        </Button>
    );
}

/** Only there when the active viewport has something to play. */
function FilmButton({ hands }: { hands: StageHands }) {
    const words = useWords();
    const label = useKeyLabel();
    const { controller } = hands;
    const film = useSyncExternalStore(
        useCallback((watcher: () => void) => controller.watchStage(watcher), [controller]),
        () => filmState(controller),
    );
    useStore(controller.state, (state) => state.seen);
    if (film === 'none') {
        return null;
    }
    const name = film === 'running' ? words.stopFilm : words.playFilm;
    return (
        <Button
            className="tool"
            aria-label={name}
            title={name}
            keyLabel={label('film')}
            onClick={() => act(controller, 'film')}
        >
            <Icon name={film === 'running' ? 'stop' : 'play'} />
        </Button>
    );
}

interface MenuProps {
    name: string;
    icon: IconName;
    /** One of what it holds is chosen. */
    pressed?: boolean;
    children: ReactNode;
}

export function Menu({ name, icon, pressed, children }: MenuProps) {
    return (
        <DropdownMenu.Root modal={false}>
            <DropdownMenu.Trigger
                className="button tool"
                aria-label={name}
                title={name}
                data-chosen={pressed || undefined}
            >
                <Icon name={icon} />
            </DropdownMenu.Trigger>
            <DropdownMenu.Portal>
                <DropdownMenu.Content className="menu" align="start" sideOffset={4}>
                    {children}
                </DropdownMenu.Content>
            </DropdownMenu.Portal>
        </DropdownMenu.Root>
    );
}

export function MenuItem({
    children,
    onSelect,
    end,
    disabled,
}: {
    children: ReactNode;
    onSelect: () => void;
    end?: string;
    disabled?: boolean;
}) {
    return (
        <DropdownMenu.Item onSelect={onSelect} disabled={disabled ?? false}>
            {children}
            {end !== undefined && <span className="end">{end}</span>}
        </DropdownMenu.Item>
    );
}

const grids: [number, number][] = [
    [1, 1],
    [1, 2],
    [1, 3],
    [2, 1],
    [2, 2],
    [2, 3],
    [3, 3],
];

export function usePlanes(hands: StageHands): () => void {
    const words = useWords();
    const { controller } = hands;
    return useCallback(() => {
        const { seen, sets } = controller.state.get();
        const pane = controller.panes.get(seen.active);
        if (isPhone()) {
            tell(words.phoneStackOnly);
        } else if (pane?.loaded.set.kind !== 'volume') {
            tell(words.planesNeedVolume);
        } else {
            controller.arrange(planesLayout(controller.item, sets, pane.viewport, pane.loaded));
        }
    }, [controller, words]);
}

function LayoutMenu({ hands, chair }: { hands: StageHands; chair: boolean }) {
    const words = useWords();
    const { controller } = hands;
    const planes = usePlanes(hands);
    const seen = useStore(controller.state, (state) => state.seen);
    const sets = useStore(controller.state, (state) => state.sets);
    const current = seen.viewports[seen.active];
    const compare = current && compareLayout(controller.item, sets, current);
    const linked = seen.viewports.some((viewport) => viewport.linked);
    const grid = (rows: number, columns: number) => {
        const active = seen.viewports[seen.active];
        const others = seen.viewports.filter((_, index) => index !== seen.active);
        controller.arrange(layoutOf(controller.item, rows, columns, active ? [active, ...others] : others));
    };
    return (
        <Menu name={words.layout} icon="layout">
            {grids.map(([rows, columns]) => (
                <MenuItem key={`${rows}x${columns}`} onSelect={() => grid(rows, columns)}>
                    {words.layoutOf(rows, columns)}
                </MenuItem>
            ))}
            <MenuItem disabled={!compare} onSelect={() => compare && controller.arrange(compare)}>
                {words.comparePrior}
            </MenuItem>
            <MenuItem onSelect={planes}>{words.planes}</MenuItem>
            <DropdownMenu.CheckboxItem
                checked={linked}
                onSelect={() =>
                    controller.arrange({
                        ...seen,
                        viewports: seen.viewports.map((one) => ({ ...one, linked: !linked })),
                    })
                }
            >
                {words.linkScroll}
                <DropdownMenu.ItemIndicator className="end">✓</DropdownMenu.ItemIndicator>
            </DropdownMenu.CheckboxItem>
            <HangingItem hands={hands} chair={chair} />
        </Menu>
    );
}

/** How this board hangs the modality that is shown, and the way back. */
function HangingItem({ hands, chair }: { hands: StageHands; chair: boolean }) {
    const words = useWords();
    const { controller } = hands;
    const { seen, sets, hangings, presenting } = useStore(controller.state, (state) => state);
    const modality = currentOf(seen, sets)?.modality ?? '';
    if (!hangingFor(hangings, modality)) {
        return null;
    }
    return (
        <>
            <DropdownMenu.Label className="menu-hint">{words.looking.hungAlike(modality)}</DropdownMenu.Label>
            <MenuItem disabled={!presenting && !chair} onSelect={() => controller.forgetHanging(modality)}>
                {words.looking.hangAsItCame(modality)}
            </MenuItem>
        </>
    );
}

function ImageMenu({ hands, chair, undo }: Omit<ToolStripProps, 'children' | 'actor'>) {
    const words = useWords();
    const label = useKeyLabel();
    const { controller } = hands;
    const hidden = useStore(controller.state, (state) => state.pointersHidden);
    const entries = [
        ['rotateRight', words.rotate],
        ['flipH', words.flipH],
        ['flipV', words.flipV],
        ['invert', words.invert],
        ['zoomFit', words.action.zoomFit],
        ['reset', words.resetView],
    ] as const;
    return (
        <Menu name={words.moreTools} icon="more">
            {entries.map(([action, name]) => (
                <MenuItem key={action} end={label(action)} onSelect={() => act(controller, action)}>
                    {name}
                </MenuItem>
            ))}
            <MenuItem
                end={label('hidePointers')}
                onSelect={() => controller.patch({ pointersHidden: !hidden })}
            >
                {hidden ? words.showPointers : words.hidePointers}
            </MenuItem>
            {chair && <QuietItem hands={hands} />}
            <MenuItem end={label('undo')} disabled={!controller.mayAct} onSelect={undo}>
                {words.undo}
            </MenuItem>
            <MenuItem onSelect={openSecondWindow}>{words.openSecondWindow}</MenuItem>
        </Menu>
    );
}

/** The chair hides everybody's pointers but the presenter's. The menu is made anew each time it opens. */
function QuietItem({ hands }: { hands: StageHands }) {
    const words = useWords();
    const { controller } = hands;
    const quiet = controller.stage?.quiet ?? false;
    return (
        <MenuItem
            onSelect={() =>
                void sayRefusal(
                    words,
                    controller.command({
                        type: 'QuietPointers',
                        item: controller.item,
                        quiet: !quiet,
                    }),
                )
            }
        >
            {quiet ? words.unquietPointers : words.quietPointers}
        </MenuItem>
    );
}

/** The same session on a second monitor: it counts as a window of the same person. */
function openSecondWindow(): void {
    const { pathname } = window.location;
    window.open(`${pathname}?window=2`, '_blank', 'popup,width=1280,height=960');
}

/** A sheet's open state with its two ways. */
export function useOpen(): [boolean, () => void, () => void] {
    const [open, setOpen] = useState(false);
    return [open, useCallback(() => setOpen(true), []), useCallback(() => setOpen(false), [])];
}
