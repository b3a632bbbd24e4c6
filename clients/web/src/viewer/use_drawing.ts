// One's own drawing while it grows: shown to the others as a draft, made durable when it is finished.
import { useCallback, useEffect, useRef, useState } from 'react';
import { useStore } from '../state/store';
import { tell } from '../ui/frame';
import type { Annotation, AnnotationTool } from '../wire';
import { drawn, strokesOf } from './drawing';
import { valuesOf } from './engine';
import { glassToWorld } from './geometry';
import type { StageController } from './stage_controller';
import type { OnGlass } from './use_pane';
import { useWords, type Words } from '../words';
import type { Pixel, Vector } from './vector';

/** Shorter than this on the glass is a click, not a stroke. */
const SHORTEST_PX = 4;

interface Growing {
    id: string;
    tool: AnnotationTool;
    onGlass: OnGlass;
    /** Where the hand was, as far as that is settled. */
    places: Vector[];
    /** Which of the tool's strokes is next, or being made. */
    stroke: number;
    /** Where the one being made was begun on the glass. */
    from: Pixel | undefined;
}

export interface Drawing {
    own: Annotation | undefined;
    /** Where the words beside a new arrow are written; undefined when none are asked for. */
    naming: Pixel | undefined;
    name: (label: string) => void;
    begin: (tool: AnnotationTool, at: Pixel) => void;
    /** The hand moved, pressed or not. */
    to: (at: Pixel) => void;
    end: (at: Pixel) => void;
    cancel: () => void;
}

/** Why no value can be read here; undefined where one can. */
function unreadable({ looking }: Words, onGlass: OnGlass): string | undefined {
    const { image } = onGlass;
    if (readable(onGlass) || !image) {
        return undefined;
    }
    if (image.plane) {
        return looking.onlyOnImages;
    }
    return image.slice.header.samples > 1 ? looking.notInColour : looking.notWithLoss;
}

/** The values that may be read where this is drawn: an image's own, never those of a plane. */
const readable = ({ image }: OnGlass) => (image && !image.plane ? valuesOf(image.slice) : undefined);

const sameImage = (a: OnGlass, b: OnGlass | undefined): boolean =>
    a.image !== undefined &&
    a.image.slice.imageId === b?.image?.slice.imageId &&
    a.image.plane === b.image.plane;

export function useDrawing(
    controller: StageController,
    onGlass: OnGlass | undefined,
    finish: (annotation: Annotation) => Promise<boolean>,
): Drawing {
    const growing = useRef<Growing | undefined>(undefined);
    const present = useRef(onGlass);
    present.current = onGlass;
    const [own, setOwn] = useState<Annotation>();
    const [naming, setNaming] = useState<Pixel>();
    const frame = useRef(0);
    const words = useWords();

    const draft = useCallback(
        (annotation: Annotation | undefined) => {
            window.cancelAnimationFrame(frame.current);
            frame.current = window.requestAnimationFrame(() =>
                controller.signal({ type: 'DraftAnnotation', annotation }),
            );
        },
        [controller],
    );

    const worldAt = ({ onGlass: begun }: Growing, at: Pixel): Vector =>
        glassToWorld((present.current ?? begun).projection, at);

    const show = (now: Growing, places: readonly Vector[]): Annotation | undefined => {
        const annotation = drawn(now.id, now.tool, now.onGlass, places, readable(now.onGlass));
        if (annotation) {
            // Its points lie in the patient, so a length is what it will be on the lossless image.
            const { image } = present.current ?? now.onGlass;
            if (image && image.preview > 0) {
                controller.drawnOnPreview.add(annotation.annotation);
            }
            setOwn(annotation);
            draft(annotation);
        }
        return annotation;
    };

    const giveUp = () => {
        growing.current = undefined;
        setNaming(undefined);
        setOwn(undefined);
        draft(undefined);
    };

    const keep = (annotation: Annotation) => {
        setOwn(annotation);
        void finish(annotation).finally(() => {
            setOwn((before) =>
                before?.annotation === annotation.annotation ? undefined : before,
            );
            draft(undefined);
        });
    };

    const finished = (now: Growing, at: Pixel) => {
        growing.current = undefined;
        const annotation = show(now, now.places);
        if (!annotation) {
            giveUp();
        } else if (now.tool === 'arrow') {
            setNaming(at);
        } else {
            keep(annotation);
        }
    };

    // Another tool, or Escape: what is half drawn is not kept.
    const tool = useStore(controller.state, (state) => state.tool);
    useEffect(
        () => () => {
            if (growing.current) {
                growing.current = undefined;
                setOwn(undefined);
                draft(undefined);
            }
        },
        [tool, draft],
    );

    return {
        own,
        naming,
        name: (label) => {
            setNaming(undefined);
            if (own) {
                keep({ ...own, label });
            }
        },
        begin: (tool, at) => {
            const glass = present.current;
            if (own && naming) {
                // The next one is begun without a word for the last: it is kept without words.
                keep(own);
            }
            setNaming(undefined);
            const why = glass && tool === 'probe' ? unreadable(words, glass) : undefined;
            if (why !== undefined) {
                tell(why);
                return;
            }
            const now = growing.current;
            if (!now || now.tool !== tool || !sameImage(now.onGlass, glass)) {
                growing.current = glass?.image && {
                    id: crypto.randomUUID(),
                    tool,
                    onGlass: glass,
                    places: [],
                    stroke: 0,
                    from: undefined,
                };
            }
            const next = growing.current;
            if (next) {
                next.from = at;
                if (strokesOf[next.tool][next.stroke] === 'stroke') {
                    next.places = [...next.places, worldAt(next, at)];
                }
            }
        },
        to: (at) => {
            const now = growing.current;
            const pressed = now?.from !== undefined;
            // Between two strokes a point that is only pressed is shown where it would be.
            if (now && (pressed || strokesOf[now.tool][now.stroke] === 'press')) {
                show(now, [...now.places, worldAt(now, at)]);
            }
        },
        end: (at) => {
            const now = growing.current;
            if (!now?.from) {
                return;
            }
            const stroke = strokesOf[now.tool][now.stroke];
            const way = Math.hypot(at[0] - now.from[0], at[1] - now.from[1]);
            now.from = undefined;
            if (stroke === 'stroke' && way < SHORTEST_PX) {
                giveUp();
                return;
            }
            now.places = [...now.places, worldAt(now, at)];
            now.stroke += 1;
            if (now.stroke === strokesOf[now.tool].length) {
                finished(now, at);
            } else {
                show(now, now.places);
            }
        },
        cancel: giveUp,
    };
}
