// How fast the line is, by the answers that came, and what follows from it: whether a frame is fetched as its
// HTJ2K copy or as it was uploaded, how many are fetched at once, and whether one that was scrolled past is worth
// cutting off.

/** Shorter answers come in one go with their headers and say nothing of the line. */
const TELLING_BYTES = 48 * 1024;
/** Whatever takes longer says it, too, however short it is: a line that became slow is known before its answers end. */
const TELLING_MS = 100;
/** The newest answer counts this much; a slow one by its time, so that a worse line is known at once. */
const NEWEST = 0.25;

export interface Link {
    /** Undefined until an answer was long enough. */
    bytesPerSecond: number | undefined;
    /** From the question to the first byte of the answer, milliseconds. */
    waitMs: number;
    /** What decoding a copy costs this device: milliseconds a megabyte of pixels. */
    decodeMs: number;
    /** Bytes of originals for one byte of a copy. */
    ratio: number;
}

/** Imaging, measured: 3.2 ms for 512 x 512 x 16 bit, and 4.6 times smaller. */
export const unknownLink: Link = { bytesPerSecond: undefined, waitMs: 20, decodeMs: 6.4, ratio: 4.6 };

const JPEG_LOSSY = ['1.2.840.10008.1.2.4.50', '1.2.840.10008.1.2.4.51', '1.2.840.10008.1.2.4.91'];
const HTJ2K = ['1.2.840.10008.1.2.4.201', '1.2.840.10008.1.2.4.202', '1.2.840.10008.1.2.4.203'];
const RAW = ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.2'];

export type Fetched = 'copy' | 'original';

/**
 * Raw pixels against a copy: whichever is sooner on the screen. Images that were stored with loss are smaller than any
 * lossless copy of them; other compressed ones take their decoders longer than HTJ2K takes to come.
 */
export function fetchedAs(link: Link, transferSyntax: string, pixelBytes: number): Fetched {
    if (JPEG_LOSSY.includes(transferSyntax) || HTJ2K.includes(transferSyntax)) {
        return 'original';
    }
    if (!RAW.includes(transferSyntax) || link.bytesPerSecond === undefined) {
        return 'copy';
    }
    const original = pixelBytes / link.bytesPerSecond;
    const copy = pixelBytes / link.ratio / link.bytesPerSecond + (link.decodeMs / 1000) * (pixelBytes / 1e6);
    return original < copy ? 'original' : 'copy';
}

const AT_ONCE_MIN = 2;
const AT_ONCE_MAX = 6;
const LONG_MS = 250;

/** Enough to fill the line while answers wait for each other, few enough that what is looked at is not kept waiting. */
export function atOnce(link: Link, frameBytes: number): number {
    if (link.bytesPerSecond === undefined) {
        return AT_ONCE_MIN;
    }
    if ((frameBytes / link.bytesPerSecond) * 1000 > LONG_MS) {
        return 1; // what people say and point at shares the line, and waits behind whatever is queued in it
    }
    const onTheWay = (link.bytesPerSecond * link.waitMs) / 1000;
    const wanted = 1 + Math.ceil((2 * onTheWay) / Math.max(1, frameBytes));
    return Math.max(AT_ONCE_MIN, Math.min(AT_ONCE_MAX, wanted));
}

/** Cutting an answer off costs its connection: a few round trips until another one is as fast. */
export function worthCutting(link: Link, bytesLeft: number): boolean {
    return link.bytesPerSecond !== undefined && (bytesLeft / link.bytesPerSecond) * 1000 > 5 * link.waitMs + 50;
}

/** Until the line was measured: what comes at 30 Mbit/s in 30 ms, a round trip and an answer's making. */
const MEANWHILE = 112_500;

/** Whether the rest of an answer is as much as comes before the next one, which has to be made, could begin. */
export const nearlyHere = ({ bytesPerSecond, waitMs }: Link, bytesLeft: number): boolean =>
    bytesLeft <= (bytesPerSecond === undefined ? MEANWHILE : (bytesPerSecond * 2 * waitMs) / 1000);

/** Whether a frame will be here before anybody would see that it was not. */
export function atOneGlance(link: Link, bytes: number, glanceMs: number): boolean {
    return link.bytesPerSecond !== undefined && link.waitMs + (bytes / link.bytesPerSecond) * 1000 < glanceMs;
}

const blend = (before: number, now: number): number => before + (now - before) * NEWEST;

/** Several answers share the line: what counts is all bytes while at least one of them is coming. */
export class LinkMeter {
    link: Link = unknownLink;
    /** When a byte came last. */
    lastByteAt = 0;
    private coming = 0;
    private bytes = 0;
    private beganAt = 0;
    /** Of all answers, the older ones less and less. */
    private sum = { bytes: 0, ms: 0 };

    /** The head of an answer is here, so long after it was asked for. */
    begin(now: number, waitedMs: number): void {
        this.lastByteAt = now;
        this.link = { ...this.link, waitMs: blend(this.link.waitMs, waitedMs) };
        if (this.coming === 0) {
            this.beganAt = now;
            this.bytes = 0;
        }
        this.coming += 1;
    }

    took(now: number, bytes: number): void {
        this.lastByteAt = now;
        this.bytes += bytes;
        if (now - this.beganAt >= TELLING_MS) {
            this.learn(now);
        }
    }

    end(now: number): void {
        this.coming -= 1;
        if (this.bytes >= TELLING_BYTES) {
            this.learn(now);
        }
    }

    private learn(now: number): void {
        const ms = Math.max(0.2, now - this.beganAt);
        const kept = 1 - NEWEST;
        this.sum = { bytes: this.sum.bytes * kept + this.bytes, ms: this.sum.ms * kept + ms };
        this.link = { ...this.link, bytesPerSecond: (this.sum.bytes / this.sum.ms) * 1000 };
        this.bytes = 0;
        this.beganAt = now;
    }

    decoded(copyBytes: number, pixelBytes: number, milliseconds: number): void {
        const { decodeMs, ratio } = this.link;
        this.link = {
            ...this.link,
            decodeMs: blend(decodeMs, milliseconds / (pixelBytes / 1e6)),
            ratio: blend(ratio, pixelBytes / Math.max(1, copyBytes)),
        };
    }
}
