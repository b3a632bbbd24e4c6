// One lossless image over the line and through Cornerstone's decoders: as its HTJ2K copy or as it was uploaded,
// whichever is sooner here. Measures the line on the way.
import type { Types } from '@cornerstonejs/core';
import { utilities } from '@cornerstonejs/core';
import { createImage } from '@cornerstonejs/dicom-image-loader';
import { fetchAgain } from '../../connection/http';
import type { Header } from '../dicom';
import { fetchedAs, LinkMeter } from './link';
import {
    EXPLICIT_LITTLE_ENDIAN,
    formOfDecoded,
    isNative,
    rescaled,
    tidy,
    tidyForm,
    wayOf,
    type Form,
} from './stored_pixels';

export const SCHEME = 'consilium';
export const meter = new LinkMeter();

export const HTJ2K_RPCL = '1.2.840.10008.1.2.4.202';
const EXPLICIT_BIG_ENDIAN = '1.2.840.10008.1.2.2';
const DECODED = { Accept: `application/octet-stream; transfer-syntax=${EXPLICIT_LITTLE_ENDIAN}` };
const WITH_COPY = { Accept: `application/octet-stream; transfer-syntax=${HTJ2K_RPCL}` };

/** Words in the pixels may say who the patient is, and this reader is not told. */
export class MaskedError extends Error {}

/** What is known of an image before it is fetched. */
export interface Known {
    transferSyntax: string;
    /** Of its pixels as they are stored, raw. */
    pixelBytes: number;
    /** Absent while nothing is known of how its pixels lie. */
    header?: Header;
}

/** Bytes of its pixels as they are stored, raw. */
export const pixelBytes = ({ rows, columns, samples, bitsAllocated }: Header): number =>
    rows * columns * samples * Math.max(1, bitsAllocated / 8);

/** Bytes of its pixels as they are kept: rescaled, and in the smallest kind of number that holds them. */
export function decodedBytes(header: Header): number {
    const { rows, columns, samples, bitsStored, slope, intercept, photometric } = header;
    if (samples > 1 || photometric === 'PALETTE COLOR') {
        return rows * columns * 3;
    }
    const whole = Number.isInteger(slope) && Number.isInteger(intercept);
    const narrow = bitsStored <= 8 && !header.signed && slope === 1 && intercept === 0;
    return rows * columns * (narrow ? 1 : whole ? 2 : 4);
}

/** Hands an answer on piece by piece to its end, and tells the meter of each. */
export async function readPieces(
    response: Response,
    askedAt: number,
    take: (piece: Uint8Array<ArrayBuffer>) => void,
): Promise<void> {
    const began = performance.now();
    meter.begin(began, began - askedAt);
    const length = Number(response.headers.get('content-length') ?? '0');
    let taken = 0;
    try {
        const reader = response.body?.getReader();
        for (;;) {
            const piece = await reader?.read();
            if (!piece?.value) {
                break;
            }
            taken += piece.value.length;
            meter.took(performance.now(), piece.value.length);
            take(piece.value);
        }
    } finally {
        meter.end(performance.now());
    }
    if (length > 0 && taken !== length) {
        throw new Error('the answer ended early');
    }
}

/** Reads an answer to its end; `onBytes` is told how many are here, and how many there will be if that is known. */
async function readMeasured(
    response: Response,
    askedAt: number,
    onBytes: (here: number, all: number) => void,
): Promise<Uint8Array> {
    const length = Number(response.headers.get('content-length') ?? '0');
    const pieces: Uint8Array[] = [];
    let taken = 0;
    await readPieces(response, askedAt, (piece) => {
        pieces.push(piece);
        taken += piece.length;
        onBytes(taken, length);
    });
    const [only] = pieces;
    return pieces.length === 1 && only ? only : joined(pieces, taken);
}

function joined(pieces: Uint8Array[], length: number): Uint8Array {
    const all = new Uint8Array(length);
    let at = 0;
    for (const piece of pieces) {
        all.set(piece, at);
        at += piece.length;
    }
    return all;
}

export interface Frame {
    bytes: Uint8Array;
    transferSyntax: string;
    /** By the server, from something else that was stored. */
    decoded?: boolean;
}

const nobody = () => undefined;

/** Where a frame is to be had, and what is to be said when it is asked for. */
function placeOf(imageId: string, { transferSyntax, pixelBytes, header }: Known) {
    const [patientCase, sop, frame] = imageId.slice(SCHEME.length + 1).split('/');
    const way = header ? wayOf(header, transferSyntax) : 'any';
    if (header && way === 'decoded') {
        const series = `studies/${header.studyUid}/series/${header.seriesUid}`;
        const address = `/api/cases/${patientCase}/dicom-web/${series}/instances/${sop}/frames/${frame}`;
        return { address, headers: DECODED, decoded: true };
    }
    const copy = way === 'any' && fetchedAs(meter.link, transferSyntax, pixelBytes) === 'copy';
    return {
        address: `/api/cases/${patientCase}/instances/${sop}/frames/${frame}`,
        headers: copy ? WITH_COPY : {},
        decoded: false,
    };
}

/** Whether bytes that were asked for before anything was known of their image are of use. */
export const canUse = ({ transferSyntax }: Frame, header: Header, stored: string): boolean => {
    const way = wayOf(header, stored);
    return way === 'any' || (way === 'stored' && transferSyntax === stored);
};

/** The bytes of a frame. */
export async function fetchFrame(
    imageId: string,
    known: Known,
    signal: AbortSignal,
    onBytes: (here: number, all: number) => void = nobody,
): Promise<Frame> {
    const { address, headers, decoded } = placeOf(imageId, known);
    const askedAt = performance.now();
    const response = await fetchAgain(address, { signal, cache: 'no-store', headers });
    if (!response.ok) {
        await response.body?.cancel(); // an answer that is not read keeps its connection
        throw response.status === 403 ? new MaskedError() : new Error(`image answered ${response.status}`);
    }
    const bytes = await readMeasured(response, askedAt, onBytes);
    const syntax = /transfer-syntax="?([0-9.]+)/.exec(response.headers.get('content-type') ?? '');
    return { bytes, transferSyntax: syntax?.[1] ?? EXPLICIT_LITTLE_ENDIAN, decoded };
}

/** How the pixels lie that are being decoded, where that is otherwise than the header says. */
const forms = new Map<string, Form>();

export const pixelHeader = (imageId: string, header: Header): Header => {
    const form = forms.get(imageId);
    return form ? { ...header, ...form } : header;
};

/** A copy has its samples pixel by pixel, and whole chroma. */
const formOfCopy = (header: Header): Form => ({ ...header, planar: 0, photometric: photometricOfCopy(header) });

export function photometricOfCopy({ photometric }: Header): string {
    if (photometric === 'YBR_FULL_422') {
        return 'YBR_FULL';
    }
    return photometric === 'YBR_RCT' || photometric === 'YBR_ICT' ? 'RGB' : photometric;
}

/** What is given to the decoders, and how it lies. */
function readied({ bytes, transferSyntax, decoded }: Frame, header: Header) {
    if (transferSyntax === HTJ2K_RPCL) {
        // What was uploaded as HTJ2K itself is like its copies in this.
        return { bytes, transferSyntax, form: formOfCopy(header) };
    }
    if (!isNative(transferSyntax)) {
        return { bytes, transferSyntax, form: undefined };
    }
    const form = decoded ? formOfDecoded(header) : header;
    const bigEndian = transferSyntax === EXPLICIT_BIG_ENDIAN;
    return {
        bytes: tidy(bytes, form, header.rows * header.columns, bigEndian),
        transferSyntax: EXPLICIT_LITTLE_ENDIAN,
        form: tidyForm(form),
    };
}

export async function decodeFrame(imageId: string, frame: Frame, header: Header): Promise<Types.IImage> {
    const { length } = frame.bytes;
    const { bytes, transferSyntax, form } = readied(frame, header);
    const falling = header.samples === 1 && header.slope < 0;
    if (form) {
        forms.set(imageId, form);
    }
    const image = await createImage(imageId, bytes, transferSyntax, {
        useRGBA: false,
        preScale: { enabled: !falling },
    })
        .then((made) => made as Types.IImage)
        .finally(() => forms.delete(imageId));
    if (transferSyntax === HTJ2K_RPCL && image.decodeTimeInMS !== undefined) {
        meter.decoded(length, image.sizeInBytes, image.decodeTimeInMS);
    }
    // Cornerstone would give a colour image a canvas and a second copy of its pixels, three times what the store
    // counts: 2 GB for 600 frames of ultrasound. Without them it draws through the pane's one canvas.
    delete (image as Partial<Types.IImage>).getCanvas;
    return falling ? rescale(image, header) : image;
}

/** Cornerstone takes the lowest stored value for the lowest one of all, also where values fall. */
function rescale(image: Types.IImage, header: Header): Types.IImage {
    const { values, low, high } = rescaled(image.getPixelData(), header);
    const { slope, intercept, modality } = header;
    return Object.assign(image, {
        preScale: {
            enabled: true,
            scaled: true,
            scalingParameters: { rescaleSlope: slope, rescaleIntercept: intercept, modality },
        },
        minPixelValue: low,
        maxPixelValue: high,
        dataType: values.constructor.name,
        sizeInBytes: values.byteLength,
        getPixelData: () => values,
        voxelManager: utilities.VoxelManager.createImageVoxelManager({
            scalarData: values,
            width: image.columns,
            height: image.rows,
            numberOfComponents: 1,
        }),
    });
}
