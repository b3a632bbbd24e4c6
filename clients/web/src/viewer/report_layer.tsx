// What reports say of the image on one pane: drawings that nobody here can change, each with where it is from.
import { useStore } from '../state/store';
import type { StoredAnnotation } from '../wire';
import { numberText, useSpeech } from '../words';
import { pointsOnGlass } from './drawing';
import { trackingUidOf, type Report, type ReportDrawing } from './report_reader';
import type { ReportShelf } from './reports';
import type { OnGlass } from './use_pane';
import { toPoint } from './vector';

/** Without the reports that this server makes of the drawings of this very case: those are here already. */
export function othersReports(reports: readonly Report[], stored: readonly StoredAnnotation[]): Report[] {
    const own = new Set(stored.map((one) => trackingUidOf(one.annotation.annotation)));
    return reports.filter((report) => !report.drawings.some(({ trackingUid }) => own.has(trackingUid)));
}

interface ReportLayerProps {
    shelf: ReportShelf;
    onGlass: OnGlass;
    stored: readonly StoredAnnotation[];
}

export function ReportLayer({ shelf, onGlass, stored }: ReportLayerProps) {
    const { shown, reports } = useStore(shelf.state, (state) => state);
    if (!shown || !onGlass.viewport.overlays) {
        return null;
    }
    return (
        <svg className="drawings" aria-hidden="true">
            {othersReports(reports, stored)
                .filter(({ studyUid }) => studyUid === onGlass.loaded.set.studyUid)
                .flatMap((report) =>
                    report.drawings.map((drawing, at) => (
                        <Reported
                            key={`${report.sopInstanceUid}/${at}`}
                            drawing={drawing}
                            source={report.source}
                            onGlass={onGlass}
                        />
                    )),
                )}
        </svg>
    );
}

export function useReportedText(drawing: ReportDrawing): string {
    const { language } = useSpeech();
    const numbers = drawing.numbers.map(({ value, unit }) => `${numberText(value, language, 1)} ${unit}`.trim());
    return [...numbers, drawing.words].filter(Boolean).join(' · ');
}

const DOT = 4;

function Reported({ drawing, source, onGlass }: { drawing: ReportDrawing; source: string; onGlass: OnGlass }) {
    const { words } = useSpeech();
    const text = useReportedText(drawing);
    const points = pointsOnGlass(
        {
            frameOfReferenceUid: drawing.frameOfReferenceUid,
            image: drawing.image ?? { sopInstanceUid: '', frame: 1 },
            displaySet: '',
            points: drawing.points.map(toPoint),
        },
        onGlass,
    );
    if (!points) {
        return null;
    }
    const right = points.reduce((best, point) => (point[0] > best[0] ? point : best));
    return (
        <g className="drawing reported" data-report={drawing.trackingUid}>
            {points.length > 1 ? (
                <polyline points={points.map((point) => point.join(',')).join(' ')} />
            ) : (
                <circle cx={right[0]} cy={right[1]} r={DOT} />
            )}
            {text && (
                <text x={right[0] + 8} y={right[1] + 4}>
                    {text}
                    <tspan x={right[0] + 8} dy="1.2em">
                        {words.fromReport(source)}
                    </tspan>
                </text>
            )}
        </g>
    );
}
