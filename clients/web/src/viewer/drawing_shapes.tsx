// The shapes of drawings on a pane, from points of the glass. What is not drawn yet is left out.
import type { Annotation } from '../wire';
import type { Glass } from './geometry';
import type { Pixel } from './vector';

const TICK_PX = 5;
const CROSS_PX = 6;
const LINE_PX = 15;

interface ShapeProps {
    annotation: Annotation;
    points: readonly Pixel[];
    lines: readonly string[];
    /** The glass, over whose edge no word goes. */
    room: Glass;
}

export function Shape({ annotation, points, lines, room }: ShapeProps) {
    const [a, b, c, d] = points;
    if (!a) {
        return null;
    }
    switch (annotation.tool) {
        case 'length':
            return b ? <Measure a={a} b={b} lines={lines} room={room} /> : null;
        case 'arrow':
            return b ? <Arrow tip={a} tail={b} lines={lines} room={room} /> : null;
        case 'angle':
            return b ? <Angle arms={c ? [a, b, c] : [a, b]} lines={lines} room={room} /> : null;
        case 'bidirectional':
            return (
                <>
                    {b && <Measure a={a} b={b} lines={lines} room={room} />}
                    {c && d && <Measure a={c} b={d} lines={[]} room={room} />}
                </>
            );
        case 'ellipse':
            return b && c && d ? <Ellipse ends={[a, b, c, d]} lines={lines} room={room} /> : null;
        case 'probe':
            return <Probe at={a} lines={lines} room={room} />;
    }
}

interface Said {
    lines: readonly string[];
    room: Glass;
}

/** About as wide as a letter of a drawing's words is at most. */
const LETTER_PX = 8;
const EDGE_PX = 4;

/** Moved from the edge of the glass as far as its lines need. */
function within([x, y]: Pixel, { lines, room }: Said): Pixel {
    const width = LETTER_PX * Math.max(0, ...lines.map((line) => line.length));
    const height = LINE_PX * (lines.length - 1);
    const kept = (at: number, least: number, most: number) => Math.max(least, Math.min(most, at));
    // Where the drawing itself is beyond the edge, its words are too.
    const seen = x >= 0 && y >= 0 && x <= room.width + TICK_PX + CROSS_PX && y <= room.height + LINE_PX;
    return seen
        ? [kept(x, EDGE_PX, room.width - width - EDGE_PX), kept(y, LINE_PX, room.height - height - EDGE_PX)]
        : [x, y];
}

function Words({ at: beside, lines, room }: Said & { at: Pixel }) {
    const at = within(beside, { lines, room });
    return (
        <text x={at[0]} y={at[1]}>
            {lines.map((line, index) => (
                <tspan key={line} x={at[0]} dy={index === 0 ? 0 : LINE_PX}>
                    {line}
                </tspan>
            ))}
        </text>
    );
}

const rightOf = (points: readonly Pixel[]): Pixel => {
    const [x, y] = points.reduce((best, point) => (point[0] > best[0] ? point : best), [-Infinity, 0]);
    return [x + 8, y + 4];
};

const path = (points: readonly Pixel[]): string => points.map(([x, y]) => `${x},${y}`).join(' ');

function Measure({ a, b, lines, room }: Said & { a: Pixel; b: Pixel }) {
    const size = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
    const across: Pixel = [(-(b[1] - a[1]) / size) * TICK_PX, ((b[0] - a[0]) / size) * TICK_PX];
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
            <Words at={rightOf([a, b])} lines={lines} room={room} />
        </>
    );
}

function Angle({ arms, lines, room }: Said & { arms: readonly Pixel[] }) {
    return (
        <>
            <polyline points={path(arms)} />
            <Words at={rightOf(arms)} lines={lines} room={room} />
        </>
    );
}

function Ellipse({ ends, lines, room }: Said & { ends: [Pixel, Pixel, Pixel, Pixel] }) {
    const [a, b, c, d] = ends;
    const middle: Pixel = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
    const one: Pixel = [(b[0] - a[0]) / 2, (b[1] - a[1]) / 2];
    const other: Pixel = [(d[0] - c[0]) / 2, (d[1] - c[1]) / 2];
    const round = Array.from({ length: 73 }, (_, step): Pixel => {
        const [x, y] = [Math.cos((step * Math.PI) / 36), Math.sin((step * Math.PI) / 36)];
        return [middle[0] + one[0] * x + other[0] * y, middle[1] + one[1] * x + other[1] * y];
    });
    return (
        <>
            <polyline points={path(round)} />
            <Words at={rightOf(ends)} lines={lines} room={room} />
        </>
    );
}

function Probe({ at: [x, y], lines, room }: Said & { at: Pixel }) {
    return (
        <>
            <line x1={x - CROSS_PX} y1={y} x2={x + CROSS_PX} y2={y} />
            <line x1={x} y1={y - CROSS_PX} x2={x} y2={y + CROSS_PX} />
            <Words at={[x + CROSS_PX + 4, y - 4]} lines={lines} room={room} />
        </>
    );
}

function Arrow({ tip, tail, lines, room }: Said & { tip: Pixel; tail: Pixel }) {
    const size = Math.hypot(tail[0] - tip[0], tail[1] - tip[1]) || 1;
    const along: Pixel = [((tail[0] - tip[0]) / size) * 12, ((tail[1] - tip[1]) / size) * 12];
    const wing = (side: number): Pixel => [
        tip[0] + along[0] - side * along[1] * 0.45,
        tip[1] + along[1] + side * along[0] * 0.45,
    ];
    return (
        <>
            <line x1={tip[0]} y1={tip[1]} x2={tail[0]} y2={tail[1]} />
            <polyline points={path([wing(1), tip, wing(-1)])} />
            <Words at={[tail[0] + 8, tail[1] + 4]} lines={lines} room={room} />
        </>
    );
}
