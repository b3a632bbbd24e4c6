// One's own drawing while it grows: shown to the others as a draft, made durable when it is finished.
import { useCallback, useRef, useState } from 'react';
import type { Annotation, AnnotationTool } from '../wire';
import { drawn } from './drawing';
import { glassToWorld } from './geometry';
import type { StageController } from './stage_controller';
import type { OnGlass } from './use_pane';
import type { Pixel, Vector } from './vector';

/** Shorter than this on the glass is a click, not a drawing. */
const SHORTEST_PX = 4;

interface Growing {
    id: string;
    tool: AnnotationTool;
    from: Vector;
    fromPixel: Pixel;
    onGlass: OnGlass;
}

export interface Drawing {
    own: Annotation | undefined;
    /** Where the words beside a new arrow are written; undefined when none are asked for. */
    naming: Pixel | undefined;
    name: (label: string) => void;
    begin: (tool: AnnotationTool, at: Pixel) => void;
    to: (at: Pixel) => void;
    end: (at: Pixel) => void;
    cancel: () => void;
}

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

    const tell = useCallback(
        (annotation: Annotation | undefined) => {
            window.cancelAnimationFrame(frame.current);
            frame.current = window.requestAnimationFrame(() =>
                controller.signal({ type: 'DraftAnnotation', annotation }),
            );
        },
        [controller],
    );

    const make = (at: Pixel): Annotation | undefined => {
        const now = growing.current;
        return (
            now &&
            drawn(now.id, now.tool, now.onGlass, now.from, glassToWorld(now.onGlass.projection, at), '')
        );
    };

    const keep = (annotation: Annotation) => {
        setOwn(annotation);
        void finish(annotation).finally(() => {
            setOwn((before) =>
                before?.annotation === annotation.annotation ? undefined : before,
            );
            tell(undefined);
        });
    };

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
            if (glass?.image) {
                growing.current = {
                    id: crypto.randomUUID(),
                    tool,
                    from: glassToWorld(glass.projection, at),
                    fromPixel: at,
                    onGlass: glass,
                };
            }
        },
        to: (at) => {
            const annotation = make(at);
            if (annotation) {
                setOwn(annotation);
                tell(annotation);
            }
        },
        end: (at) => {
            const now = growing.current;
            const annotation = make(at);
            growing.current = undefined;
            const short =
                !now ||
                Math.hypot(at[0] - now.fromPixel[0], at[1] - now.fromPixel[1]) < SHORTEST_PX;
            if (!annotation || short) {
                setOwn(undefined);
                tell(undefined);
                return;
            }
            if (now.tool === 'arrow') {
                setOwn(annotation);
                setNaming(at);
                return;
            }
            keep(annotation);
        },
        cancel: () => {
            growing.current = undefined;
            setNaming(undefined);
            setOwn(undefined);
            tell(undefined);
        },
    };
}
