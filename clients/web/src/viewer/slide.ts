// A slide under the microscope: what its headers say of the whole, however many resolutions and tiles it is
// stored in (PS3.3 C.8.12.4). Pure. The world of a slide is mm from the top left corner of its largest
// resolution, x to the right and y downwards; pixels where it does not say how large they are.
import { bytesOf } from './bulk';
import type { DicomObject } from './dicom';

export interface Slide {
    /** Headers of all resolutions, with what some writers leave out. */
    objects: DicomObject[];
    /** Pixels of the largest resolution. */
    columns: number;
    rows: number;
    /** World units a pixel of the largest resolution. */
    unit: number;
    /** Whether a world unit is a mm. */
    measured: boolean;
    /** Whether its colours are matched by ICC profiles; lost when it has some and not all could be had. */
    profile: 'used' | 'none' | 'lost';
    /** By SOP Instance UID; of every resolution in colour, or of none. */
    profiles: ReadonlyMap<string, Uint8Array>;
}

const TOTAL_COLUMNS = '00480006';
const TOTAL_ROWS = '00480007';

const numberAt = (object: DicomObject | undefined, tag: string): number | undefined => {
    const value = object?.[tag]?.Value?.[0];
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
};

function itemAt(object: DicomObject | undefined, tag: string): DicomObject | undefined {
    const value = object?.[tag]?.Value?.[0];
    return typeof value === 'object' && value !== null ? (value as DicomObject) : undefined;
}

const columnsOf = (object: DicomObject): number => numberAt(object, TOTAL_COLUMNS) ?? 0;

/** mm from column to column: Pixel Measures, else the imaged width spread over the columns. */
function spacingOf(object: DicomObject): number | undefined {
    const measures = itemAt(itemAt(object, '52009229'), '00289110');
    const between = measures?.['00280030']?.Value?.[1];
    const width = numberAt(object, '00480001');
    const spacing =
        typeof between === 'number' ? between : width && width / Math.max(1, columnsOf(object));
    return spacing !== undefined && spacing > 0 ? spacing : undefined;
}

const PATHS = '00480105';
const PROFILE = '00282000';

/**
 * dicom-microscopy-viewer needs the kind of image and one space for all resolutions. A slide that names no
 * frame of reference is a space of its own, which `ownSpace` names. Profiles are given to it apart.
 */
function completed(object: DicomObject, ownSpace: string): DicomObject {
    const type = object['00080008'];
    const kind = { vr: 'CS', Value: ['DERIVED', 'PRIMARY', 'VOLUME', 'NONE'] };
    const paths = (object[PATHS]?.Value ?? []) as DicomObject[];
    return {
        ...object,
        '00080008': (type?.Value?.length ?? 0) > 2 ? type : kind,
        '00200052': object['00200052']?.Value ? object['00200052'] : { vr: 'UI', Value: [ownSpace] },
        ...(paths.length > 0 && { [PATHS]: { vr: 'SQ', Value: paths.map(withoutProfile) } }),
    };
}

const withoutProfile = (path: DicomObject): DicomObject =>
    Object.fromEntries(Object.entries(path).filter(([tag]) => tag !== PROFILE));

const LETTERS = new TextDecoder('latin1');

/** A browser passes over what is no profile of RGB (ICC.1:2022 7.2) without a word: then we say it. */
function isProfile(bytes: Uint8Array): boolean {
    const letters = (at: number) => LETTERS.decode(bytes.subarray(at, at + 4));
    const size = bytes.length < 132 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    return size >= 132 && size <= bytes.length && letters(16) === 'RGB ' && letters(36) === 'acsp';
}

/** Colours are matched when that can be done in every resolution. */
function profilesOf(objects: readonly DicomObject[]): Pick<Slide, 'profile' | 'profiles'> {
    const profiles = new Map<string, Uint8Array>();
    const colored = objects.filter((object) => numberAt(object, '00280002') === 3);
    let told = 0;
    for (const object of colored) {
        const element = itemAt(object, PATHS)?.[PROFILE];
        const bytes = bytesOf(element);
        told += Number(bytes !== undefined || element?.BulkDataURI !== undefined);
        if (bytes && isProfile(bytes)) {
            profiles.set(String(object['00080018']?.Value?.[0]), bytes);
        }
    }
    if (told === 0) {
        return { profile: 'none', profiles: new Map() };
    }
    const all = profiles.size === colored.length;
    return all ? { profile: 'used', profiles } : { profile: 'lost', profiles: new Map() };
}

/** Undefined when no header says how large the slide is. */
export function readSlide(objects: readonly DicomObject[], ownSpace: string): Slide | undefined {
    const tiled = objects.filter((object) => columnsOf(object) > 0 && (numberAt(object, TOTAL_ROWS) ?? 0) > 0);
    const [base] = [...tiled].sort((a, b) => columnsOf(b) - columnsOf(a));
    if (!base) {
        return undefined;
    }
    const spacing = spacingOf(base);
    return {
        objects: tiled.map((object) => completed(object, ownSpace)),
        columns: columnsOf(base),
        rows: numberAt(base, TOTAL_ROWS) ?? 0,
        unit: spacing ?? 1,
        measured: spacing !== undefined,
        ...profilesOf(tiled),
    };
}

/** The magnification of a microscope that shows as much: 10x is held to be 1 µm a pixel. */
export function magnification(slide: Slide, unitsPerPixel: number): number | undefined {
    const micrometres = unitsPerPixel * 1000;
    return slide.measured && micrometres > 0 ? 10 / micrometres : undefined;
}
