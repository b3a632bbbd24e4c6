// The whole stage: a grid of panes, and in words for those who cannot see it, what the active one shows.
import { useCallback, useEffect, useRef, useState } from 'react';
import { useStore } from '../state/store';
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
    stored: readonly StoredAnnotation[];
    notForDiagnosis: boolean;
    nameOf: (user: string) => string;
    finish: (annotation: Annotation) => Promise<boolean>;
}

/** A screen reader hears where a scroll came to rest, not every slice on the way. */
const SPEAK_MS = 500;

export function StageView(props: StageViewProps) {
    const { controller } = props;
    const seen = useStore(controller.state, (state) => state.seen);
    const following = useStore(controller.state, (state) => state.following.mode === 'follow');
    const tool = useStore(controller.state, (state) => state.tool);
    const [glasses, setGlasses] = useState<ReadonlyMap<number, OnGlass | undefined>>(new Map());
    const onGlassChange = useCallback(
        (number: number, onGlass: OnGlass | undefined) =>
            setGlasses((before) =>
                before.get(number) === onGlass ? before : new Map(before).set(number, onGlass),
            ),
        [],
    );
    const count = Math.max(1, seen.rows * seen.columns);
    const panes = Array.from({ length: count }, (_, index) => seen.viewports[index]);
    return (
        <div
            className="stage"
            data-tool={tool}
            style={{
                gridTemplateColumns: `repeat(${seen.columns}, minmax(0, 1fr))`,
                gridTemplateRows: `repeat(${seen.rows}, minmax(0, 1fr))`,
            }}
        >
            {panes.map((viewport, index) => (
                <PaneView
                    key={index}
                    {...props}
                    number={index}
                    viewport={viewport ?? emptyViewport}
                    active={count > 1 && index === seen.active}
                    following={following}
                    onGlassChange={onGlassChange}
                />
            ))}
            <Spoken onGlass={glasses.get(seen.active)} />
        </div>
    );
}

function Spoken({ onGlass }: { onGlass: OnGlass | undefined }) {
    const { words, language } = useSpeech();
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
