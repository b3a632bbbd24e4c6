// What there is to show of one case: its display sets and, once asked for, the headers of their
// series. Lives as long as the case is open; `close` drops everything and stops what is running.
import { fetchAgain } from '../connection/http';
import type { ImagePosition } from '../wire';
import { imageGeometry, type ImageGeometry } from './geometry';
import { readHeader, readHeaders, type DicomObject, type Header } from './dicom';
import { withPalettes, withProfiles } from './kept_in_file';
import { readSlide, type Slide } from './slide';
import { dot, subtract, type Vector } from './vector';

export interface DisplaySetInstance {
    sopInstanceUid: string;
    frames: number;
    transferSyntaxUid: string;
    bytes: number;
    position?: number[];
    /** Of a document: what the server found it to be. */
    mediaType?: string;
}

export interface DisplaySet {
    displaySet: string;
    studyUid: string;
    seriesUid: string;
    modality: string;
    /** A slide is looked at by place and magnification; a label, which may carry names, when asked for. */
    kind: 'volume' | 'stack' | 'document' | 'slide' | 'label';
    reason: string;
    frameOfReferenceUid: string;
    rows: number;
    columns: number;
    studyDate: string;
    studyDescription: string;
    seriesDescription: string;
    seriesNumber: number;
    laterality: string;
    instances: DisplaySetInstance[];
}

/** One image of a display set: a frame of an instance, with its header and where it lies. */
export interface Slice {
    imageId: string;
    sopInstanceUid: string;
    frame: number;
    header: Header;
    geometry: ImageGeometry;
    bytes: number;
    transferSyntax: string;
}

/** A display set whose headers are here. Slices are in the order they are scrolled. */
export interface LoadedSet {
    set: DisplaySet;
    slices: Slice[];
    /** Distance from slice to slice along the normal, mm; 0 if that means nothing. */
    spacing: number;
    indexOf(sopInstanceUid: string, frame: number): number;
    /** Of a slide, which has no slices: all its resolutions, and the header that says whose it is. */
    slide?: { whole: Slide; header: Header } | undefined;
}

/** The tables of a palette image cannot be had, or are damaged: without them it would be shown in false colours. */
export class PaletteError extends Error {}

const lacksPalette = ({ photometric, palette }: Header): boolean => photometric === 'PALETTE COLOR' && !palette;

const BIG_ENDIAN = '1.2.840.10008.1.2.2';

const uidOf = (object: DicomObject): string => String(object['00080018']?.Value?.[0]);

/** By SOP Instance UID: one header, or one for each frame where they differ. */
type Headers = ReadonlyMap<string, readonly [Header, ...Header[]]>;

export class CaseImages {
    readonly patientCase: string;
    private readonly stop = new AbortController();
    private sets: Promise<DisplaySet[]> | undefined;
    private readonly headers = new Map<string, Promise<Headers>>();
    private readonly loaded = new Map<string, Promise<LoadedSet>>();
    private readonly counted = new Map<string, number>();
    /** Headers of whole series are not asked for before this. */
    private yielding: Promise<unknown> = Promise.resolve();

    constructor(patientCase: string) {
        this.patientCase = patientCase;
    }

    close(): void {
        this.stop.abort();
        this.headers.clear();
        this.loaded.clear();
        this.sets = undefined;
    }

    get closed(): boolean {
        return this.stop.signal.aborted;
    }

    displaySets(): Promise<DisplaySet[]> {
        this.sets ??= this.fetchJson(`/api/cases/${this.patientCase}/display-sets`)
            .then((body) => this.listedNow((body as { displaySets: DisplaySet[] }).displaySets))
            .catch((error: unknown) => {
                this.sets = undefined;
                throw error;
            });
        return this.sets;
    }

    /** A display set to which images came is loaded anew when it is next asked for. */
    private listedNow(sets: DisplaySet[]): DisplaySet[] {
        for (const set of sets) {
            const before = this.counted.get(set.displaySet);
            if (before !== undefined && before !== set.instances.length) {
                this.loaded.delete(set.displaySet);
                this.headers.delete(set.seriesUid);
            }
            this.counted.set(set.displaySet, set.instances.length);
        }
        return sets;
    }

    /** Whether the list is here or on its way. */
    get listed(): boolean {
        return this.sets !== undefined;
    }

    /** Whether its headers are here or on their way. */
    asked(displaySet: string): boolean {
        return this.loaded.has(displaySet);
    }

    /** New images arrived: the list is read again when it is next asked for. */
    refresh(): void {
        this.sets = undefined;
    }

    load(displaySet: string): Promise<LoadedSet> {
        let loading = this.loaded.get(displaySet);
        if (!loading) {
            loading = this.loadSet(displaySet).catch((error: unknown) => {
                this.loaded.delete(displaySet);
                throw error;
            });
            this.loaded.set(displaySet, loading);
        }
        return loading;
    }

    /** What is shown first has the line for itself until then. */
    yieldTo(first: Promise<unknown>): void {
        this.yielding = first;
    }

    /** One image of a set, without the headers of all others; undefined when it is not as it is listed. */
    async oneSlice(set: DisplaySet, { sopInstanceUid, frame }: ImagePosition): Promise<Slice | undefined> {
        const instance = set.instances.find((one) => one.sopInstanceUid === sopInstanceUid);
        const series = `/api/cases/${this.patientCase}/dicom-web/studies/${set.studyUid}/series/${set.seriesUid}`;
        const objects = (await this.fetchJson(`${series}/instances/${sopInstanceUid}/metadata`)) as DicomObject[];
        const [object] = await this.filled(objects);
        const headers = object && readHeaders(object);
        if (headers && lacksPalette(headers[0])) {
            return undefined;
        }
        return instance && headers && this.slicesOf(instance, new Map([[sopInstanceUid, headers]]))[frame - 1];
    }

    documentAddress(sopInstanceUid: string): string {
        return `/api/cases/${this.patientCase}/documents/${sopInstanceUid}`;
    }

    private async loadSet(displaySet: string): Promise<LoadedSet> {
        const sets = await this.displaySets();
        const set = sets.find((one) => one.displaySet === displaySet);
        if (!set) {
            throw new Error('no such display set');
        }
        if (set.kind === 'document') {
            return { set, slices: [], spacing: 0, indexOf: () => 0 };
        }
        if (set.kind === 'slide') {
            return { set, slices: [], spacing: 0, indexOf: () => 0, slide: await this.loadSlide(set) };
        }
        await this.yielding;
        const headers = await this.seriesHeaders(set.seriesUid);
        const found = set.instances.flatMap((instance) => this.slicesOf(instance, headers));
        if (found.some(({ header }) => lacksPalette(header))) {
            this.headers.delete(set.seriesUid); // fetched anew when somebody tries again
            throw new PaletteError();
        }
        const slices = set.kind === 'volume' ? alongTheNormal(found) : found;
        const places = new Map(
            slices.map((slice, index) => [`${slice.sopInstanceUid}/${slice.frame}`, index]),
        );
        return {
            set,
            slices,
            spacing: sliceSpacing(slices),
            indexOf: (sop, frame) => places.get(`${sop}/${frame}`) ?? -1,
        };
    }

    private async loadSlide(set: DisplaySet): Promise<LoadedSet['slide']> {
        const wanted = new Set(set.instances.map((instance) => instance.sopInstanceUid));
        const listed = (await this.seriesObjects(set.seriesUid)).filter((object) => wanted.has(uidOf(object)));
        const objects = await withProfiles(this.asker, listed);
        const whole = readSlide(objects, set.displaySet);
        const [first] = objects;
        if (!whole || !first) {
            throw new Error('a slide that does not say how large it is');
        }
        return { whole, header: readHeader(first) };
    }

    private slicesOf(instance: DisplaySetInstance, headers: Headers): Slice[] {
        const own = headers.get(instance.sopInstanceUid);
        if (!own) {
            return [];
        }
        const frames = own.map((header) => ({ header, geometry: imageGeometry(header) }));
        const [first = { header: own[0], geometry: imageGeometry(own[0]) }] = frames;
        return Array.from({ length: Math.max(1, instance.frames) }, (_, index) => ({
            imageId: `consilium:${this.patientCase}/${instance.sopInstanceUid}/${index + 1}`,
            sopInstanceUid: instance.sopInstanceUid,
            frame: index + 1,
            ...(frames[index] ?? first),
            bytes: Math.ceil(instance.bytes / Math.max(1, instance.frames)),
            transferSyntax: instance.transferSyntaxUid,
        }));
    }

    private seriesHeaders(seriesUid: string): Promise<Headers> {
        let loading = this.headers.get(seriesUid);
        if (!loading) {
            loading = this.seriesObjects(seriesUid)
                .then((objects) => this.filled(objects))
                .then((objects) => {
                    const headers = objects.map(readHeaders);
                    return new Map(headers.map((frames) => [frames[0].sopInstanceUid, frames]));
                });
            this.headers.set(seriesUid, loading);
            loading.catch(() => this.headers.delete(seriesUid));
        }
        return loading;
    }

    private get asker() {
        return { patientCase: this.patientCase, signal: this.stop.signal };
    }

    /** With the palettes of those that have one. */
    private async filled(objects: DicomObject[]): Promise<DicomObject[]> {
        const sets = await this.displaySets();
        const instances = sets.flatMap((set) => set.instances);
        return withPalettes(this.asker, objects, (object) =>
            instances.some((one) => one.sopInstanceUid === uidOf(object) && one.transferSyntaxUid === BIG_ENDIAN),
        );
    }

    private async seriesObjects(seriesUid: string): Promise<DicomObject[]> {
        const address = `/api/cases/${this.patientCase}/series/${seriesUid}/metadata`;
        return (await this.fetchJson(address)) as DicomObject[];
    }

    private async fetchJson(address: string): Promise<unknown> {
        const response = await fetchAgain(address, { signal: this.stop.signal });
        if (!response.ok) {
            throw new Error(`answered ${response.status}`);
        }
        return response.json() as Promise<unknown>;
    }
}

/** Frames of one image may be stored in any order; a volume is scrolled from end to end. */
function alongTheNormal(slices: Slice[]): Slice[] {
    const [first] = slices;
    if (!first || slices.every((slice) => slice.frame === 1)) {
        return slices; // the server's order of single images
    }
    const { normal } = first.geometry;
    const place = ({ geometry }: Slice) => dot(geometry.origin, normal);
    return [...slices].sort((a, b) => place(a) - place(b));
}

function sliceSpacing(slices: Slice[]): number {
    const [first, second] = slices;
    if (!first || !second || first.geometry.space !== 'patient') {
        return 0;
    }
    const step = subtract(second.geometry.origin, first.geometry.origin);
    return Math.abs(dot(step, first.geometry.normal));
}

/** The slice whose plane is nearest to a point, and how far that is. */
export function nearestSlice(loaded: LoadedSet, world: Vector): { index: number; distance: number } {
    let best = { index: 0, distance: Number.POSITIVE_INFINITY };
    loaded.slices.forEach((slice, index) => {
        const { origin, normal } = slice.geometry;
        const distance = Math.abs(dot(subtract(world, origin), normal));
        if (distance < best.distance) {
            best = { index, distance };
        }
    });
    return best;
}
