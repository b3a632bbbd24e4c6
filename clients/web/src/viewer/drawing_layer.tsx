// Drawings over one pane: finished ones, other people's growing ones, and one's own.
import { useEffect, useState } from 'react';
import { personColor } from '../ui/people';
import type { Annotation, StoredAnnotation } from '../wire';
import { useSpeech } from '../words';
import { pointsOnGlass } from './drawing';
import { Shape } from './drawing_shapes';
import { drawingLines } from './drawing_words';
import type { StageController } from './stage_controller';
import type { OnGlass } from './use_pane';

interface DrawingLayerProps {
    controller: StageController;
    onGlass: OnGlass;
    stored: readonly StoredAnnotation[];
    own: Annotation | undefined;
    nameOf: (user: string) => string;
}

/** Other people's drafts, at the rate of the line. */
function useDrafts(controller: StageController): { annotation: Annotation; color: string }[] {
    const read = () =>
        [...(controller.stage?.drafts ?? [])]
            .filter(([participant]) => participant !== controller.participant)
            .map(([participant, annotation]) => ({
                annotation,
                color: personColor(controller.stage?.participants.get(participant)?.color ?? 0),
            }));
    const [drafts, setDrafts] = useState(read);
    useEffect(
        () =>
            controller.watchStage(() => {
                const next = read();
                setDrafts((before) => (before.length === 0 && next.length === 0 ? before : next));
            }),
        // eslint-disable-next-line react-hooks/exhaustive-deps -- `read` closes over the controller only
        [controller],
    );
    return drafts;
}

export function DrawingLayer({ controller, onGlass, stored, own, nameOf }: DrawingLayerProps) {
    const drafts = useDrafts(controller);
    if (!onGlass.viewport.overlays) {
        return null;
    }
    const onPreview = ({ annotation }: Annotation) =>
        (onGlass.image?.preview ?? 0) > 0 && controller.drawnOnPreview.has(annotation);
    const finished = new Set(stored.map((one) => one.annotation.annotation));
    return (
        <svg className="drawings" aria-hidden="true">
            {stored.map((one) => (
                <Drawing
                    key={one.annotation.annotation}
                    annotation={one.annotation}
                    onGlass={onGlass}
                    title={nameOf(one.by)}
                    onPreview={onPreview(one.annotation)}
                />
            ))}
            {drafts
                .filter(({ annotation }) => !finished.has(annotation.annotation))
                .map(({ annotation, color }) => (
                    <Drawing
                        key={annotation.annotation}
                        annotation={annotation}
                        onGlass={onGlass}
                        color={color}
                        growing
                    />
                ))}
            {own && !finished.has(own.annotation) && (
                <Drawing annotation={own} onGlass={onGlass} onPreview={onPreview(own)} growing />
            )}
        </svg>
    );
}

interface DrawingProps {
    annotation: Annotation;
    onGlass: OnGlass;
    color?: string;
    title?: string;
    growing?: boolean;
    /** Where the lossless image is not there yet. */
    onPreview?: boolean;
}

function Drawing({ annotation, onGlass, color, title, growing, onPreview }: DrawingProps) {
    const { words, language } = useSpeech();
    const points = pointsOnGlass(annotation, onGlass);
    const lines = drawingLines(annotation, words, language);
    if (!points || points.length === 0) {
        return null;
    }
    return (
        <g
            className={growing ? 'drawing growing' : 'drawing'}
            style={color === undefined ? undefined : { color }}
            data-annotation={annotation.annotation}
            data-tool={annotation.tool}
        >
            {title !== undefined && <title>{title}</title>}
            <Shape
                annotation={annotation}
                points={points}
                room={onGlass.glass}
                lines={onPreview && annotation.tool !== 'arrow' ? [...lines, words.drawnOnPreview] : lines}
            />
        </g>
    );
}
