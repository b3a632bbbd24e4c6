// The presentation states of a case that others made: read when the case is looked at, or when one of them is on
// the stage, and chosen for everybody.
import { fetchAgain } from '../connection/http';
import { Store } from '../state/store';
import type { ImagePosition, Viewport } from '../wire';
import { firstView } from './arrange';
import type { DisplaySet } from './case_images';
import type { DicomObject } from './dicom';
import { emptyViewport } from './follow';
import { textOf } from './foreign';
import { magnifiedBy, refersTo } from './presentation';
import { readPresentations, type PresentationState } from './presentation_reader';
import type { StageController } from './stage_controller';

/** Series that are read; a case has a handful. */
const SERIES_MAX = 64;

/** A series that this server writes of a study (server/evidence/evidence_plan.c); its states are saved views. */
export async function ownSeriesUid(patientCase: string, studyUid: string, kind = 'views'): Promise<string> {
    const text = new TextEncoder();
    const id = Uint8Array.from(patientCase.replaceAll('-', '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    const sized = (bytes: Uint8Array): number[] => {
        const size = new Uint8Array(8);
        new DataView(size.buffer).setUint32(0, bytes.length, true);
        return [...size, ...bytes];
    };
    const named = Uint8Array.from([...text.encode(`${kind}\0`), ...sized(id), ...sized(text.encode(studyUid))]);
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', named)).slice(0, 16);
    digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x80;
    digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
    const hex = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    return `2.25.${BigInt(`0x${hex}`)}`;
}

export class PresentationShelf {
    readonly state = new Store<readonly PresentationState[]>([]);
    private reading: Promise<readonly PresentationState[]> | undefined;
    /** Asked for and not in the case: not asked again at every slice. */
    private readonly absent = new Set<string>();

    constructor(private readonly patientCase: string) {}

    /** Reads what is there now. */
    read(): Promise<readonly PresentationState[]> {
        this.absent.clear();
        return this.again();
    }

    private again(): Promise<readonly PresentationState[]> {
        const reading = this.readAll();
        this.reading = reading;
        reading.then(
            (states) => {
                if (this.reading === reading) {
                    this.state.set(states);
                }
            },
            () => {
                if (this.reading === reading) {
                    this.reading = undefined;
                }
            },
        );
        return reading;
    }

    /** One by its name, though it came after the others were read; undefined where there is none. */
    async find(sopInstanceUid: string): Promise<PresentationState | undefined> {
        const known = (states: readonly PresentationState[]) =>
            states.find((state) => state.sopInstanceUid === sopInstanceUid);
        const before = await this.reading;
        const found = before && known(before);
        if (found || this.absent.has(sopInstanceUid)) {
            return found;
        }
        const now = known(await this.again());
        if (!now) {
            this.absent.add(sopInstanceUid);
        }
        return now;
    }

    /** Those of others alone: of our own nothing is fetched. */
    private async readAll(): Promise<readonly PresentationState[]> {
        const series = await this.seriesOfStates();
        const read = await Promise.all(
            series.slice(0, SERIES_MAX).map((uid) => this.metadata(uid).then(readPresentations, () => [])),
        );
        return read.flat();
    }

    private async seriesOfStates(): Promise<string[]> {
        const answer = await fetchAgain(`/api/cases/${this.patientCase}/dicom-web/series?Modality=PR`, {
            headers: { Accept: 'application/dicom+json' },
        });
        if (answer.status !== 200 && answer.status !== 204) {
            throw new Error(`answered ${answer.status}`);
        }
        const found = answer.status === 204 ? [] : ((await answer.json()) as DicomObject[]);
        const studies = [...new Set(found.map((one) => textOf(one, '0020000D')))];
        const own = await Promise.all(studies.map((uid) => ownSeriesUid(this.patientCase, uid)));
        return found.map((one) => textOf(one, '0020000E')).filter((uid) => uid !== '' && !own.includes(uid));
    }

    private async metadata(seriesUid: string): Promise<unknown> {
        const answer = await fetchAgain(`/api/cases/${this.patientCase}/series/${seriesUid}/metadata`);
        return answer.ok ? answer.json() : [];
    }
}

/** The series of which a state speaks, those of the case alone. */
export const setsOf = (state: PresentationState, sets: readonly DisplaySet[]): DisplaySet[] =>
    sets.filter(
        (set) =>
            (set.kind === 'volume' || set.kind === 'stack') &&
            state.series.some(
                ({ seriesUid, images }) =>
                    seriesUid === set.seriesUid &&
                    images.some((image) => set.instances.some((one) => one.sopInstanceUid === image.sopInstanceUid)),
            ),
    );

function firstImage(state: PresentationState, set: DisplaySet): ImagePosition | undefined {
    const images = state.series.flatMap((one) => one.images);
    const image = images.find((one) => set.instances.some((other) => other.sopInstanceUid === one.sopInstanceUid));
    return image && { sopInstanceUid: image.sopInstanceUid, frame: image.frames[0] ?? 1 };
}

/** As the state says, on the image that is shown if it speaks of that one, else on the first of which it does. */
export async function showPresentation(controller: StageController, state: PresentationState): Promise<void> {
    const { seen, sets } = controller.state.get();
    const before = seen.viewports[seen.active] ?? emptyViewport;
    const pane = controller.panes.get(seen.active);
    const present = pane?.loaded.slices[pane.index];
    const stays =
        present !== undefined &&
        pane?.loaded.set.displaySet === before.displaySet &&
        refersTo(state, present.sopInstanceUid, present.frame);
    const set = stays ? pane?.loaded.set : setsOf(state, sets)[0];
    const image = stays
        ? { sopInstanceUid: present.sopInstanceUid, frame: present.frame }
        : set && firstImage(state, set);
    if (!set || !image) {
        return;
    }
    const loaded = await controller.images.load(set.displaySet);
    const slice = loaded.slices[loaded.indexOf(image.sopInstanceUid, image.frame)];
    const viewport: Viewport = {
        ...firstView(set),
        image,
        overlays: before.overlays,
        linked: before.linked,
        presentationState: state.sopInstanceUid,
        ...(slice && pane && magnifiedBy(state, slice, pane.glass)),
    };
    controller.change(seen.active, viewport, { what: 'other' });
}

/** The active viewport as it would be without. */
export function leavePresentation(controller: StageController): void {
    const { seen } = controller.state.get();
    const before = seen.viewports[seen.active];
    if (before) {
        controller.change(seen.active, { ...before, shown: 0, presentationState: '' }, { what: 'other' });
    }
}
