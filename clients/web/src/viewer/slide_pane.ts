// A slide on the glass: the adapter to dicom-microscopy-viewer. It draws what the projection of geometry.ts
// says and is moved by nobody else; its own gestures, controls and overview are off.
import * as library from 'dicom-microscopy-viewer';
import type { Client, Image, SlideMap, View, VolumeImageViewer } from 'dicom-microscopy-viewer';
import { fetchAgain } from '../connection/http';
import type { Viewport } from '../wire';
import { isPhone } from './engine';
import { MaskedError } from './loading/fetch_image';
import { projectSlide, type Glass, type Projection } from './geometry';
import type { Slide } from './slide';

/** Tiles kept of one slide, 192 KB each when they are 256 pixels wide. */
const TILES_PHONE = 128;
const TILES_DESK = 768;

export interface PaintedSlide {
    projection: Projection;
    slide: Slide;
    /** Every tile of it is there; rejects when one cannot be had. */
    whole: Promise<void>;
}

/** Viewers that are open: the library's workers are shared, and ended with the last of them. */
let open = 0;

async function fetchBytes(address: string, signal: AbortSignal): Promise<ArrayBuffer> {
    const response = await fetchAgain(address, { signal, cache: 'no-store' });
    if (response.status === 403) {
        throw new MaskedError();
    }
    if (!response.ok) {
        throw new Error(`slide answered ${response.status}`);
    }
    return response.arrayBuffer();
}

function clientOf(patientCase: string, signal: AbortSignal): Client {
    return {
        retrieveInstanceFrames: ({ sopInstanceUID, frameNumbers }) =>
            Promise.all(
                frameNumbers.map((frame) =>
                    fetchBytes(`/api/cases/${patientCase}/instances/${sopInstanceUID}/frames/${frame}`, signal),
                ),
            ),
        // What the slide keeps in its files came with it (kept_in_file.ts).
        retrieveBulkData: () => Promise.reject(new Error('nothing of a slide is fetched later')),
    };
}

/**
 * The library sends the headers of all resolutions to the worker with every tile, and a header may say where each of
 * 40,000 tiles lies. What is copied is an object's own: the rest is inherited. The profile is not: the library hands it
 * on with every tile itself.
 */
function light(image: Image, ICCProfile: Uint8Array | undefined): Image {
    const { SOPInstanceUID, PhotometricInterpretation, PlanarConfiguration } = image;
    const own = Object.entries({ SOPInstanceUID, PhotometricInterpretation, PlanarConfiguration });
    const [path, ...others] = image.OpticalPathSequence ?? [];
    return Object.create(image, {
        ...Object.fromEntries(own.map(([name, value]) => [name, { value, enumerable: true }])),
        ...(ICCProfile && { OpticalPathSequence: { value: [{ ...path, ICCProfile }, ...others], enumerable: false } }),
    }) as Image;
}

/** A view without limits of its own: it must be able to show whatever the presenter sees. */
function freeView(map: SlideMap): View {
    const present = map.getView();
    const Free = present.constructor as new (options: object) => View;
    return new Free({
        projection: present.getProjection(),
        center: [0, 0],
        resolution: 1,
        minResolution: 1e-3,
        maxResolution: 1e6,
        constrainRotation: false,
        constrainResolution: false,
        enableRotation: true,
        multiWorld: true, // else nothing beyond the slide's edges may be seen
    });
}

export class SlidePane {
    private readonly host: HTMLElement;
    private readonly element = document.createElement('div');
    private readonly stop = new AbortController();
    private viewer: VolumeImageViewer | undefined;
    private shown: Slide | undefined;
    private size = '';
    private failed: (error: Error) => void = () => undefined;

    constructor(host: HTMLElement) {
        this.host = host;
        this.element.className = 'slide';
    }

    /** What is on the glass once this returns; its finest tiles come later. */
    async paint(patientCase: string, state: Viewport, slide: Slide, glass: Glass): Promise<PaintedSlide> {
        if (this.shown !== slide) {
            this.take(patientCase, slide);
            this.shown = slide;
        }
        const map = this.viewer?.getMap();
        if (!map) {
            throw new Error('a slide without its viewer');
        }
        await this.targeted(map);
        const projection = projectSlide(
            state,
            { width: slide.columns * slide.unit, height: slide.rows * slide.unit },
            glass,
        );
        this.aim(map, projection, state, slide);
        const whole = new Promise<void>((resolve, reject) => {
            this.failed = reject;
            map.once('rendercomplete', resolve);
        });
        whole.catch(() => undefined); // who wants to know asks
        map.renderSync();
        return { projection, slide, whole };
    }

    close(): void {
        this.stop.abort();
        this.drop();
        this.element.remove();
    }

    private take(patientCase: string, slide: Slide): void {
        this.drop();
        library.setLogLevel('NONE');
        const { VLWholeSlideMicroscopyImage } = library.metadata;
        this.viewer = new library.viewer.VolumeImageViewer({
            client: clientOf(patientCase, this.stop.signal),
            metadata: slide.objects.map((metadata) => {
                const image = new VLWholeSlideMicroscopyImage({ metadata });
                return light(image, slide.profiles.get(image.SOPInstanceUID));
            }),
            controls: [],
            tilesCacheSize: isPhone() ? TILES_PHONE : TILES_DESK,
            errorInterceptor: (error) => {
                this.failed(error);
                return error;
            },
        });
        open += 1;
        this.host.append(this.element);
        this.viewer.render({ container: this.element });
        const map = this.viewer.getMap();
        map.getInteractions().clear();
        map.getControls().clear();
        map.setView(freeView(map));
    }

    /** The library puts its map on the page when it has the colour profiles. */
    private async targeted(map: SlideMap): Promise<void> {
        while (!this.stop.signal.aborted && this.element.childElementCount === 0) {
            await new Promise((resolve) => window.requestAnimationFrame(resolve));
        }
        this.stop.signal.throwIfAborted();
        map.getControls().clear();
    }

    private aim(map: SlideMap, projection: Projection, state: Viewport, slide: Slide): void {
        const size = `${projection.width}x${projection.height}`;
        if (size !== this.size) {
            this.size = size;
            map.updateSize();
        }
        const [x, y] = projection.center;
        const view = map.getView();
        // Its axis points upwards and begins one pixel above the slide.
        view.setCenter([x / slide.unit, -(y / slide.unit) - 1]);
        view.setResolution(projection.unitsPerPixel / slide.unit);
        // We mirror what is seen after the rotation, as images do.
        view.setRotation((state.rotation * Math.PI) / 180);
        this.element.style.transform = `scale(${state.flipH ? -1 : 1}, ${state.flipV ? -1 : 1})`;
    }

    private drop(): void {
        if (!this.viewer) {
            return;
        }
        open -= 1;
        this.viewer.getMap().setTarget(undefined);
        if (open === 0) {
            this.viewer.cleanup();
        }
        this.viewer = undefined;
        this.shown = undefined;
        this.element.replaceChildren();
    }
}
