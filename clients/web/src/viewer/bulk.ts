// Values that a header leaves where they lie in the file (PS3.18 F.2.2). Our metadata says where with a place alone
// ("00282000.1674.2876") or with a whole address that ends in one; only the place is believed, and the address is
// made of what the header says it is of (server/dicomweb/CONFORMANCE.md).
import { fetchAgain } from '../connection/http';
import type { DicomElement, DicomObject } from './dicom';

const PLACE = /(?:^|\/)([0-9A-F]{8}\.[0-9]{1,20}\.([0-9]{1,20}))$/;
const UID = /^[0-9.]{1,64}$/;

const uidAt = (object: DicomObject, tag: string): string => {
    const value = object[tag]?.Value?.[0];
    return typeof value === 'string' && UID.test(value) ? value : '';
};

/** Where a value of this object is fetched, and how many bytes it has; undefined when that is not told. */
export function bulkPlace(
    patientCase: string,
    object: DicomObject,
    uri: string | undefined,
): { address: string; bytes: number } | undefined {
    const [, place, bytes] = PLACE.exec(uri ?? '') ?? [];
    const [study, series, instance] = ['0020000D', '0020000E', '00080018'].map((tag) => uidAt(object, tag));
    if (!place || !study || !series || !instance) {
        return undefined;
    }
    const of = `studies/${study}/series/${series}/instances/${instance}`;
    return { address: `/api/cases/${patientCase}/dicom-web/${of}/bulkdata/${place}`, bytes: Number(bytes) };
}

/** Bytes of a value that stands in the header itself, or has been fetched. */
export function bytesOf(element: DicomElement | undefined): Uint8Array<ArrayBuffer> | undefined {
    if (element?.fetched) {
        return element.fetched;
    }
    const encoded = element?.InlineBinary;
    return encoded === undefined
        ? undefined
        : Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
}

/** Bytes of a value, wherever they are, as they lie in the file; rejects when they cannot be had or are too many. */
export async function fetchBulk(
    patientCase: string,
    object: DicomObject,
    element: DicomElement,
    most: number,
    signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
    const here = bytesOf(element);
    if (here) {
        return here;
    }
    const place = bulkPlace(patientCase, object, element.BulkDataURI);
    if (!place || place.bytes > most) {
        throw new Error('a value that is nowhere, or too large');
    }
    const answer = await fetchAgain(place.address, { signal, headers: { Accept: 'application/octet-stream' } });
    if (!answer.ok) {
        await answer.body?.cancel();
        throw new Error(`a value of a header answered ${answer.status}`);
    }
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (bytes.length !== place.bytes) {
        throw new Error('a value of a header is not as long as its place says');
    }
    return bytes;
}
