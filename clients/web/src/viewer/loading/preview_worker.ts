// The worker that decodes previews: a bundle in pieces as they arrive, one buffer of samples out.
import openJph, { type OpenJph } from '@cornerstonejs/codec-openjph';
import wasm from '@cornerstonejs/codec-openjph/wasm?url';
import { PreviewStream, type DecodedPreview, type Expected } from './decode_preview';
import { tinyCopy } from './tiny_copy';

export interface PreviewJob {
    job: number;
    does:
        | { what: 'warm' }
        | { what: 'begin'; length: number }
        | { what: 'expect'; expected: Expected[] }
        | { what: 'piece'; piece: ArrayBuffer }
        | { what: 'end' }
        | { what: 'stop' };
}

export interface PreviewDone {
    job: number;
    preview?: DecodedPreview;
    failed?: string;
}

const silent = () => undefined;
let codec: Promise<OpenJph> | undefined;
const streams = new Map<number, PreviewStream>();

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

function close(job: number): void {
    streams.get(job)?.close();
    streams.delete(job);
}

function step(ready: OpenJph, { job, does }: PreviewJob): void {
    switch (does.what) {
        case 'warm':
            warm(ready);
            break;
        case 'begin':
            streams.set(job, new PreviewStream(ready, does.length, () => performance.now()));
            break;
        case 'expect':
            streams.get(job)?.expect(does.expected);
            break;
        case 'piece':
            streams.get(job)?.take(new Uint8Array(does.piece));
            break;
        case 'end': {
            const preview = streams.get(job)?.finish();
            close(job);
            if (preview) {
                self.postMessage({ job, preview } satisfies PreviewDone, { transfer: [preview.samples] });
            }
            break;
        }
        case 'stop':
            close(job);
            break;
    }
}

/** What is told after a failure finds no stream, and is not answered. */
async function work(message: PreviewJob): Promise<void> {
    const { job } = message;
    try {
        codec ??= openJph({ locateFile: () => wasm, print: silent, printErr: silent });
        step(await codec, message);
    } catch (error) {
        close(job);
        self.postMessage({ job, failed: error instanceof Error ? error.message : String(error) } satisfies PreviewDone);
    }
}

self.addEventListener('message', (event: MessageEvent<PreviewJob>) => void work(event.data));
