// Files on their way into a case: a few at a time, each with its own answer; what the server is too busy for
// is sent again, what it refuses is kept by name with the reason.
import { fetchAgain } from './http';

export type FileOutcome = 'stored' | 'already_there' | 'held' | 'refused' | 'failed';

export interface Sent {
    name: string;
    outcome: FileOutcome;
    /** The server's word for why, as `server/gateway/HTTP.md` lists them; empty when it said none. */
    reason: string;
    /** Its sentence for who looks closer: where in the file reading stopped. In English. */
    message: string;
}

type Said = Omit<Sent, 'name'>;
export type Answer = Said | 'busy';

export interface Progress {
    all: number;
    done: number;
    stored: number;
    known: number;
    /** Refused, held or not sent, by name. */
    problems: Sent[];
    running: boolean;
}

/** A file with its place in the folder that was dropped. */
export interface Found {
    name: string;
    file: File;
}

const AT_A_TIME = 3;
const TRIES = 5;
const WAIT_MS = 400;

export class Upload {
    private readonly queue: Found[];
    private readonly send: (file: File) => Promise<Answer>;
    private readonly told: (progress: Progress) => void;
    private readonly pause: (milliseconds: number) => Promise<void>;
    private progress: Progress;
    private stopped = false;

    constructor(
        files: readonly Found[],
        send: (file: File) => Promise<Answer>,
        told: (progress: Progress) => void,
        pause = (milliseconds: number) =>
            new Promise<void>((resume) => setTimeout(resume, milliseconds)),
    ) {
        this.queue = [...files];
        this.send = send;
        this.told = told;
        this.pause = pause;
        this.progress = {
            all: files.length,
            done: 0,
            stored: 0,
            known: 0,
            problems: [],
            running: true,
        };
    }

    async run(): Promise<void> {
        this.told(this.progress);
        await Promise.all(Array.from({ length: AT_A_TIME }, () => this.worker()));
        this.change({ running: false });
    }

    /** What is under way is finished; the rest is not sent. */
    stop(): void {
        this.stopped = true;
    }

    private async worker(): Promise<void> {
        while (!this.stopped) {
            const next = this.queue.shift();
            if (!next) {
                return;
            }
            this.count(next.name, await this.one(next.file));
        }
    }

    private async one(file: File): Promise<Said> {
        for (let attempt = 0; attempt < TRIES; attempt += 1) {
            const answer = await this.send(file).catch(() => 'busy' as const);
            if (answer !== 'busy') {
                return answer;
            }
            await this.pause(WAIT_MS * 2 ** attempt);
        }
        return { outcome: 'failed', reason: '', message: '' };
    }

    private count(name: string, said: Said): void {
        const { outcome } = said;
        const { done, stored, known, problems } = this.progress;
        const fine = outcome === 'stored' || outcome === 'already_there';
        this.change({
            done: done + 1,
            stored: stored + Number(outcome === 'stored'),
            known: known + Number(outcome === 'already_there'),
            problems: fine ? problems : [...problems, { name, ...said }],
        });
    }

    private change(next: Partial<Progress>): void {
        this.progress = { ...this.progress, ...next };
        this.told(this.progress);
    }
}

const outcomes: readonly FileOutcome[] = ['stored', 'already_there', 'held', 'refused'];
const BUSY: readonly number[] = [429, 503];

/** One file to the case's archive. */
export async function sendFile(patientCase: string, file: File): Promise<Answer> {
    const response = await fetchAgain(`/api/cases/${patientCase}/uploads`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/octet-stream' },
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
    };
    const outcome = outcomes.find((one) => one === body.outcome) ?? 'refused';
    return { outcome, reason: body.reason ?? body.error ?? '', message: body.message ?? '' };
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
