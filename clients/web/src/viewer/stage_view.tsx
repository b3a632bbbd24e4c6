// The whole stage: a grid of panes, and in words for those who cannot see it, what the active one shows.
import { memo, useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { Store, useStore } from '../state/store';
import type { Who } from '../state/who';
import type { Annotation, StoredAnnotation, Subject } from '../wire';
import { useSpeech } from '../words';
import { emptyViewport } from './follow';
import { sliceText, standing, windowText } from './overlay';
import { PaneView } from './pane_view';
import type { OwnPointer } from './pointing';
import type { StageController } from './stage_controller';
import type { OnGlass } from './use_pane';
import './viewer.css';

export interface StageViewProps {
    controller: StageController;
    pointer: OwnPointer;
    subject: Subject | undefined;
    masked: Who | undefined;
    stored: readonly StoredAnnotation[];
    notForDiagnosis: boolean;
    nameOf: (user: string) => string;
    finish: (annotation: Annotation) => Promise<boolean>;
}

type Glasses = ReadonlyMap<number, OnGlass | undefined>;

/** A screen reader hears where a scroll came to rest, not every slice on the way. */
const SPEAK_MS = 500;

export const StageView = memo(function StageView(props: StageViewProps) {
    const { controller } = props;
    const seen = useStore(controller.state, (state) => state.seen);
    const following = useStore(controller.state, (state) => state.following.mode === 'follow');
    const tool = useStore(controller.state, (state) => state.tool);
    const [glasses] = useState(() => new Store<Glasses>(new Map()));
    const onGlassChange = useCallback(
        (number: number, onGlass: OnGlass | undefined) => {
            const before = glasses.get();
            if (before.get(number) !== onGlass) {
                glasses.set(new Map(before).set(number, onGlass));
            }
        },
        [glasses],
    );
    const single = useSyncExternalStore(watchNarrow, isNarrow);
    useEffect(() => controller.showSingle(single), [controller, single]);
    const count = Math.max(1, seen.rows * seen.columns);
    const all = Array.from({ length: count }, (_, index) => index);
    const panes = single ? [seen.active] : all;
    const [rows, columns] = single ? [1, 1] : [seen.rows, seen.columns];
    return (
        <div
            className="stage"
            data-tool={tool}
            style={{
                gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
                gridTemplateRows: `repeat(${rows}, minmax(0, 1fr))`,
            }}
        >
            {panes.map((index) => (
                <PaneView
                    key={index}
                    {...props}
                    number={index}
                    viewport={seen.viewports[index] ?? emptyViewport}
                    grid={`${rows}x${columns}`}
                    active={panes.length > 1 && index === seen.active}
                    following={following}
                    onGlassChange={onGlassChange}
                />
            ))}
            {single && count > 1 && <Turner controller={controller} seen={seen.active} count={count} />}
            <Spoken glasses={glasses} active={seen.active} />
        </div>
    );
});

const NARROW = '(max-width: 720px)';
const isNarrow = () => window.matchMedia(NARROW).matches;
function watchNarrow(watcher: () => void): () => void {
    const query = window.matchMedia(NARROW);
    query.addEventListener('change', watcher);
    return () => query.removeEventListener('change', watcher);
}

interface TurnerProps {
    controller: StageController;
    seen: number;
    count: number;
}

/** The other viewports of the layout, one at a time. */
function Turner({ controller, seen, count }: TurnerProps) {
    const { words } = useSpeech();
    return (
        <div className="turner" role="group" aria-label={words.layout}>
            {Array.from({ length: count }, (_, index) => (
                <button
                    key={index}
                    type="button"
                    aria-label={words.viewportLabel(index + 1)}
                    aria-pressed={index === seen}
                    onClick={() => controller.setActive(index)}
                />
            ))}
        </div>
    );
}

/** What is painted changes these words, not the panes: they are not drawn once more for each other. */
function Spoken({ glasses, active }: { glasses: Store<Glasses>; active: number }) {
    const { words, language } = useSpeech();
    const onGlass = useStore(glasses, (all) => all.get(active));
    const [text, setText] = useState('');
    const timer = useRef(0);
    const next = onGlass
        ? words.spoken(
              onGlass.loaded.set.seriesDescription,
              [sliceText(words, onGlass), ...standing(words, onGlass)].join(', '),
              windowText(words, onGlass, language),
          )
        : '';
    useEffect(() => {
        window.clearTimeout(timer.current);
        timer.current = window.setTimeout(() => setText(next), SPEAK_MS);
        return () => window.clearTimeout(timer.current);
    }, [next]);
    return (
        <p className="unseen" role="status" aria-live="polite" data-spoken>
            {text}
        </p>
    );
}
