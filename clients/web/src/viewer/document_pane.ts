// A page of a PDF on the glass, through pdf.js in its own worker, or a picture that is kept as a document, in the same
// projection as images.
import * as pdf from 'pdfjs-dist';
import { tokenChanges } from '../connection/http';
import type { Viewport } from '../wire';
import { projectPage, type Glass, type Projection } from './geometry';
import { emptyPictures, isPicture, openPicture } from './picture';

export interface PaintedPage {
    projection: Projection;
    page: number;
    pages: number;
}

/** Documents of one case are few; the newest stay parsed. */
const KEPT_MAX = 4;
const kept = new Map<string, Promise<pdf.PDFDocumentProxy>>();
let worker: pdf.PDFWorker | undefined;

function startWorker(): pdf.PDFWorker {
    worker ??= pdf.PDFWorker.create({
        port: new Worker(new URL('pdfjs-dist/build/pdf.worker.mjs', import.meta.url), {
            type: 'module',
        }),
    });
    return worker;
}

const loadDocument = (address: string): Promise<pdf.PDFDocumentProxy> =>
    pdf.getDocument({
        url: address,
        worker: startWorker(),
        isEvalSupported: false,
        enableXfa: false,
        standardFontDataUrl: '/pdf/standard_fonts/',
        cMapUrl: '/pdf/cmaps/',
        cMapPacked: true,
        useWasm: false,
    }).promise;

/** Once more when it met another token (connection/http.ts). */
async function loadAgain(address: string, error: unknown): Promise<pdf.PDFDocumentProxy> {
    if (!(error instanceof pdf.ResponseException) || error.status !== 401) {
        throw error;
    }
    await tokenChanges();
    return loadDocument(address);
}

function openDocument(address: string): Promise<pdf.PDFDocumentProxy> {
    let opening = kept.get(address);
    if (!opening) {
        opening = loadDocument(address).catch((error: unknown) => loadAgain(address, error));
        kept.set(address, opening);
        opening.catch(() => kept.delete(address));
        const [oldest] = kept.keys();
        if (kept.size > KEPT_MAX && oldest !== undefined) {
            forget(oldest);
        }
    }
    return opening;
}

function forget(address: string): void {
    const opening = kept.get(address);
    kept.delete(address);
    opening?.then((document) => document.loadingTask.destroy()).catch(() => undefined);
}

export function emptyDocuments(): void {
    for (const address of [...kept.keys()]) {
        forget(address);
    }
    emptyPictures();
}

/** Where the server has a document, and what it is there. */
export interface DocumentSource {
    address: string;
    mediaType: string | undefined;
}

export class DocumentPane {
    private readonly canvas: HTMLCanvasElement;
    private generation = 0;
    private task: pdf.RenderTask | undefined;

    constructor(canvas: HTMLCanvasElement) {
        this.canvas = canvas;
    }

    /** Resolves with what is on the glass, or undefined when a newer page overtook this one. */
    async paint(
        viewport: Viewport,
        { address, mediaType }: DocumentSource,
        glass: Glass,
    ): Promise<PaintedPage | undefined> {
        this.generation += 1;
        const { generation } = this;
        const picture = isPicture(mediaType);
        const painted = picture
            ? await this.drawPicture(viewport, address, glass, generation)
            : await this.drawPage(viewport, address, glass, generation);
        if (!painted || generation !== this.generation) {
            return undefined;
        }
        const { aside, ...page } = painted;
        this.canvas.width = aside.width;
        this.canvas.height = aside.height;
        this.canvas.getContext('2d')?.drawImage(aside, 0, 0);
        return page;
    }

    private async drawPicture(
        viewport: Viewport,
        address: string,
        glass: Glass,
        generation: number,
    ): Promise<Drawn | undefined> {
        const picture = await openPicture(address);
        if (generation !== this.generation) {
            return undefined;
        }
        this.task?.cancel();
        const projection = projectPage(viewport, picture, glass);
        const { aside, context, scale, left, top } = sheet(projection, glass);
        // Like paper: a picture that is transparent somewhere is white there.
        context.setTransform(scale, 0, 0, scale, left, top);
        context.fillStyle = 'white';
        context.fillRect(0, 0, picture.width, picture.height);
        context.imageSmoothingQuality = 'high';
        context.drawImage(picture, 0, 0);
        return { aside, projection, page: 1, pages: 1 };
    }

    private async drawPage(
        viewport: Viewport,
        address: string,
        glass: Glass,
        generation: number,
    ): Promise<Drawn | undefined> {
        const document = await openDocument(address);
        const number = Math.max(1, Math.min(document.numPages, viewport.page || 1));
        const page = await document.getPage(number);
        const projection = projectPage(viewport, page.getViewport({ scale: 1 }), glass);
        if (generation !== this.generation) {
            return undefined;
        }
        this.task?.cancel();
        const { aside, context, scale, left, top } = sheet(projection, glass);
        this.task = page.render({
            canvas: null,
            canvasContext: context as unknown as CanvasRenderingContext2D,
            viewport: page.getViewport({ scale, offsetX: left, offsetY: top }),
        });
        try {
            await this.task.promise;
        } catch (error) {
            if (error instanceof pdf.RenderingCancelledException) {
                return undefined;
            }
            throw error;
        }
        return { aside, projection, page: number, pages: document.numPages };
    }
}

interface Drawn extends PaintedPage {
    aside: OffscreenCanvas;
}

/** What is drawn on first, so that the glass never shows half a page; and where the page lies on it. */
function sheet(projection: Projection, glass: Glass) {
    const ratio = window.devicePixelRatio;
    const scale = ratio / projection.unitsPerPixel;
    const aside = new OffscreenCanvas(
        Math.max(1, Math.round(glass.width * ratio)),
        Math.max(1, Math.round(glass.height * ratio)),
    );
    const context = aside.getContext('2d');
    if (!context) {
        throw new Error('no canvas for a page');
    }
    const [x, y] = projection.center;
    return { aside, context, scale, left: aside.width / 2 - x * scale, top: aside.height / 2 - y * scale };
}
