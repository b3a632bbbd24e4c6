// Structured reports of anybody's making (DICOM JSON of PS3.18 F, PS3.16 TID 1500) to drawings that can be
// shown: measurement groups with the coordinates in them, their words, their numbers. A report is foreign
// input: what is nested too deeply, too much or of another shape is left out, and nothing throws.
import type { DicomObject } from './dicom';
import { curve, itemsOf, nameOf, numbersOf, textOf } from './foreign';
import type { Vector } from './vector';

export interface ReportNumber {
    name: string;
    value: number;
    unit: string;
}

export interface ReportDrawing {
    /** Of what is tracked, in every version of a report; empty if it does not say. */
    trackingUid: string;
    words: string;
    numbers: ReportNumber[];
    /** In patient space the points are mm; on an image column and row, from the centre of its first pixel. */
    frameOfReferenceUid: string;
    image: { sopInstanceUid: string; frame: number } | undefined;
    points: Vector[];
}

export interface Report {
    sopInstanceUid: string;
    seriesUid: string;
    studyUid: string;
    /** Who measured, or what. */
    source: string;
    manufacturer: string;
    drawings: ReportDrawing[];
}

export const reportBounds = { depth: 24, items: 20_000, drawings: 1000, points: 2048 };

const HALF_PIXEL = 0.5;

const codes = {
    group: '125007',
    trackingUid: '112040',
    comment: '121106',
    finding: '121071',
    sites: ['363698007', 'G-C0E3'],
    person: '121008',
    device: '121013',
};

const codeOf = (item: DicomObject, tag: string): { value: string; meaning: string } => {
    const [code = {}] = itemsOf(item, tag);
    return { value: textOf(code, '00080100'), meaning: textOf(code, '00080104') };
};

/** The tree of one report, level by level, within the bounds; `inside` says where to go on. */
class Walk {
    private left = reportBounds.items;

    childrenOf(item: DicomObject): DicomObject[] {
        const children = itemsOf(item, '0040A730').slice(0, this.left);
        this.left -= children.length;
        return children;
    }

    /** Every item below, itself left out, in order. */
    below(item: DicomObject, depth = 0): DicomObject[] {
        if (depth >= reportBounds.depth) {
            return [];
        }
        return this.childrenOf(item).flatMap((child) => [child, ...this.below(child, depth + 1)]);
    }
}

function pointsOf(item: DicomObject, dimensions: 2 | 3): Vector[] {
    const numbers = numbersOf(item, '00700022');
    const points: Vector[] = [];
    for (let at = 0; at + dimensions <= numbers.length && points.length < reportBounds.points; at += dimensions) {
        const [x = 0, y = 0, z = 0] = numbers.slice(at, at + dimensions);
        points.push(dimensions === 3 ? [x, y, z] : [x - HALF_PIXEL, y - HALF_PIXEL, 0]);
    }
    return points;
}

type Shape = Pick<ReportDrawing, 'frameOfReferenceUid' | 'image' | 'points'>;

/** SCOORD needs the image that it was selected from, SCOORD3D its frame of reference. */
function shapeOf(item: DicomObject, walk: Walk): Shape | undefined {
    const type = textOf(item, '0040A040');
    const kind = textOf(item, '00700023');
    if (type !== 'SCOORD' && type !== 'SCOORD3D') {
        return undefined;
    }
    const raw = pointsOf(item, type === 'SCOORD' ? 2 : 3);
    const points = kind === 'CIRCLE' || kind === 'ELLIPSE' ? curve(kind, raw) : raw;
    if (!points || points.length === 0) {
        return undefined;
    }
    if (type === 'SCOORD3D') {
        const frameOfReferenceUid = textOf(item, '30060024');
        return frameOfReferenceUid ? { frameOfReferenceUid, image: undefined, points } : undefined;
    }
    const [reference] = walk.childrenOf(item).flatMap((child) => itemsOf(child, '00081199'));
    const sopInstanceUid = reference ? textOf(reference, '00081155') : '';
    const [frame = 1] = reference ? numbersOf(reference, '00081160') : [];
    return sopInstanceUid
        ? { frameOfReferenceUid: '', image: { sopInstanceUid, frame }, points }
        : undefined;
}

function numberOf(item: DicomObject): ReportNumber | undefined {
    const [measured] = itemsOf(item, '0040A300');
    const [value] = measured ? numbersOf(measured, '0040A30A') : [];
    if (!measured || value === undefined) {
        return undefined;
    }
    const unit = codeOf(measured, '004008EA');
    return { name: codeOf(item, '0040A043').meaning, value, unit: unit.value === '1' ? '' : unit.value };
}

/** Our own words first, then what was found where. */
function wordsOf(items: DicomObject[]): string {
    const of = (concepts: string[]) =>
        items
            .filter((item) => concepts.includes(codeOf(item, '0040A043').value))
            .map((item) => textOf(item, '0040A160') || codeOf(item, '0040A168').meaning)
            .find(Boolean) ?? '';
    const comment = of([codes.comment]);
    return comment || [of([codes.finding]), of(codes.sites)].filter(Boolean).join(', ');
}

function drawingsOf(group: DicomObject, walk: Walk): ReportDrawing[] {
    const items = walk.below(group);
    const uid = items.find((item) => codeOf(item, '0040A043').value === codes.trackingUid);
    const about = {
        trackingUid: uid ? textOf(uid, '0040A124') : '',
        words: wordsOf(items),
        numbers: items
            .filter((item) => textOf(item, '0040A040') === 'NUM')
            .map(numberOf)
            .filter((number) => number !== undefined),
    };
    const shapes = items.map((item) => shapeOf(item, walk)).filter((shape) => shape !== undefined);
    // The words and numbers stand at the first shape; the others are drawn beside it.
    return shapes.map((shape, at) => ({ ...about, ...shape, ...(at > 0 && { words: '', numbers: [] }) }));
}

function sourceOf(report: DicomObject, items: DicomObject[]): string {
    const named = (concept: string) =>
        items
            .filter((item) => codeOf(item, '0040A043').value === concept)
            .map((item) => nameOf(item, '0040A123') || textOf(item, '0040A160'))
            .find(Boolean);
    return (
        named(codes.person) ??
        named(codes.device) ??
        (textOf(report, '00080070') || textOf(report, '0008103E'))
    );
}

function readReport(report: DicomObject): Report {
    const items = new Walk().below(report);
    const groups = items.filter(
        (item) =>
            textOf(item, '0040A040') === 'CONTAINER' && codeOf(item, '0040A043').value === codes.group,
    );
    const walk = new Walk();
    return {
        sopInstanceUid: textOf(report, '00080018'),
        seriesUid: textOf(report, '0020000E'),
        studyUid: textOf(report, '0020000D'),
        source: sourceOf(report, items),
        manufacturer: textOf(report, '00080070'),
        drawings: groups.flatMap((group) => drawingsOf(group, walk)).slice(0, reportBounds.drawings),
    };
}

/** UIDs of reports that a later one takes the place of (Predecessor Documents). */
function predecessorsOf(report: DicomObject): string[] {
    return itemsOf(report, '0040A360')
        .flatMap((study) => itemsOf(study, '00081115'))
        .flatMap((series) => itemsOf(series, '00081199'))
        .map((reference) => textOf(reference, '00081155'));
}

/** The newest versions of the reports in the metadata of some series. */
export function readReports(metadata: unknown): Report[] {
    const objects = (Array.isArray(metadata) ? metadata : []).filter(
        (one): one is DicomObject => typeof one === 'object' && one !== null,
    );
    const replaced = new Set(objects.flatMap(predecessorsOf));
    return objects
        .filter((object) => textOf(object, '00080060') === 'SR')
        .map(readReport)
        .filter((report) => !replaced.has(report.sopInstanceUid));
}

/** The UID under which this server's reports track a drawing of the case (PS3.5 B.2). */
export const trackingUidOf = (annotation: string): string =>
    `2.25.${BigInt(`0x${annotation.replaceAll('-', '')}`)}`;
