// What a presentation state of others puts over the image on one pane: its shutters, then its drawings and words.
import { useId } from 'react';
import { useSpeech, type Words } from '../words';
import { pixelToWorld, worldToGlass } from './geometry';
import type { Presented } from './presentation';
import type { StateShape, StateShutter, StateText } from './presentation_reader';
import type { OnGlass } from './use_pane';
import type { Pixel } from './vector';

const ROUND_STEPS = 96;
const DOT = 4;
/** px from line to line. */
const LINE = 17;

const listOf = (points: readonly Pixel[]): string => points.map((point) => point.join(',')).join(' ');
const pathOf = (points: readonly Pixel[]): string => `M${points.map((point) => point.join(' ')).join('L')}Z`;

export function PresentationLayer({ onGlass }: { onGlass: OnGlass }) {
    const presented = onGlass.image?.presented;
    if (!presented) {
        return null;
    }
    const toGlass: ToGlass = (units, at) => worldToGlass(onGlass.projection, presented.place(units, at));
    return (
        <svg className="drawings presented" aria-hidden="true">
            <Shutters presented={presented} onGlass={onGlass} toGlass={toGlass} />
            {onGlass.viewport.overlays &&
                presented.graphics.map(({ shapes, texts }, layer) => (
                    <g key={layer} className="drawing stated">
                        {shapes.map((shape, at) => (
                            <Shape key={`shape ${at}`} shape={shape} toGlass={toGlass} />
                        ))}
                        {texts.map((text, at) => (
                            <Text key={`text ${at}`} text={text} toGlass={toGlass} />
                        ))}
                    </g>
                ))}
        </svg>
    );
}

type ToGlass = (...at: Parameters<Presented['place']>) => Pixel;

function Shape({ shape, toGlass }: { shape: StateShape; toGlass: ToGlass }) {
    const points = shape.points.map((point) => toGlass(shape.units, point));
    const look = shape.filled ? 'filled' : undefined;
    const [first, second] = points;
    if (first && (shape.round || points.length === 1)) {
        const radius = second ? Math.hypot(second[0] - first[0], second[1] - first[1]) : DOT;
        return <circle className={look} cx={first[0]} cy={first[1]} r={radius} />;
    }
    return <polyline className={look} points={listOf(points)} />;
}

/** In its box, which may have been turned with the image; letters stay upright. */
function Text({ text, toGlass }: { text: StateText; toGlass: ToGlass }) {
    const corner = toGlass(text.units, text.at);
    const other = text.to ? toGlass(text.units, text.to) : corner;
    const [left, right] = [Math.min(corner[0], other[0]), Math.max(corner[0], other[0])];
    const top = Math.min(corner[1], other[1]);
    const x = text.justify === 'end' ? right : text.justify === 'middle' ? (left + right) / 2 : left;
    const anchor = text.anchor && toGlass(text.anchor.units, text.anchor.at);
    return (
        <>
            {anchor && <polyline points={listOf([anchor, [x, top]])} />}
            <text x={x} y={top + LINE} textAnchor={text.justify}>
                {text.lines.map((line, at) => (
                    <tspan key={at} x={x} y={top + LINE * (at + 1)}>
                        {line}
                    </tspan>
                ))}
            </text>
        </>
    );
}

interface ShuttersProps {
    presented: Presented;
    onGlass: OnGlass;
    toGlass: ToGlass;
}

/** Each covers what lies outside of it, and all of them together more. */
function Shutters({ presented: { state }, onGlass, toGlass }: ShuttersProps) {
    const id = useId();
    const geometry = onGlass.image?.slice.geometry;
    if (!geometry || state.shutters.length === 0) {
        return null;
    }
    const [right, bottom] = [geometry.columns - 0.5, geometry.rows - 0.5];
    const image: Pixel[] = [
        [-0.5, -0.5],
        [right, -0.5],
        [right, bottom],
        [-0.5, bottom],
    ];
    const outline = image.map((pixel) => worldToGlass(onGlass.projection, pixelToWorld(geometry, pixel)));
    const { width, height } = onGlass.glass;
    const glass: Pixel[] = [
        [0, 0],
        [width, 0],
        [width, height],
        [0, height],
    ];
    const level = Math.round(state.shutterGrey * 255);
    const stretch = geometry.columnSpacing / geometry.rowSpacing;
    return (
        <>
            <clipPath id={id}>
                <path d={pathOf(outline)} />
            </clipPath>
            {state.shutters.map((shutter, at) => (
                <path
                    key={at}
                    className="shutter"
                    clipPath={`url(#${id})`}
                    fill={`rgb(${level} ${level} ${level})`}
                    fillRule="evenodd"
                    d={pathOf(glass) + pathOf(edgeOf(shutter, stretch).map((point) => toGlass('pixel', point)))}
                />
            ))}
        </>
    );
}

/** A circle is one in the patient: its radius counts columns. */
function edgeOf(shutter: StateShutter, stretch: number): Pixel[] {
    if (shutter.kind === 'polygon') {
        return shutter.points;
    }
    const { center, radius } = shutter;
    return Array.from({ length: ROUND_STEPS }, (_, step): Pixel => {
        const angle = (2 * Math.PI * step) / ROUND_STEPS;
        return [center[0] + radius * Math.cos(angle), center[1] + radius * stretch * Math.sin(angle)];
    });
}

/** What this glass shows otherwise than the state on the stage says it, in words. */
export function presentationNotes(words: Words, onGlass: OnGlass, masked: boolean): string[] {
    const { viewport, state, image } = onGlass;
    const told = words.looking.presentation;
    if (viewport.presentationState === '' || !image) {
        return [];
    }
    if (masked) {
        return [told.withheld];
    }
    if (!state) {
        return [told.unreadable];
    }
    if (!image.presented) {
        return [image.plane ? told.notOfPlanes : told.notOfThis(state.label)];
    }
    const missing = image.presented.missing.map((one) => told.missing[one]);
    return missing.length > 0 ? [told.notShown(missing.join(', '))] : [];
}

/** What the image itself says of its greys and the glass does not show, in words. */
export function imageNotes({ looking }: Words, { viewport, image }: OnGlass): string[] {
    if (!image || image.slice.header.samples > 1) {
        return [];
    }
    const { modalityTable, voiTable, voiFunction, windowCenters } = image.slice.header;
    // Somebody's window, or a state's, is in the place of the image's own.
    const own = !viewport.window && !image.presented;
    const windowed = windowCenters.length > 0;
    return [
        modalityTable ? looking.ownGreys.modality : '',
        own && voiTable && !windowed ? looking.ownGreys.table : '',
        own && windowed && voiFunction.startsWith('SIGMOID') ? looking.ownGreys.sigmoid : '',
    ].filter(Boolean);
}

export function usePresentationName(onGlass: OnGlass | undefined): string {
    const { words } = useSpeech();
    const presented = onGlass?.image?.presented;
    return presented ? words.looking.presentation.shownAs(presented.state.label) : '';
}
