// DICOM JSON model (PS3.18 F) to the few attributes the viewer needs. Whatever is missing or of
// the wrong shape becomes undefined or an empty text: a header of the world is never trusted.
import { paletteOf, type Palette } from './palette';
import { add, cross, scale, unit, type Vector } from './vector';

export interface DicomElement {
    vr?: string;
    Value?: unknown[];
    InlineBinary?: string;
    BulkDataURI?: string;
    /** What lies at that address, once it has been fetched; numbers with their lowest byte first. */
    fetched?: Uint8Array<ArrayBuffer>;
}
export type DicomObject = Record<string, DicomElement | undefined>;

const numbersOf = (object: DicomObject, tag: string): number[] | undefined => {
    const values = object[tag]?.Value?.map((value) =>
        typeof value === 'number' ? value : typeof value === 'string' ? Number(value) : Number.NaN,
    );
    return values && values.length > 0 && values.every(Number.isFinite) ? values : undefined;
};

const numberOf = (object: DicomObject, tag: string): number | undefined => numbersOf(object, tag)?.[0];

const textsOf = (object: DicomObject, tag: string): string[] =>
    (object[tag]?.Value ?? []).filter((value): value is string => typeof value === 'string');

const textOf = (object: DicomObject, tag: string): string => textsOf(object, tag)[0]?.trim() ?? '';

/** A person name: the alphabetic group when there is one (PS3.5 6.2.1.1). */
function nameOf(object: DicomObject, tag: string): string {
    const value = object[tag]?.Value?.[0];
    if (typeof value === 'string') {
        return value.trim();
    }
    if (typeof value !== 'object' || value === null) {
        return '';
    }
    const groups = value as { Alphabetic?: unknown; Ideographic?: unknown; Phonetic?: unknown };
    for (const group of [groups.Alphabetic, groups.Ideographic, groups.Phonetic]) {
        if (typeof group === 'string' && group !== '') {
            return group.trim();
        }
    }
    return '';
}

const sequenceOf = (object: DicomObject, tag: string): DicomObject[] =>
    (object[tag]?.Value ?? []).filter(
        (value): value is DicomObject => typeof value === 'object' && value !== null,
    );

/** Recommended Display Frame Rate, else Cine Rate, else from Frame Time (PS3.3 C.7.6.5). */
function frameRateOf(object: DicomObject): number | undefined {
    const rate = numberOf(object, '00082144') ?? numberOf(object, '00180040');
    const time = numberOf(object, '00181063');
    const found = rate ?? (time !== undefined && time > 0 ? 1000 / time : undefined);
    return found !== undefined && found > 0 ? found : undefined;
}

export interface UltrasoundRegion {
    x0: number;
    y0: number;
    x1: number;
    y1: number;
    /** cm a pixel. */
    deltaX: number;
    deltaY: number;
}

export interface Header {
    sopInstanceUid: string;
    sopClassUid: string;
    studyUid: string;
    seriesUid: string;
    frameOfReferenceUid: string;
    modality: string;
    patientName: string;
    patientId: string;
    birthDate: string;
    sex: string;
    studyDate: string;
    seriesDescription: string;
    seriesNumber: number | undefined;
    instanceNumber: number | undefined;
    laterality: string;
    patientOrientation: string[];
    orientation: { row: Vector; column: Vector } | undefined;
    position: Vector | undefined;
    pixelSpacing: { row: number; column: number } | undefined;
    imagerSpacing: { row: number; column: number } | undefined;
    aspect: number;
    sliceThickness: number | undefined;
    rows: number;
    columns: number;
    frames: number;
    /** Frames a second, where the image says one. */
    frameRate: number | undefined;
    samples: number;
    photometric: string;
    planar: number;
    bitsAllocated: number;
    bitsStored: number;
    /** The sample's highest bit in what is allocated, from 0. */
    highBit: number;
    signed: boolean;
    slope: number;
    intercept: number;
    /** What its values are after the rescale. */
    values: 'hounsfield' | 'stored';
    windowCenters: number[];
    windowWidths: number[];
    voiFunction: string;
    /** It has tables of grey values (PS3.3 C.11.1, C.11.2), which are named and not applied. */
    modalityTable: boolean;
    voiTable: boolean;
    lossy: boolean;
    regions: UltrasoundRegion[];
    palette: Palette | undefined;
    /** Which glass a slide is on, as the laboratory calls it; empty if it does not say. */
    container: string;
}

const pair = (values: number[] | undefined): { row: number; column: number } | undefined =>
    values?.[0] !== undefined && values[1] !== undefined && values[0] > 0 && values[1] > 0
        ? { row: values[0], column: values[1] }
        : undefined;

const vectorAt = (values: number[], start: number): Vector => [
    values[start] ?? 0,
    values[start + 1] ?? 0,
    values[start + 2] ?? 0,
];

function regionsOf(object: DicomObject): UltrasoundRegion[] {
    const centimetres = 3; // PS3.3 C.8.5.5.1.15: physical units 0003H
    return sequenceOf(object, '00186011')
        .filter(
            (region) =>
                numberOf(region, '00186024') === centimetres &&
                numberOf(region, '00186026') === centimetres,
        )
        .map((region) => ({
            x0: numberOf(region, '00186018') ?? 0,
            y0: numberOf(region, '0018601A') ?? 0,
            x1: numberOf(region, '0018601C') ?? 0,
            y1: numberOf(region, '0018601E') ?? 0,
            deltaX: Math.abs(numberOf(region, '0018602C') ?? 0),
            deltaY: Math.abs(numberOf(region, '0018602E') ?? 0),
        }))
        .filter((region) => region.deltaX > 0 && region.deltaY > 0);
}

/** Pixel aspect: height of a pixel over its width (PS3.3 C.7.6.3.1.7 gives vertical\horizontal). */
function aspectOf(object: DicomObject): number {
    const spacing = pair(numbersOf(object, '00280030')) ?? pair(numbersOf(object, '00181164'));
    if (spacing) {
        return spacing.row / spacing.column;
    }
    const ratio = numbersOf(object, '00280034');
    return ratio?.[0] && ratio[1] ? ratio[0] / ratio[1] : 1;
}

/** PS3.3 C.11.1.1.2: CT values are Hounsfield units unless the header says otherwise. */
function valuesOf(object: DicomObject): Header['values'] {
    const type = textOf(object, '00281054') || 'HU';
    const applied = sequenceOf(object, '00283000').length === 0;
    return textOf(object, '00080060') === 'CT' && type === 'HU' && applied ? 'hounsfield' : 'stored';
}

/**
 * Macros of the functional groups (PS3.3 C.7.6.16) and what they say in place of the header's own: plane
 * position and orientation, pixel measures, window, rescale, side of the body.
 */
const MACROS: Record<string, readonly string[]> = {
    '00209113': ['00200032'],
    '00209116': ['00200037'],
    '00289110': ['00280030', '00180050'],
    '00289132': ['00281050', '00281051', '00281056'],
    '00289145': ['00281052', '00281053', '00281054'],
};

/** The attributes of one item of a functional groups sequence, as if they stood in the header itself. */
function attributesOf(groups: DicomObject | undefined): DicomObject {
    const found: DicomObject = {};
    for (const [macro, tags] of Object.entries(MACROS)) {
        const [item] = groups ? sequenceOf(groups, macro) : [];
        for (const tag of tags) {
            if (item?.[tag]) {
                found[tag] = item[tag];
            }
        }
    }
    const [anatomy] = groups ? sequenceOf(groups, '00209071') : [];
    return anatomy?.['00209072'] ? { ...found, '00200062': anatomy['00209072'] } : found;
}

/** RT Dose says where its frames are as offsets along the normal (PS3.3 C.8.8.3.2). */
function offsetPosition(header: Header, offset: number): Vector | undefined {
    const { orientation, position } = header;
    const normal = orientation && unit(cross(unit(orientation.row), unit(orientation.column)));
    return normal && position && add(position, scale(normal, offset));
}

/**
 * One header for each frame, where frames differ; else one for all of them. What is said of a frame wins
 * over what is shared, and that over what stands outside of the groups.
 */
export function readHeaders(object: DicomObject): [Header, ...Header[]] {
    const [shared] = sequenceOf(object, '52009229');
    const frames = sequenceOf(object, '52009230');
    const forAll = { ...object, ...attributesOf(shared) };
    const whole = readHeader(forAll);
    const [first, ...rest] = frames;
    // Groups for some frames only would put the others where the first one lies: then none is believed.
    if (first && frames.length === Math.max(1, whole.frames)) {
        const read = (frame: DicomObject) => ({
            ...whole,
            ...geometryAndValues({ ...forAll, ...attributesOf(frame) }),
        });
        return [read(first), ...rest.map(read)];
    }
    const offsets = whole.frames > 1 ? (numbersOf(object, '3004000C') ?? []) : [];
    const [start, ...others] = offsets;
    if (start === undefined || offsets.length !== whole.frames) {
        return [whole];
    }
    const moved = (offset: number) => ({ ...whole, position: offsetPosition(whole, offset) });
    return [moved(start), ...others.map(moved)];
}

/** What may differ from frame to frame. */
function geometryAndValues(object: DicomObject) {
    const orientation = numbersOf(object, '00200037');
    const position = numbersOf(object, '00200032');
    return {
        laterality: textOf(object, '00200062') || textOf(object, '00200060'),
        orientation:
            orientation?.length === 6
                ? { row: vectorAt(orientation, 0), column: vectorAt(orientation, 3) }
                : undefined,
        position: position?.length === 3 ? vectorAt(position, 0) : undefined,
        pixelSpacing: pair(numbersOf(object, '00280030')),
        aspect: aspectOf(object),
        sliceThickness: numberOf(object, '00180050'),
        slope: numberOf(object, '00281053') ?? 1,
        intercept: numberOf(object, '00281052') ?? 0,
        values: valuesOf(object),
        windowCenters: numbersOf(object, '00281050') ?? [],
        windowWidths: numbersOf(object, '00281051') ?? [],
        voiFunction: textOf(object, '00281056') || 'LINEAR',
        modalityTable: sequenceOf(object, '00283000').length > 0,
        voiTable: sequenceOf(object, '00283010').length > 0,
    };
}

export function readHeader(object: DicomObject): Header {
    return {
        ...geometryAndValues(object),
        sopInstanceUid: textOf(object, '00080018'),
        sopClassUid: textOf(object, '00080016'),
        studyUid: textOf(object, '0020000D'),
        seriesUid: textOf(object, '0020000E'),
        frameOfReferenceUid: textOf(object, '00200052'),
        modality: textOf(object, '00080060'),
        patientName: nameOf(object, '00100010'),
        patientId: textOf(object, '00100020'),
        birthDate: textOf(object, '00100030'),
        sex: textOf(object, '00100040'),
        studyDate: textOf(object, '00080020'),
        seriesDescription: textOf(object, '0008103E'),
        seriesNumber: numberOf(object, '00200011'),
        instanceNumber: numberOf(object, '00200013'),
        patientOrientation: textsOf(object, '00200020'),
        imagerSpacing: pair(numbersOf(object, '00181164')),
        rows: numberOf(object, '00280010') ?? 0,
        columns: numberOf(object, '00280011') ?? 0,
        frames: numberOf(object, '00280008') ?? 1,
        frameRate: frameRateOf(object),
        samples: numberOf(object, '00280002') ?? 1,
        photometric: textOf(object, '00280004') || 'MONOCHROME2',
        planar: numberOf(object, '00280006') ?? 0,
        bitsAllocated: numberOf(object, '00280100') ?? 16,
        bitsStored: numberOf(object, '00280101') ?? 16,
        highBit: numberOf(object, '00280102') ?? (numberOf(object, '00280101') ?? 16) - 1,
        signed: numberOf(object, '00280103') === 1,
        lossy: textOf(object, '00282110') === '01',
        regions: regionsOf(object),
        palette: paletteOf(object),
        container: textOf(object, '00400512'),
    };
}
