// Large files and archives on their way into a case: tus (https://tus.io), which goes on where it stopped, also after
// this page was loaded anew. Of a file this browser keeps where its upload is, under a hash, and nothing of its name.
import { Upload as TusUpload, type PreviousUpload, type UrlStorage } from 'tus-js-client';
import { fetchAgain } from './http';

/** From here on a file is worth going on with. */
export const LARGE_BYTES = 16 * 1024 * 1024;
const CHUNK_BYTES = 32 * 1024 * 1024;
const RETRY_MS = [0, 500, 1000, 2000, 4000, 8000, 8000, 8000];
const LOOK_MS = 300;
const KEPT_PREFIX = 'consilium.upload.';

/** What the server says of an upload, as `server/gateway/HTTP.md` has it. */
export interface Outcome {
    state: 'receiving' | 'reading' | 'done';
    files?: {
        all: number;
        done: number;
        stored: number;
        alreadyThere: number;
        held: number;
        kept: number;
        refused: number;
    };
    problems?: { name: string; outcome: string; reason: string; message: string }[];
    /** Of those kept, as many as it says. */
    keptNames?: string[];
    index?: { named: number; missing: number };
}

const ZIP_MAGIC = [0x50, 0x4b];

/** By its first bytes, not by its name. */
export async function isArchive(file: File): Promise<boolean> {
    const bytes = new Uint8Array(await file.slice(0, 4).arrayBuffer());
    return ZIP_MAGIC.every((byte, index) => bytes[index] === byte) && (bytes[2] ?? 0) < 7;
}

const kept: UrlStorage = {
    findAllUploads: () => Promise.resolve([]),
    findUploadsByFingerprint: (fingerprint) => {
        const url = localStorage.getItem(KEPT_PREFIX + fingerprint);
        const found: PreviousUpload[] = url
            ? [
                  {
                      size: null,
                      metadata: {},
                      creationTime: '',
                      urlStorageKey: fingerprint,
                      uploadUrl: url,
                      parallelUploadUrls: null,
                  },
              ]
            : [];
        return Promise.resolve(found);
    },
    removeUpload: (key) => {
        localStorage.removeItem(KEPT_PREFIX + key);
        return Promise.resolve();
    },
    addUpload: (fingerprint, upload) => {
        if (upload.uploadUrl) {
            localStorage.setItem(KEPT_PREFIX + fingerprint, upload.uploadUrl);
        }
        return Promise.resolve(fingerprint);
    },
};

async function fingerprintOf(patientCase: string, name: string, file: File): Promise<string> {
    const what = [patientCase, name, file.size, file.lastModified].join('\n');
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(what)));
    return Array.from(hash.slice(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** 'refused' carries the server's word for why. */
export type Arrived = { url: string } | { refused: string };

/** Until its last byte is durable. `stopped` ends it; it goes on when the file is sent again. */
export async function sendResumable(
    patientCase: string,
    { name, file }: { name: string; file: File },
    sent: (bytes: number) => void,
    stopped: AbortSignal,
    sending: () => string,
): Promise<Arrived> {
    const fingerprint = await fingerprintOf(patientCase, name, file);
    return new Promise((resolve, reject) => {
        const upload = new TusUpload(file, {
            endpoint: `/api/cases/${patientCase}/resumable`,
            chunkSize: CHUNK_BYTES,
            retryDelays: RETRY_MS,
            metadata: { filename: name },
            fingerprint: () => Promise.resolve(fingerprint),
            urlStorage: kept,
            removeFingerprintOnSuccess: true,
            onBeforeRequest: (request) => request.setHeader('Upload-Sending', sending()),
            onProgress: (bytes) => sent(bytes),
            onSuccess: () => (upload.url ? resolve({ url: upload.url }) : reject(new Error('no address'))),
            onError: (error) => {
                const response = 'originalResponse' in error ? error.originalResponse : null;
                const body = response?.getBody() ?? '';
                const word = /"error":"(\w+)"/.exec(body)?.[1];
                const final = response !== null && response.getStatus() < 500 && response.getStatus() !== 429;
                if (word && (final || word === 'no_space')) {
                    resolve({ refused: word });
                } else {
                    reject(error);
                }
            },
        });
        stopped.addEventListener('abort', () => {
            void upload.abort();
            reject(new Error('stopped'));
        });
        void upload.findPreviousUploads().then(([previous]) => {
            if (previous) {
                upload.resumeFromPreviousUpload(previous);
            }
            upload.start();
        });
    });
}

/** What became of it, when the server has read it. */
export async function outcomeOf(
    url: string,
    reading: (outcome: Outcome) => void,
    stopped: AbortSignal,
): Promise<Outcome> {
    for (;;) {
        stopped.throwIfAborted();
        const response = await fetchAgain(url, { signal: stopped }).catch(() => undefined);
        if (response?.status === 404) {
            throw new Error('the upload is gone');
        }
        const outcome = response?.ok ? ((await response.json()) as Outcome) : undefined;
        if (outcome?.state === 'done') {
            return outcome;
        }
        if (outcome) {
            reading(outcome);
        }
        await new Promise((resume) => setTimeout(resume, LOOK_MS));
    }
}
