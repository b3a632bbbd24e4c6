// What others measured, as their reports say it: a switch, and each line leads to its image.
import { useEffect } from 'react';
import { useStore } from '../state/store';
import { firstView, type DisplaySet, type StageController } from '../viewer';
import { nearestSlice } from '../viewer/case_images';
import { othersReports, useReportedText } from '../viewer/report_layer';
import type { ReportDrawing } from '../viewer/report_reader';
import type { StoredAnnotation } from '../wire';
import { useWords } from '../words';
import type { StageHands } from './use_stage';

interface ReportListProps {
    hands: StageHands;
    stored: readonly StoredAnnotation[];
}

export function ReportList({ hands, stored }: ReportListProps) {
    const words = useWords();
    const { reports: shelf } = hands.controller;
    const sets = useStore(hands.controller.state, (state) => state.sets);
    const { shown, reports } = useStore(shelf.state, (state) => state);
    useEffect(() => {
        const stop = new AbortController();
        void shelf.read(stop.signal);
        return () => stop.abort();
    }, [shelf, sets]);
    const others = othersReports(reports, stored);
    if (others.every((report) => report.drawings.length === 0)) {
        return null;
    }
    return (
        <section>
            <h2>{words.reported}</h2>
            <label className="row">
                <input type="checkbox" checked={shown} onChange={(event) => shelf.show(event.target.checked)} />
                {words.showReported}
            </label>
            <ul className="list">
                {others.flatMap((report) =>
                    report.drawings
                        .filter((drawing) => drawing.words !== '' || drawing.numbers.length > 0)
                        .map((drawing, at) => (
                            <ReportRow
                                key={`${report.sopInstanceUid}/${at}`}
                                drawing={drawing}
                                source={report.source}
                                set={setOf(drawing, report.studyUid, sets)}
                                hands={hands}
                            />
                        )),
                )}
            </ul>
        </section>
    );
}

/** Where it can be seen: its own image's series, or the first of its space in its study. */
function setOf(drawing: ReportDrawing, studyUid: string, sets: readonly DisplaySet[]): DisplaySet | undefined {
    const { image, frameOfReferenceUid } = drawing;
    return sets.find((set) =>
        image
            ? set.instances.some((one) => one.sopInstanceUid === image.sopInstanceUid)
            : set.studyUid === studyUid && set.frameOfReferenceUid === frameOfReferenceUid,
    );
}

async function imageNear(controller: StageController, set: DisplaySet, { points }: ReportDrawing) {
    const loaded = await controller.images.load(set.displaySet);
    const slice = points[0] && loaded.slices[nearestSlice(loaded, points[0]).index];
    return slice && { sopInstanceUid: slice.sopInstanceUid, frame: slice.frame };
}

interface ReportRowProps {
    drawing: ReportDrawing;
    source: string;
    set: DisplaySet | undefined;
    hands: StageHands;
}

function ReportRow({ drawing, source, set, hands }: ReportRowProps) {
    const words = useWords();
    const text = useReportedText(drawing);
    const goThere = async () => {
        if (!set) {
            return;
        }
        const { controller } = hands;
        const { seen } = controller.state.get();
        const before = seen.viewports[seen.active];
        const base = before?.displaySet === set.displaySet ? { ...before, plane: undefined } : firstView(set);
        const image = drawing.image ?? (await imageNear(controller, set, drawing));
        controller.change(seen.active, { ...base, image: image ?? base.image }, { what: 'other' });
    };
    return (
        <li>
            <button type="button" className="series" disabled={!set} onClick={() => void goThere()}>
                <span>{text}</span>
                <small className="mute">{words.fromReport(source)}</small>
            </button>
        </li>
    );
}
