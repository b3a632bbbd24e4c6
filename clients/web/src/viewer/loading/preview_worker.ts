// The worker that decodes previews: one bundle in, one buffer of samples out.
import openJph, { type OpenJph } from '@cornerstonejs/codec-openjph';
import wasm from '@cornerstonejs/codec-openjph/wasm?url';
import { decodePreview, type DecodedPreview, type Expected } from './decode_preview';
import { tinyCopy } from './tiny_copy';

export interface PreviewJob {
    job: number;
    /** Undefined: nothing but to get the codec ready. */
    bundle?: ArrayBuffer;
    expected?: Expected[];
}

export interface PreviewDone {
    job: number;
    preview?: DecodedPreview;
    failed?: string;
}

const silent = () => undefined;
let codec: Promise<OpenJph> | undefined;

/** The browser compiles what runs often: a few decodings before the first that somebody waits for. */
function warm(ready: OpenJph): void {
    const bytes = tinyCopy();
    const decoder = new ready.HTJ2KDecoder();
    for (let turn = 0; turn < 50; turn += 1) {
        decoder.getEncodedBuffer(bytes.length).set(bytes);
        decoder.decodeSubResolution(turn % 4);
        decoder.getDecodedBuffer();
    }
    decoder.delete();
}

async function work({ job, bundle, expected }: PreviewJob): Promise<void> {
    try {
        codec ??= openJph({ locateFile: () => wasm, print: silent, printErr: silent });
        const ready = await codec;
        if (!bundle || !expected) {
            warm(ready);
            self.postMessage({ job } satisfies PreviewDone);
            return;
        }
        const preview = decodePreview(ready, bundle, expected, () => performance.now());
        self.postMessage({ job, preview } satisfies PreviewDone, { transfer: [preview.samples] });
    } catch (error) {
        self.postMessage({ job, failed: error instanceof Error ? error.message : String(error) } satisfies PreviewDone);
    }
}

self.addEventListener('message', (event: MessageEvent<PreviewJob>) => void work(event.data));
