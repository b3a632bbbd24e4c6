// One viewport of the stage on one element: waits for headers, pixels or pages, paints, and tells the
// controller what is on the glass.
import { flushSync } from 'react-dom';
import { useEffect, useLayoutEffect, useRef, useState, type RefObject } from 'react';
import { useStore } from '../state/store';
import type { Cine, Viewport } from '../wire';
import { PaletteError, type LoadedSet, type Slice } from './case_images';
import { filmOf, frameAt } from './cine';
import { DocumentPane } from './document_pane';
import { headStart, whenHere } from './engine';
import type { Glass, Projection } from './geometry';
import { MaskedError } from './loading/fetch_image';
import { fitsWhole, imageIdsOf, look, lookAway } from './loading/stage_loading';
import { Pane, sliceIndex, type Painted } from './pane';
import { TooLargeError } from './picture';
import type { Shown } from './place';
import type { PresentationState } from './presentation_reader';
import type { SlidePane, PaintedSlide } from './slide_pane';
import type { StageController } from './stage_controller';

export interface OnGlass {
    viewport: Viewport;
    loaded: LoadedSet;
    projection: Projection;
    shown: Shown;
    glass: Glass;
    index: number;
    /** For images. */
    image?: Painted | undefined;
    /** What it is shown by, where the stage names one that can be read. */
    state?: PresentationState | undefined;
    /** For documents. */
    page?: { page: number; pages: number } | undefined;
    /** For slides. */
    slide?: PaintedSlide | undefined;
}

export type PaneStatus =
    | { is: 'empty' }
    | { is: 'fetching'; percent: number }
    | { is: 'painted' }
    | { is: 'masked'; what: 'document' | 'image' }
    | { is: 'failed'; why: 'image' | 'palette' | 'large' };

export interface PaneElements {
    frame: RefObject<HTMLDivElement | null>;
    pixels: RefObject<HTMLDivElement | null>;
    pages: RefObject<HTMLCanvasElement | null>;
    slides: RefObject<HTMLDivElement | null>;
}

function useGlass(frame: RefObject<HTMLDivElement | null>, grid: string): Glass {
    const [glass, setGlass] = useState<Glass>({ width: 0, height: 0 });
    // The first size in a grid is read at once: an observer tells it when the images were painted for the one before.
    useLayoutEffect(() => {
        const element = frame.current;
        if (!element) {
            return undefined;
        }
        const read = () => {
            const { clientWidth: width, clientHeight: height } = element;
            setGlass((before) =>
                before.width === width && before.height === height ? before : { width, height },
            );
        };
        read();
        const observer = new ResizeObserver(read);
        observer.observe(element);
        return () => observer.disconnect();
    }, [frame, grid]);
    return glass;
}

function shownImage(controller: StageController, loaded: LoadedSet, painted: Painted): Shown {
    const { slice, projection, plane } = painted;
    const { patientCase } = controller.images;
    const thickness = painted.slab?.thickness || loaded.spacing || slice.header.sliceThickness || 1;
    const instance = {
        sopInstanceUid: slice.sopInstanceUid,
        frame: slice.frame,
        geometry: slice.geometry,
    };
    return {
        patientCase,
        studyUid: loaded.set.studyUid,
        projection,
        // A reformatted plane is as thin as a voxel; half of the spacing to either side belongs to it.
        halfThickness: thickness / 2 + 1e-3,
        instance: plane ? undefined : instance,
    };
}

export function usePane(
    controller: StageController,
    number: number,
    viewport: Viewport,
    grid: string,
    elements: PaneElements,
    masked: boolean,
): { onGlass: OnGlass | undefined; status: PaneStatus; retry: () => void } {
    const glass = useGlass(elements.frame, grid);
    const [onGlass, setOnGlass] = useState<OnGlass>();
    const [status, setStatus] = useState<PaneStatus>({ is: 'empty' });
    const [attempt, setAttempt] = useState(0);
    // Images that arrive in the series that is shown are there to be scrolled to.
    const arrived = useStore(
        controller.state,
        ({ sets }) => sets.find((set) => set.displaySet === viewport.displaySet)?.instances.length,
    );
    const pane = useRef<Promise<Pane> | undefined>(undefined);
    const documentPane = useRef<DocumentPane | undefined>(undefined);
    const slidePane = useRef<Promise<SlidePane> | undefined>(undefined);
    const newest = useRef<Viewport | undefined>(undefined);
    /** Whose images the glass may still show. */
    const left = useRef<StageController | undefined>(undefined);

    useEffect(() => {
        left.current = controller;
        return () => {
            left.current = undefined;
            controller.paneState(number, undefined);
            void pane.current?.then((opened) => opened.close(), () => undefined);
            lookAway(glassName(number));
            pane.current = undefined;
            void slidePane.current?.then((opened) => opened.close(), () => undefined);
            slidePane.current = undefined;
            newest.current = undefined;
        };
    }, [controller, number]);

    useEffect(() => {
        newest.current = viewport;
        if (viewport.displaySet === '' || glass.width === 0 || glass.height === 0) {
            if (viewport.displaySet === '') {
                setStatus({ is: 'empty' });
                setOnGlass(undefined);
                controller.paneState(number, undefined);
            }
            return;
        }
        const over = new AbortController();
        const overtaken = () => over.signal.aborted || controller.images.closed;
        const waiting = window.setTimeout(() => {
            if (!overtaken()) {
                setStatus((now) => (now.is === 'painted' ? { is: 'fetching', percent: -1 } : now));
            }
        }, 120);

        const paint = async () => {
            setStatus((now) => (now.is === 'painted' ? now : { is: 'fetching', percent: -1 }));
            beginEarly(controller, viewport);
            const loaded = await controller.images.load(viewport.displaySet);
            if (overtaken()) {
                return;
            }
            if (masked && loaded.set.kind === 'document') {
                withhold('document');
                return;
            }
            const { kind } = loaded.set;
            const next =
                kind === 'document'
                    ? await paintDocument(loaded)
                    : kind === 'slide'
                      ? await paintSlide(loaded)
                      : await paintImage(loaded);
            // What was painted is said, even when something newer is asked for by now.
            if (!next || left.current !== controller) {
                return;
            }
            show(next, next.slide === undefined);
            if (overtaken()) {
                return;
            }
            await next.slide?.whole;
            if (next.slide && !overtaken()) {
                show(next);
            }
            const film = filmOf(loaded, viewport.image?.sopInstanceUid ?? '');
            if (viewport.cine?.playing && film.length > 0) {
                await runFilm(loaded, viewport.cine, film);
            } else if (next.image && next.image.preview > 0) {
                await replacePreview(loaded, next.image);
            }
        };

        /** In its place, without a jump: the same projection of the lossless images. */
        const replacePreview = async (loaded: LoadedSet, painted: Painted) => {
            if (painted.plane && !fitsWhole(loaded)) {
                return; // stays a preview, and says so
            }
            const imageIds = painted.plane ? imageIdsOf(loaded) : [painted.slice.imageId];
            const next = (await whenHere(imageIds, over.signal)) ? await paintImage(loaded) : undefined;
            if (next && !overtaken()) {
                show(next);
            }
        };

        const withhold = (what: 'document' | 'image') => {
            setStatus({ is: 'masked', what });
            setOnGlass(undefined);
            controller.paneState(number, undefined);
        };

        /** What was there before stays only if it is of the same set. */
        const fail = (error: unknown) => {
            const palette = error instanceof PaletteError;
            setStatus({ is: 'failed', why: palette ? 'palette' : error instanceof TooLargeError ? 'large' : 'image' });
            if (controller.panes.get(number)?.viewport.displaySet !== viewport.displaySet) {
                setOnGlass(undefined);
                controller.paneState(number, undefined);
            }
        };

        /** Words and drawings change in the frame in which the pixels do. */
        const show = (next: OnGlass, whole = true) => {
            window.clearTimeout(waiting); // a preview may stay for long
            flushSync(() => {
                setOnGlass(next);
                setStatus(whole ? { is: 'painted' } : { is: 'fetching', percent: -1 });
            });
            const lossless = whole && (next.image?.preview ?? 0) === 0;
            controller.paneState(number, next, { viewport, lossless });
        };

        /** Every frame that is due when the one before is painted: a slow screen leaves some out. */
        const runFilm = async (loaded: LoadedSet, cine: Cine, film: readonly Slice[]) => {
            let seen = 0;
            while (!overtaken()) {
                const place = frameAt(cine, film.length, controller.clock());
                const slice = film[place - 1];
                if (place !== seen && slice) {
                    seen = place;
                    const image = { sopInstanceUid: slice.sopInstanceUid, frame: slice.frame };
                    const next = await paintImage(loaded, { ...viewport, image });
                    if (next && left.current === controller) {
                        show({ ...next, viewport });
                    }
                }
                await nextFrame();
            }
        };

        const paintImage = async (
            loaded: LoadedSet,
            shown = viewport,
        ): Promise<OnGlass | undefined> => {
            pane.current ??= openPane(elements.pixels.current, (percent) =>
                setStatus((now) => (now.is === 'fetching' ? { is: 'fetching', percent } : now)),
            );
            const opened = await pane.current;
            look(glassName(number), loaded, sliceIndex(shown, loaded), shown.cine?.playing === true);
            const { presentationState } = shown;
            const state = presentationState ? await controller.presentations.find(presentationState) : undefined;
            if (presentationState && overtaken()) {
                return undefined;
            }
            const image = await opened.paint(shown, loaded, glass, state);
            return (
                image && {
                    viewport,
                    loaded,
                    glass,
                    image,
                    state,
                    index: image.index,
                    projection: image.projection,
                    shown: shownImage(controller, loaded, image),
                }
            );
        };

        const paintDocument = async (loaded: LoadedSet): Promise<OnGlass | undefined> => {
            const [{ sopInstanceUid: uid = '', mediaType = '' } = {}] = loaded.set.instances;
            const canvas = elements.pages.current;
            if (!canvas) {
                return undefined;
            }
            documentPane.current ??= new DocumentPane(canvas);
            const source = { address: controller.images.documentAddress(uid), mediaType };
            const page = await documentPane.current.paint(viewport, source, glass);
            return (
                page && {
                    viewport,
                    loaded,
                    glass,
                    page,
                    index: page.page - 1,
                    projection: page.projection,
                    shown: {
                        patientCase: controller.images.patientCase,
                        studyUid: loaded.set.studyUid,
                        projection: page.projection,
                        halfThickness: 0,
                        page: { uid, page: page.page },
                    },
                }
            );
        };

        const paintSlide = async (loaded: LoadedSet): Promise<OnGlass | undefined> => {
            const host = elements.slides.current;
            if (!host || !loaded.slide) {
                return undefined;
            }
            // Its viewer is large and code of its own: it comes with the first slide.
            slidePane.current ??= import('./slide_pane').then((code) => new code.SlidePane(host));
            const { patientCase } = controller.images;
            const opened = await slidePane.current;
            const slide = await opened.paint(patientCase, viewport, loaded.slide.whole, glass);
            return {
                viewport,
                loaded,
                glass,
                slide,
                index: 0,
                projection: slide.projection,
                shown: {
                    patientCase,
                    studyUid: loaded.set.studyUid,
                    projection: slide.projection,
                    halfThickness: 0,
                    slide: { uid: loaded.set.displaySet, unit: slide.slide.unit },
                },
            };
        };

        paint()
            .catch((error: unknown) => {
                if (overtaken()) {
                    return;
                }
                if (error instanceof MaskedError) {
                    withhold('image');
                } else {
                    fail(error);
                }
            })
            .finally(() => window.clearTimeout(waiting));
        return () => over.abort();
    }, [controller, number, viewport, glass, attempt, elements, masked, arrived]);

    return { onGlass, status, retry: () => setAttempt((count) => count + 1) };
}

/** A larger one is not fetched before its preview. */
const EARLY_BYTES_MAX = 2 * 1024 * 1024;

/** The first image of a case is on its way while its header is. */
function beginEarly(controller: StageController, { displaySet, image, plane }: Viewport): void {
    const set = controller.state.get().sets.find((one) => one.displaySet === displaySet);
    const instance = set?.instances.find((one) => one.sopInstanceUid === image?.sopInstanceUid);
    const known = controller.images.asked(displaySet);
    if (known || !set || !instance || !image || plane || set.kind === 'document') {
        return;
    }
    const pixelBytes = set.rows * set.columns * 2;
    if (pixelBytes <= EARLY_BYTES_MAX) {
        const { patientCase } = controller.images;
        const imageId = `consilium:${patientCase}/${image.sopInstanceUid}/${image.frame}`;
        headStart(imageId, { transferSyntax: instance.transferSyntaxUid, pixelBytes });
    }
}

const glassName = (number: number): string => `glass ${number}`;

const nextFrame = (): Promise<unknown> =>
    new Promise((resolve) => window.requestAnimationFrame(resolve));

async function openPane(
    element: HTMLDivElement | null,
    onProgress: (percent: number) => void,
): Promise<Pane> {
    if (!element) {
        throw new Error('a pane without an element');
    }
    return Pane.open(element, onProgress);
}
