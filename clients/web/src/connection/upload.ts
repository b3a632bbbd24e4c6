// Files on their way into a case: a few at a time, each with its own answer; what the server is too busy for
// is sent again, what it refuses is kept by name with the reason.
import { fetchAgain } from './http';
import { isArchive, LARGE_BYTES, outcomeOf, sendResumable, type Outcome } from './resumable';

export type FileOutcome = 'stored' | 'already_there' | 'held' | 'refused' | 'failed' | 'kept';

export interface Sent {
    name: string;
    outcome: FileOutcome;
    /** The server's word for why, as `server/gateway/HTTP.md` lists them; empty when it said none. */
    reason: string;
    /** Its sentence for who looks closer: where in the file reading stopped. In English. */
    message: string;
}

type Said = Omit<Sent, 'name'>;

/** What a file was, which may be many in one. */
export interface Taken {
    files: number;
    stored: number;
    known: number;
    kept: number;
    /** Held until somebody says whose they are. */
    held: number;
    problems: Sent[];
    /** Of those kept, as far as they are told. */
    keptNames: string[];
    /** Of a CD's directory: how many files it names and how many of them are not here. */
    index?: { named: number; missing: number };
}
export type Answer = Said | Taken | 'busy';

export interface Progress {
    all: number;
    done: number;
    stored: number;
    known: number;
    kept: number;
    held: number;
    bytes: number;
    bytesAll: number;
    /** Everything has been sent, and something of it is being read. */
    reading: boolean;
    index: { named: number; missing: number } | undefined;
    /** Kept with the case and not opened, by name: as many as are shown. */
    keptNames: string[];
    /** Refused, held or not sent, by name. */
    problems: Sent[];
    running: boolean;
}

/** A file with its place in the folder that was dropped. */
export interface Found {
    name: string;
    file: File;
}

/** How far a file is: bytes sent, and whether it is being read now. */
export type Told = (bytes: number, reading: boolean, files?: number) => void;
/** Also says what goes together with it: the value of `Upload-Sending` just now (`server/gateway/HTTP.md`). */
export type Send = (found: Found, told: Told, stopped: AbortSignal, sending: () => string) => Promise<Answer>;

/** It says another patient than the case; not a fault of the file. */
const isOfAnother = ({ outcome, reason }: Said): boolean => outcome === 'held' && reason === 'patient';

const AT_A_TIME = 3;
const TRIES = 5;
const WAIT_MS = 400;
const KEPT_NAMES = 200;

/** The directory of a CD last: only then can be said what is missing. */
const directoryLast = (files: readonly Found[]): Found[] => {
    const isDirectory = ({ name }: Found) => /(^|\/)dicomdir$/i.test(name);
    return [...files.filter((one) => !isDirectory(one)), ...files.filter(isDirectory)];
};

export class Upload {
    private readonly queue: Found[];
    private readonly send: Send;
    private readonly told: (progress: Progress) => void;
    private readonly pause: (milliseconds: number) => Promise<void>;
    private readonly under = new Map<Found, { bytes: number; reading: boolean; files: number }>();
    private readonly stopping = new AbortController();
    /** Of all the files together, for who waits for them. */
    readonly id = crypto.randomUUID();
    private progress: Progress;
    private finished = 0;

    constructor(
        files: readonly Found[],
        send: Send,
        told: (progress: Progress) => void,
        pause = (milliseconds: number) =>
            new Promise<void>((resume) => setTimeout(resume, milliseconds)),
    ) {
        this.queue = directoryLast(files);
        this.send = send;
        this.told = told;
        this.pause = pause;
        this.progress = {
            all: files.length,
            done: 0,
            stored: 0,
            known: 0,
            kept: 0,
            held: 0,
            bytes: 0,
            bytesAll: files.reduce((sum, { file }) => sum + file.size, 0),
            reading: false,
            index: undefined,
            keptNames: [],
            problems: [],
            running: true,
        };
    }

    async run(): Promise<void> {
        this.told(this.progress);
        await Promise.all(Array.from({ length: AT_A_TIME }, () => this.worker()));
        this.change({ running: false });
    }

    /** Small files under way are finished, large ones go on when they are sent again; the rest is not sent. */
    stop(): void {
        this.stopping.abort();
    }

    private sending(): string {
        const { all, bytesAll, done, stored, kept } = this.progress;
        return [this.id, all, bytesAll, done, this.finished, stored, kept].join(' ');
    }

    private async worker(): Promise<void> {
        while (!this.stopping.signal.aborted) {
            // A directory waits for what it names.
            const last = this.queue.length === 1 && this.under.size > 0 && /dicomdir$/i.test(this.queue[0]?.name ?? '');
            const next = last ? undefined : this.queue.shift();
            if (!next) {
                return;
            }
            this.under.set(next, { bytes: 0, reading: false, files: 1 });
            const said = await this.one(next);
            this.under.delete(next);
            this.finished += next.file.size;
            this.count(next.name, said);
        }
    }

    private async one(found: Found): Promise<Said | Taken> {
        const told: Told = (bytes, reading, files = 1) => {
            this.under.set(found, { bytes, reading, files });
            this.change({});
        };
        for (let attempt = 0; attempt < TRIES && !this.stopping.signal.aborted; attempt += 1) {
            const answer = await this.send(found, told, this.stopping.signal, () => this.sending()).catch(
                () => 'busy' as const,
            );
            if (answer !== 'busy') {
                return answer;
            }
            await this.pause(WAIT_MS * 2 ** attempt);
        }
        return { outcome: 'failed', reason: '', message: '' };
    }

    private count(name: string, said: Said | Taken): void {
        const { all, done, stored, known, kept, keptNames, held, problems, index } = this.progress;
        if ('files' in said) {
            this.change({
                all: all + said.files - 1,
                done: done + said.files,
                stored: stored + said.stored,
                known: known + said.known,
                kept: kept + said.kept,
                keptNames: [...keptNames, ...said.keptNames].slice(0, KEPT_NAMES),
                held: held + said.held,
                problems: [...problems, ...said.problems],
                index: said.index ?? index,
            });
            return;
        }
        const { outcome } = said;
        const waits = isOfAnother(said);
        const fine = waits || outcome === 'stored' || outcome === 'already_there' || outcome === 'kept';
        this.change({
            done: done + 1,
            stored: stored + Number(outcome === 'stored'),
            known: known + Number(outcome === 'already_there'),
            kept: kept + Number(outcome === 'kept'),
            keptNames: outcome === 'kept' && keptNames.length < KEPT_NAMES ? [...keptNames, name] : keptNames,
            held: held + Number(waits),
            problems: fine ? problems : [...problems, { name, ...said }],
        });
    }

    private change(next: Partial<Progress>): void {
        const under = [...this.under.values()];
        const bytes = under.reduce((sum, one) => sum + one.bytes, this.finished);
        const reading = under.length > 0 && this.queue.length === 0 && under.every((one) => one.reading);
        this.progress = { ...this.progress, bytes: Math.min(bytes, this.progress.bytesAll), reading, ...next };
        this.told(this.progress);
    }
}

const outcomes: readonly FileOutcome[] = ['stored', 'already_there', 'held', 'refused', 'kept'];
const BUSY: readonly number[] = [429, 503];

const outcomeWord = (word: string | undefined): FileOutcome => outcomes.find((one) => one === word) ?? 'refused';

/** base64 of its UTF-8, as tus has it in Upload-Metadata. */
const asMetadata = (name: string): string =>
    `filename ${btoa(String.fromCharCode(...new TextEncoder().encode(name)))}`;

/** One file to the case's archive, in one request. */
export async function sendFile(patientCase: string, { name, file }: Found, sending: string): Promise<Answer> {
    const response = await fetchAgain(`/api/cases/${patientCase}/uploads`, {
        method: 'POST',
        headers: {
            'Content-Type': 'application/octet-stream',
            'Upload-Metadata': asMetadata(name),
            'Upload-Sending': sending,
        },
        body: file,
    });
    if (BUSY.includes(response.status)) {
        return 'busy';
    }
    const body = (await response.json().catch(() => ({}))) as {
        outcome?: string;
        reason?: string;
        error?: string;
        message?: string;
        index?: { named: number; missing: number };
    };
    if (body.outcome === 'index' && body.index) {
        return { files: 1, stored: 0, known: 0, kept: 0, keptNames: [], held: 0, problems: [], index: body.index };
    }
    return { outcome: outcomeWord(body.outcome), reason: body.reason ?? body.error ?? '', message: body.message ?? '' };
}

function takenOf(outcome: Outcome): Taken {
    const { files, problems, keptNames, index } = outcome;
    const told = (problems ?? []).map((one) => ({ ...one, outcome: outcomeWord(one.outcome) }));
    const contents = told.filter((one) => one.outcome === 'held' && !isOfAnother(one)).length;
    return {
        files: files?.all ?? 1,
        stored: files?.stored ?? 0,
        known: files?.alreadyThere ?? 0,
        kept: files?.kept ?? 0,
        keptNames: keptNames ?? [],
        held: Math.max(0, (files?.held ?? 0) - contents),
        problems: told.filter((one) => !isOfAnother(one)),
        ...(index && { index }),
    };
}

/** A file the way that suits it: small ones in one request, large ones and archives so that they can go on. */
export function sender(patientCase: string): Send {
    return async (found, told, stopped, sending) => {
        const { file } = found;
        if (file.size < LARGE_BYTES && !(await isArchive(file))) {
            return sendFile(patientCase, found, sending());
        }
        const sent = (bytes: number) => told(bytes, false);
        const arrived = await sendResumable(patientCase, found, sent, stopped, sending);
        if ('refused' in arrived) {
            return { outcome: 'refused', reason: arrived.refused, message: '' };
        }
        told(file.size, true);
        const reading = (outcome: Outcome) => told(file.size, true, outcome.files?.all);
        return takenOf(await outcomeOf(arrived.url, reading, stopped));
    };
}

/** No more of them comes: who waits is told so, if it can be said. */
export async function endSending(patientCase: string, id: string): Promise<void> {
    const path = `/api/cases/${patientCase}/sendings/${id}`;
    await fetchAgain(path, { method: 'DELETE', keepalive: true }).catch(() => undefined);
}

/** A folder is read to its end: browsers give its files in portions. */
async function filesOf(entry: FileSystemEntry, path: string): Promise<Found[]> {
    const name = path + entry.name;
    if (entry.isFile) {
        const file = await new Promise<File>((resolve, reject) =>
            (entry as FileSystemFileEntry).file(resolve, reject),
        );
        return [{ name, file }];
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    const found: Found[] = [];
    for (;;) {
        const portion = await new Promise<FileSystemEntry[]>((resolve, reject) =>
            reader.readEntries(resolve, reject),
        );
        if (portion.length === 0) {
            return found;
        }
        for (const one of portion) {
            found.push(...(await filesOf(one, `${name}/`)));
        }
    }
}

export async function dropped(transfer: DataTransfer): Promise<Found[]> {
    // Asked for before anything is awaited: afterwards the browser has forgotten what was dropped.
    const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((one) => one !== null);
    const lists = await Promise.all(entries.map((entry) => filesOf(entry, '')));
    return lists.flat();
}

export const chosen = (files: FileList): Found[] =>
    [...files].map((file) => ({ name: file.webkitRelativePath || file.name, file }));
