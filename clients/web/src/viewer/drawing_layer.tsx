// Lengths and arrows over one pane: finished ones, other people's growing ones, and one's own.
import { useEffect, useState } from 'react';
import { personColor } from '../ui/people';
import type { Annotation, StoredAnnotation } from '../wire';
import { numberText, useSpeech } from '../words';
import { pointsOnGlass } from './drawing';
import type { StageController } from './stage_controller';
import type { OnGlass } from './use_pane';
import type { Pixel } from './vector';

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
    const finished = new Set(stored.map((one) => one.annotation.annotation));
    return (
        <svg className="drawings" aria-hidden="true">
            {stored.map((one) => (
                <Drawing
                    key={one.annotation.annotation}
                    annotation={one.annotation}
                    onGlass={onGlass}
                    title={nameOf(one.by)}
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
                <Drawing annotation={own} onGlass={onGlass} growing />
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
}

function Drawing({ annotation, onGlass, color, title, growing }: DrawingProps) {
    const points = pointsOnGlass(annotation, onGlass);
    const [a, b] = points ?? [];
    if (!a || !b) {
        return null;
    }
    return (
        <g
            className={growing ? 'drawing growing' : 'drawing'}
            style={color === undefined ? undefined : { color }}
            data-annotation={annotation.annotation}
        >
            {title !== undefined && <title>{title}</title>}
            {annotation.tool === 'length' ? (
                <Length a={a} b={b} annotation={annotation} />
            ) : (
                <Arrow tip={a} tail={b} label={annotation.label} />
            )}
        </g>
    );
}

function Length({ a, b, annotation }: { a: Pixel; b: Pixel; annotation: Annotation }) {
    const text = useLengthText(annotation);
    const size = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
    const across: Pixel = [(-(b[1] - a[1]) / size) * 5, ((b[0] - a[0]) / size) * 5];
    const right = a[0] > b[0] ? a : b;
    return (
        <>
            <line x1={a[0]} y1={a[1]} x2={b[0]} y2={b[1]} />
            {[a, b].map((end, index) => (
                <line
                    key={index}
                    x1={end[0] - across[0]}
                    y1={end[1] - across[1]}
                    x2={end[0] + across[0]}
                    y2={end[1] + across[1]}
                />
            ))}
            <text x={right[0] + 8} y={right[1] + 4}>
                {text}
            </text>
        </>
    );
}

export function useLengthText(annotation: Annotation): string {
    const { words, language } = useSpeech();
    const digits = annotation.unit === 'px' ? 0 : 1;
    const value = words.measured(numberText(annotation.value, language, digits), annotation.unit);
    const parts = [
        value,
        annotation.calibration === 'detector' ? words.notCorrected : '',
        annotation.label,
    ];
    return parts.filter(Boolean).join(' · ');
}

function Arrow({ tip, tail, label }: { tip: Pixel; tail: Pixel; label: string }) {
    const size = Math.hypot(tail[0] - tip[0], tail[1] - tip[1]) || 1;
    const along: Pixel = [((tail[0] - tip[0]) / size) * 12, ((tail[1] - tip[1]) / size) * 12];
    const wing = (side: number): Pixel => [
        tip[0] + along[0] - side * along[1] * 0.45,
        tip[1] + along[1] + side * along[0] * 0.45,
    ];
    const [one, other] = [wing(1), wing(-1)];
    return (
        <>
            <line x1={tip[0]} y1={tip[1]} x2={tail[0]} y2={tail[1]} />
            <polyline
                points={`${one[0]},${one[1]} ${tip[0]},${tip[1]} ${other[0]},${other[1]}`}
            />
            <text x={tail[0] + 8} y={tail[1] + 4}>
                {label}
            </text>
        </>
    );
}
