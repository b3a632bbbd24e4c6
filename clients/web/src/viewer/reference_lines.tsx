// Where the planes of the other viewports cut through this one. With the crosshair chosen they are what it
// moves. Drawn by the rhythm of the stage, as panes of the others paint.
import { useEffect, useState } from 'react';
import { useStore } from '../state/store';
import { cutLine, type Cut } from './cut';
import { worldToGlass } from './geometry';
import type { StageController } from './stage_controller';
import type { OnGlass } from './use_pane';
import { dot, subtract } from './vector';

interface ReferenceLinesProps {
    controller: StageController;
    pane: number;
    onGlass: OnGlass;
}

function cutsThrough(controller: StageController, pane: number, onGlass: OnGlass): Cut[] {
    const { links } = controller;
    return [...controller.panes]
        .filter(([other]) => other !== pane)
        .flatMap(([other, state]) => {
            const cut = cutLine(onGlass.projection, state, links);
            return cut ? [{ ...cut, pane: other }] : [];
        });
}

const same = (a: Cut[], b: Cut[]): boolean => JSON.stringify(a) === JSON.stringify(b);

export function ReferenceLines({ controller, pane, onGlass }: ReferenceLinesProps) {
    const [cuts, setCuts] = useState<Cut[]>([]);
    useEffect(() => {
        const read = () => {
            const next = cutsThrough(controller, pane, onGlass);
            setCuts((before) => (same(before, next) ? before : next));
        };
        read();
        return controller.watchStage(read);
    }, [controller, pane, onGlass]);
    if (!onGlass.viewport.overlays || cuts.length === 0) {
        return null;
    }
    return (
        <svg className="drawings reference-lines" aria-hidden="true">
            {cuts.map(({ pane: other, from, to }) => (
                <line key={other} data-cuts={other} x1={from[0]} y1={from[1]} x2={to[0]} y2={to[1]} />
            ))}
        </svg>
    );
}

/** One's own marks for a link, numbered in the order in which they belong together. */
export function Marks({ controller, onGlass }: Omit<ReferenceLinesProps, 'pane'>) {
    const marks = useStore(controller.state, (state) => state.marks);
    const { projection, shown } = onGlass;
    const own = marks.filter(({ space }) => space === projection.frameOfReferenceUid);
    if (own.length === 0) {
        return null;
    }
    return (
        <svg className="drawings marks" aria-hidden="true">
            {own.map(({ point }, at) => {
                const off = Math.abs(dot(subtract(point, projection.center), projection.normal));
                const [x, y] = worldToGlass(projection, point);
                return off > shown.halfThickness ? null : (
                    <g key={at} data-mark={at + 1}>
                        <circle cx={x} cy={y} r={6} />
                        <text x={x + 9} y={y - 6}>
                            {at + 1}
                        </text>
                    </g>
                );
            })}
        </svg>
    );
}
