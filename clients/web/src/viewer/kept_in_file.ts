// What the headers of a case leave in its files and the glass needs: tables of palettes, profiles of slides. Each is
// fetched once, when its series is loaded; an object whose values cannot be had stays as it was.
import { bytesOf, fetchBulk } from './bulk';
import type { DicomElement, DicomObject } from './dicom';
import { PALETTE_TAGS, TABLE_BYTES_MAX } from './palette';

/** Bytes of all tables of one series. */
const TABLES_MAX = 64 * 1024 * 1024;
const PROFILE_MAX = 16 * 1024 * 1024;
/** Values on their way at once. */
const AT_ONCE = 4;

/** Whose values they are, and until when they are wanted. */
export interface Asker {
    patientCase: string;
    signal: AbortSignal;
}

type Bytes = Uint8Array<ArrayBuffer>;

const areSame = (one: Bytes, other: Bytes): boolean =>
    one.length === other.length && one.every((byte, at) => byte === other[at]);

/** Equal values are kept once. */
class Values {
    private readonly kept: Bytes[] = [];
    taken = 0;

    keep(bytes: Bytes): Bytes {
        this.taken += bytes.length;
        const before = this.kept.find((one) => areSame(one, bytes));
        if (!before) {
            this.kept.push(bytes);
        }
        return before ?? bytes;
    }
}

/** In order, a few at a time. */
async function eachOf<T>(list: readonly T[], make: (one: T) => Promise<T>): Promise<T[]> {
    const made = [...list];
    let next = 0;
    const work = async () => {
        while (next < list.length) {
            const at = next;
            next += 1;
            made[at] = await make(list[at] as T);
        }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return made;
}

/** Two bytes of each word change places: values come in the order of their file (PS3.5 7.3). */
function swapped(bytes: Bytes): Bytes {
    const turned = new Uint8Array(bytes.length);
    for (let at = 0; at + 1 < bytes.length; at += 2) {
        turned[at] = bytes[at + 1] ?? 0;
        turned[at + 1] = bytes[at] ?? 0;
    }
    return turned;
}

const isPalette = (object: DicomObject): boolean => object['00280004']?.Value?.[0] === 'PALETTE COLOR';

/** The same objects, with the tables of palette images in them; `isBigEndian` says of which files. */
export async function withPalettes(
    { patientCase, signal }: Asker,
    objects: readonly DicomObject[],
    isBigEndian: (object: DicomObject) => boolean,
): Promise<DicomObject[]> {
    if (!objects.some(isPalette)) {
        return [...objects];
    }
    const values = new Values();
    const tableOf = async (object: DicomObject, element: DicomElement, turn: boolean): Promise<DicomElement> => {
        const bytes = await fetchBulk(patientCase, object, element, TABLE_BYTES_MAX, signal);
        if (values.taken + bytes.length > TABLES_MAX) {
            throw new Error('too many palettes');
        }
        return { fetched: values.keep(turn ? swapped(bytes) : bytes) };
    };
    return eachOf(objects, async (object) => {
        if (!isPalette(object)) {
            return object;
        }
        const tags = PALETTE_TAGS.filter((tag) => object[tag]);
        const turn = isBigEndian(object);
        try {
            const tables = await Promise.all(tags.map((tag) => tableOf(object, object[tag] ?? {}, turn)));
            return { ...object, ...Object.fromEntries(tags.map((tag, at) => [tag, tables[at]])) };
        } catch {
            signal.throwIfAborted();
            return object; // whoever loads it says that it has no palette
        }
    });
}

/** The same headers of a slide, with the colour profile of their first optical path in them. */
export async function withProfiles(
    { patientCase, signal }: Asker,
    objects: readonly DicomObject[],
): Promise<DicomObject[]> {
    const values = new Values();
    return eachOf(objects, async (object) => {
        const [path, ...others] = (object['00480105']?.Value ?? []) as DicomObject[];
        const profile = path?.['00282000'];
        if (!profile || (bytesOf(profile) === undefined && profile.BulkDataURI === undefined)) {
            return object;
        }
        try {
            const fetched = values.keep(await fetchBulk(patientCase, object, profile, PROFILE_MAX, signal));
            const filled = { ...path, '00282000': { ...profile, fetched } };
            return { ...object, '00480105': { vr: 'SQ', Value: [filled, ...others] } };
        } catch {
            signal.throwIfAborted();
            return object; // the glass says that its colours are not matched
        }
    });
}
