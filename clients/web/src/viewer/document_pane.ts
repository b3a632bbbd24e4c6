// A page of a PDF on the glass, through pdf.js in its own worker, in the same projection as images.
import * as pdf from 'pdfjs-dist';
import { tokenChanges } from '../connection/http';
import type { Viewport } from '../wire';
import { projectPage, type Glass, type Projection } from './geometry';

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
        address: string,
        glass: Glass,
    ): Promise<PaintedPage | undefined> {
        this.generation += 1;
        const { generation } = this;
        const document = await openDocument(address);
        const number = Math.max(1, Math.min(document.numPages, viewport.page || 1));
        const page = await document.getPage(number);
        const whole = page.getViewport({ scale: 1 });
        const projection = projectPage(viewport, whole, glass);
        if (generation !== this.generation) {
            return undefined;
        }
        this.task?.cancel();
        const ratio = window.devicePixelRatio;
        const scale = ratio / projection.unitsPerPixel;
        // Drawn aside first: the glass never shows half a page.
        const aside = new OffscreenCanvas(
            Math.max(1, Math.round(glass.width * ratio)),
            Math.max(1, Math.round(glass.height * ratio)),
        );
        const context = aside.getContext('2d');
        if (!context) {
            return undefined;
        }
        this.task = page.render({
            canvas: null,
            canvasContext: context as unknown as CanvasRenderingContext2D,
            viewport: page.getViewport({
                scale,
                offsetX: aside.width / 2 - projection.center[0] * scale,
                offsetY: aside.height / 2 - projection.center[1] * scale,
            }),
        });
        try {
            await this.task.promise;
        } catch (error) {
            if (error instanceof pdf.RenderingCancelledException) {
                return undefined;
            }
            throw error;
        }
        if (generation !== this.generation) {
            return undefined;
        }
        this.canvas.width = aside.width;
        this.canvas.height = aside.height;
        this.canvas.getContext('2d')?.drawImage(aside, 0, 0);
        return { projection, page: number, pages: document.numPages };
    }
}
