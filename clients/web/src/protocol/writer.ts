// Writes msgpack, always in the shortest form, and refuses what the schema's bounds would refuse
// on the other side.
import {
    FRAME_EPHEMERAL,
    FRAME_EVENT,
    FRAME_NUMBERED,
    FRAME_SIZE_MAX,
    ProtocolError,
} from './values';
import type { FrameHead } from './values';

const CAPACITY_FIRST = 256;
const UTF8 = new TextEncoder();
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** How many fields must be written: those after the last that differs from its default need not be. */
export function countFields(...differs: boolean[]): number {
    return differs.lastIndexOf(true) + 1;
}

export class Writer {
    private bytes = new Uint8Array(CAPACITY_FIRST);
    private view = new DataView(this.bytes.buffer);
    private length = 0;

    /** What was written. */
    finish(): Uint8Array<ArrayBuffer> {
        return this.bytes.slice(0, this.length);
    }

    /** Where the next bytes go. Ask before naming `bytes` or `view`: growing replaces both. */
    private reserve(size: number): number {
        const needed = this.length + size;
        if (needed > FRAME_SIZE_MAX) {
            throw new ProtocolError('the message is too long');
        }
        if (needed > this.bytes.length) {
            const bytes = new Uint8Array(Math.max(needed, this.bytes.length * 2));
            bytes.set(this.bytes);
            this.bytes = bytes;
            this.view = new DataView(bytes.buffer);
        }
        const at = this.length;
        this.length = needed;
        return at;
    }

    private byte(value: number): void {
        const at = this.reserve(1);
        this.view.setUint8(at, value);
    }

    private byte16(format: number, value: number): void {
        const at = this.reserve(3);
        this.view.setUint8(at, format);
        this.view.setUint16(at + 1, value);
    }

    private byte32(format: number, value: number): void {
        const at = this.reserve(5);
        this.view.setUint8(at, format);
        this.view.setUint32(at + 1, value);
    }

    private raw(bytes: Uint8Array): void {
        const at = this.reserve(bytes.length);
        this.bytes.set(bytes, at);
    }

    private integer(value: bigint): void {
        if (value >= 0n) {
            if (value <= 0xffffffffn) {
                this.unsigned(Number(value));
            } else {
                const at = this.reserve(9);
                this.view.setUint8(at, 0xcf);
                this.view.setBigUint64(at + 1, value);
            }
        } else if (value >= -0x80000000n) {
            this.negative(Number(value));
        } else {
            const at = this.reserve(9);
            this.view.setUint8(at, 0xd3);
            this.view.setBigInt64(at + 1, value);
        }
    }

    private unsigned(value: number): void {
        if (value < 0x80) {
            this.byte(value);
        } else if (value <= 0xff) {
            this.byte(0xcc);
            this.byte(value);
        } else if (value <= 0xffff) {
            this.byte16(0xcd, value);
        } else {
            this.byte32(0xce, value);
        }
    }

    private negative(value: number): void {
        if (value >= -0x20) {
            this.byte(value & 0xff);
        } else if (value >= -0x80) {
            this.byte(0xd0);
            this.byte(value & 0xff);
        } else if (value >= -0x8000) {
            this.byte16(0xd1, value & 0xffff);
        } else {
            this.byte32(0xd2, value >>> 0);
        }
    }

    private within(value: number, min: number, max: number): void {
        if (!Number.isInteger(value) || value < min || value > max) {
            throw new ProtocolError(`${value} is not a whole number from ${min} to ${max}`);
        }
        this.integer(BigInt(value));
    }

    private wide(value: bigint, min: bigint, max: bigint): void {
        if (value < min || value > max) {
            throw new ProtocolError(`${value} is not from ${min} to ${max}`);
        }
        this.integer(value);
    }

    nil(): void {
        this.byte(0xc0);
    }

    bool(value: boolean): void {
        this.byte(value ? 0xc3 : 0xc2);
    }

    u8(value: number): void {
        this.within(value, 0, 0xff);
    }

    u16(value: number): void {
        this.within(value, 0, 0xffff);
    }

    u32(value: number): void {
        this.within(value, 0, 0xffffffff);
    }

    u64(value: bigint): void {
        this.wide(value, 0n, 0xffffffffffffffffn);
    }

    i32(value: number): void {
        this.within(value, -0x80000000, 0x7fffffff);
    }

    i64(value: bigint): void {
        this.wide(value, -0x8000000000000000n, 0x7fffffffffffffffn);
    }

    time(value: number): void {
        this.within(value, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    }

    version(value: number): void {
        this.within(value, 0, Number.MAX_SAFE_INTEGER);
    }

    f32(value: number): void {
        if (!Number.isFinite(Math.fround(value))) {
            throw new ProtocolError(`${value} is not a finite float 32`);
        }
        const at = this.reserve(5);
        this.view.setUint8(at, 0xca);
        this.view.setFloat32(at + 1, value);
    }

    f64(value: number): void {
        if (!Number.isFinite(value)) {
            throw new ProtocolError(`${value} is not a finite number`);
        }
        const at = this.reserve(9);
        this.view.setUint8(at, 0xcb);
        this.view.setFloat64(at + 1, value);
    }

    text(lengthMax: number, value: string): void {
        const bytes = UTF8.encode(value);
        if (bytes.length > lengthMax || value.includes('\0')) {
            throw new ProtocolError(`a text over ${lengthMax} bytes, or with U+0000`);
        }
        if (bytes.length < 32) {
            this.byte(0xa0 + bytes.length);
        } else {
            this.length8(0xd9, bytes.length);
        }
        this.raw(bytes);
    }

    /** A length in the narrowest of three formats that follow each other. */
    private length8(format: number, length: number): void {
        if (length <= 0xff) {
            this.byte(format);
            this.byte(length);
        } else if (length <= 0xffff) {
            this.byte16(format + 1, length);
        } else {
            this.byte32(format + 2, length);
        }
    }

    bytesValue(lengthMax: number, value: Uint8Array): void {
        if (value.length > lengthMax) {
            throw new ProtocolError(`${value.length} bytes, over ${lengthMax}`);
        }
        this.length8(0xc4, value.length);
        this.raw(value);
    }

    uuid(value: string): void {
        if (!UUID.test(value)) {
            throw new ProtocolError('not a uuid in lower case with hyphens');
        }
        this.byte(0xc4);
        this.byte(16);
        const digits = value.replaceAll('-', '');
        for (let i = 0; i < 32; i += 2) {
            this.byte(Number.parseInt(digits.slice(i, i + 2), 16));
        }
    }

    enumMember<T>(members: readonly T[], value: T): void {
        const number = members.indexOf(value);
        if (number === -1) {
            throw new ProtocolError('not a member of the enum');
        }
        this.unsigned(number);
    }

    private count(fix: number, wide: number, count: number): void {
        if (count < 16) {
            this.byte(fix + count);
        } else if (count <= 0xffff) {
            this.byte16(wide, count);
        } else {
            this.byte32(wide + 1, count);
        }
    }

    fields(count: number): void {
        this.count(0x90, 0xdc, count);
    }

    list<T>(countMax: number, items: readonly T[], write: (writer: Writer, item: T) => void): void {
        if (items.length > countMax) {
            throw new ProtocolError(`a list of ${items.length}, over ${countMax}`);
        }
        this.fields(items.length);
        for (const item of items) {
            write(this, item);
        }
    }

    map<T>(
        countMax: number,
        keyMax: number,
        entries: ReadonlyMap<string, T>,
        write: (writer: Writer, value: T) => void,
    ): void {
        if (entries.size > countMax) {
            throw new ProtocolError(`a map of ${entries.size}, over ${countMax}`);
        }
        this.count(0x80, 0xde, entries.size);
        for (const [key, value] of entries) {
            this.text(keyMax, key);
            write(this, value);
        }
    }

    optional<T>(value: T | undefined, write: (writer: Writer, value: T) => void): void {
        if (value === undefined) {
            this.nil();
        } else {
            write(this, value);
        }
    }

    frameHead(head: FrameHead): void {
        const count = { notice: FRAME_EPHEMERAL, reply: FRAME_NUMBERED, event: FRAME_EVENT }[
            head.form
        ];
        this.fields(count);
        this.u16(head.channel);
        this.u8(head.tag);
        if (count === FRAME_NUMBERED) {
            this.u32(head.seq);
        } else if (count === FRAME_EVENT) {
            this.version(head.version);
            this.version(head.previous);
            this.time(head.at);
            this.optional(head.by, (writer, by) => writer.uuid(by));
        }
    }
}
