// Made ready while somebody still reads a list: the engine, the decoders in their workers and a pane that has painted
// once, so that the first image of a case waits for the line alone. Nothing of a patient is fetched for it.
import type { DisplaySet, LoadedSet, Slice } from './case_images';
import { readHeader } from './dicom';
import { isPhone, isStarted, keepMade, startEngine } from './engine';
import { imageGeometry } from './geometry';
import { decodeFrame, HTJ2K_RPCL, SCHEME } from './loading/fetch_image';
import { warmPreviews } from './loading/previews';
import { TINY_BITS, TINY_SIDE, tinyCopy } from './loading/tiny_copy';
import { Pane } from './pane';

/** Panes made ready: a series and its prior. */
const PANES = 2;

let warmed: Promise<void> | undefined;

/** Once a page, and only before anything real is shown; what fails here is made when it is needed. */
export function warmViewer(): Promise<void> {
    warmed ??= isStarted() ? Promise.resolve() : warm().catch(() => undefined);
    return warmed;
}

async function warm(): Promise<void> {
    await startEngine();
    warmPreviews();
    const slice = madeSlice();
    const image = () => decodeFrame(slice.imageId, { bytes: tinyCopy(), transferSyntax: HTJ2K_RPCL }, slice.header);
    await keepMade(slice, image);
    await Pane.prepare(loadedOf(slice), isPhone() ? 1 : PANES);
    document.documentElement.dataset.warm = ''; // for whoever measures from here
}

/** A picture of nothing: no name, no case. */
function madeSlice(): Slice {
    const whole = (value: number) => ({ vr: 'US', Value: [value] });
    const header = readHeader({
        '00080018': { vr: 'UI', Value: ['2.25.1'] },
        '00280010': whole(TINY_SIDE),
        '00280011': whole(TINY_SIDE),
        '00280100': whole(16),
        '00280101': whole(TINY_BITS),
    });
    return {
        imageId: `${SCHEME}:warm/2.25.1/1`,
        sopInstanceUid: header.sopInstanceUid,
        frame: 1,
        header,
        geometry: imageGeometry(header),
        bytes: 0,
        transferSyntax: HTJ2K_RPCL,
    };
}

function loadedOf(slice: Slice): LoadedSet {
    const set: DisplaySet = {
        displaySet: 'warm', studyUid: '', seriesUid: '', modality: '', kind: 'stack', reason: '',
        frameOfReferenceUid: '', rows: TINY_SIDE, columns: TINY_SIDE,
        studyDate: '', studyDescription: '', seriesDescription: '', seriesNumber: 0,
        laterality: '', instances: [],
    };
    return { set, slices: [slice], spacing: 0, indexOf: () => 0 };
}
