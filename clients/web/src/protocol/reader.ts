// Reads msgpack as a schema directs: the caller says what comes next and how much of it may come.
// A count is checked against its bound and against the bytes left before an array is made.
import {
    FRAME_EPHEMERAL,
    FRAME_EVENT,
    FRAME_NUMBERED,
    ProtocolError,
    type FrameHead,
} from './values';

const TAG_COUNT = 128;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export class Reader {
    private readonly view: DataView;
    private at = 0;

    constructor(private readonly bytes: Uint8Array) {
        this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }

    get left(): number {
        return this.bytes.length - this.at;
    }

    /** Nothing may follow a message. */
    end(): void {
        if (this.left !== 0) {
            throw new ProtocolError(`${this.left} bytes follow the message`);
        }
    }

    private take(size: number): number {
        if (this.left < size) {
            throw new ProtocolError('the message ends too soon');
        }
        const at = this.at;
        this.at += size;
        return at;
    }

    private byte(): number {
        return this.view.getUint8(this.take(1));
    }

    /** An unsigned number of 1, 2 or 4 bytes. */
    private length(size: number): number {
        const at = this.take(size);
        if (size === 1) {
            return this.view.getUint8(at);
        }
        return size === 2 ? this.view.getUint16(at) : this.view.getUint32(at);
    }

    /** An integer of any width; a bigint when it stands in 8 bytes. */
    private integer(): number | bigint {
        const format = this.byte();
        if (format < 0x80) {
            return format;
        }
        if (format >= 0xe0) {
            return format - 0x100;
        }
        switch (format) {
            case 0xcc:
                return this.view.getUint8(this.take(1));
            case 0xcd:
                return this.view.getUint16(this.take(2));
            case 0xce:
                return this.view.getUint32(this.take(4));
            case 0xcf:
                return this.view.getBigUint64(this.take(8));
            case 0xd0:
                return this.view.getInt8(this.take(1));
            case 0xd1:
                return this.view.getInt16(this.take(2));
            case 0xd2:
                return this.view.getInt32(this.take(4));
            case 0xd3:
                return this.view.getBigInt64(this.take(8));
            default:
                throw new ProtocolError('an integer was expected');
        }
    }

    private within(min: number, max: number): number {
        const value = this.integer();
        if (value < min || value > max) {
            throw new ProtocolError(`${value} is not from ${min} to ${max}`);
        }
        return Number(value);
    }

    private wide(min: bigint, max: bigint): bigint {
        const value = BigInt(this.integer());
        if (value < min || value > max) {
            throw new ProtocolError(`${value} is not from ${min} to ${max}`);
        }
        return value;
    }

    bool(): boolean {
        const format = this.byte();
        if (format !== 0xc2 && format !== 0xc3) {
            throw new ProtocolError('true or false was expected');
        }
        return format === 0xc3;
    }

    u8(): number {
        return this.within(0, 0xff);
    }

    u16(): number {
        return this.within(0, 0xffff);
    }

    u32(): number {
        return this.within(0, 0xffffffff);
    }

    u64(): bigint {
        return this.wide(0n, 0xffffffffffffffffn);
    }

    i32(): number {
        return this.within(-0x80000000, 0x7fffffff);
    }

    i64(): bigint {
        return this.wide(-0x8000000000000000n, 0x7fffffffffffffffn);
    }

    time(): number {
        return this.within(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    }

    version(): number {
        return this.within(0, Number.MAX_SAFE_INTEGER);
    }

    private finite(value: number): number {
        if (!Number.isFinite(value)) {
            throw new ProtocolError('a number that is not finite');
        }
        return value;
    }

    f32(): number {
        if (this.byte() !== 0xca) {
            throw new ProtocolError('a float 32 was expected');
        }
        return this.finite(this.view.getFloat32(this.take(4)));
    }

    f64(): number {
        const format = this.byte();
        if (format === 0xca) {
            return this.finite(this.view.getFloat32(this.take(4)));
        }
        if (format !== 0xcb) {
            throw new ProtocolError('a float 64 was expected');
        }
        return this.finite(this.view.getFloat64(this.take(8)));
    }

    text(lengthMax: number): string {
        const format = this.byte();
        let length: number;
        if (format >= 0xa0 && format <= 0xbf) {
            length = format - 0xa0;
        } else if (format >= 0xd9 && format <= 0xdb) {
            length = this.length(1 << (format - 0xd9));
        } else {
            throw new ProtocolError('a text was expected');
        }
        if (length > lengthMax) {
            throw new ProtocolError(`a text of ${length} bytes, over ${lengthMax}`);
        }
        const at = this.take(length);
        const bytes = this.bytes.subarray(at, at + length);
        if (bytes.includes(0)) {
            throw new ProtocolError('a text holds U+0000');
        }
        try {
            return UTF8.decode(bytes);
        } catch {
            throw new ProtocolError('a text is not UTF-8');
        }
    }

    /** A copy, so that it does not keep the frame alive. */
    bytesValue(lengthMax: number): Uint8Array {
        const format = this.byte();
        if (format < 0xc4 || format > 0xc6) {
            throw new ProtocolError('bytes were expected');
        }
        const length = this.length(1 << (format - 0xc4));
        if (length > lengthMax) {
            throw new ProtocolError(`${length} bytes, over ${lengthMax}`);
        }
        const at = this.take(length);
        return this.bytes.slice(at, at + length);
    }

    uuid(): string {
        if (this.byte() !== 0xc4 || this.byte() !== 16) {
            throw new ProtocolError('a uuid was expected');
        }
        const at = this.take(16);
        let text = '';
        for (let i = 0; i < 16; i++) {
            const hyphen = i === 4 || i === 6 || i === 8 || i === 10;
            text += (hyphen ? '-' : '') + HEX[this.bytes[at + i] ?? 0];
        }
        return text;
    }

    enumMember<T>(members: readonly T[]): T {
        const member = members[this.u8()];
        if (member === undefined) {
            throw new ProtocolError('an unknown member of an enum');
        }
        return member;
    }

    private count(fix: number, wide: number): number {
        const format = this.byte();
        let count: number;
        if ((format & 0xf0) === fix) {
            count = format & 0x0f;
        } else if (format === wide || format === wide + 1) {
            count = this.length(format === wide ? 2 : 4);
        } else {
            throw new ProtocolError('a list was expected');
        }
        if (count > this.left) {
            throw new ProtocolError('the message ends too soon');
        }
        return count;
    }

    /** How many fields of a record or message follow. */
    fields(): number {
        return this.count(0x90, 0xdc);
    }

    list<T>(countMax: number, read: (reader: Reader) => T): T[] {
        const count = this.fields();
        if (count > countMax) {
            throw new ProtocolError(`a list of ${count}, over ${countMax}`);
        }
        const items: T[] = [];
        for (let i = 0; i < count; i++) {
            items.push(read(this));
        }
        return items;
    }

    map<T>(countMax: number, keyMax: number, read: (reader: Reader) => T): Map<string, T> {
        const count = this.count(0x80, 0xde);
        if (count > countMax) {
            throw new ProtocolError(`a map of ${count}, over ${countMax}`);
        }
        const entries = new Map<string, T>();
        for (let i = 0; i < count; i++) {
            entries.set(this.text(keyMax), read(this));
        }
        if (entries.size !== count) {
            throw new ProtocolError('a map holds a key twice');
        }
        return entries;
    }

    optional<T>(read: (reader: Reader) => T): T | undefined {
        if (this.left > 0 && this.bytes[this.at] === 0xc0) {
            this.at++;
            return undefined;
        }
        return read(this);
    }

    /** Steps over what a newer peer appended: nesting needs no stack, only how many are to come. */
    skip(count: number): void {
        let pending = count;
        while (pending > 0) {
            pending += this.skipOne() - 1;
        }
    }

    /** Gives back how many values are inside the one stepped over. */
    private skipOne(): number {
        const format = this.byte();
        if (
            format < 0x80 ||
            format >= 0xe0 ||
            format === 0xc0 ||
            format === 0xc2 ||
            format === 0xc3
        ) {
            return 0;
        }
        if (format < 0x90) {
            return (format - 0x80) * 2;
        }
        if (format < 0xa0) {
            return format - 0x90;
        }
        if (format < 0xc0) {
            this.take(format - 0xa0);
        } else if (format >= 0xc4 && format <= 0xc6) {
            this.take(this.length(1 << (format - 0xc4)));
        } else if (format >= 0xc7 && format <= 0xc9) {
            this.take(this.length(1 << (format - 0xc7)) + 1);
        } else if (format === 0xca || format === 0xcb) {
            this.take(format === 0xca ? 4 : 8);
        } else if (format >= 0xcc && format <= 0xd3) {
            this.take(1 << ((format - 0xcc) % 4));
        } else if (format >= 0xd4 && format <= 0xd8) {
            this.take((1 << (format - 0xd4)) + 1);
        } else if (format >= 0xd9 && format <= 0xdb) {
            this.take(this.length(1 << (format - 0xd9)));
        } else if (format === 0xdc || format === 0xdd) {
            return this.length(format === 0xdc ? 2 : 4);
        } else if (format === 0xde || format === 0xdf) {
            return this.length(format === 0xde ? 2 : 4) * 2;
        } else {
            throw new ProtocolError('0xc1 is never used');
        }
        return 0;
    }

    /** Everything of a frame before its fields. */
    frameHead(): FrameHead {
        const count = this.fields();
        if (count !== FRAME_EPHEMERAL && count !== FRAME_NUMBERED && count !== FRAME_EVENT) {
            throw new ProtocolError(`a frame of ${count} items`);
        }
        const channel = this.u16();
        const tag = this.u8();
        if (tag >= TAG_COUNT) {
            throw new ProtocolError(`the tag ${tag}`);
        }
        const head: FrameHead = {
            form: 'notice',
            channel,
            tag,
            seq: 0,
            version: 0,
            previous: 0,
            at: 0,
            by: undefined,
        };
        if (count === FRAME_NUMBERED) {
            head.form = 'reply';
            head.seq = this.u32();
        } else if (count === FRAME_EVENT) {
            head.form = 'event';
            head.version = this.version();
            head.previous = this.version();
            head.at = this.time();
            head.by = this.optional((reader) => reader.uuid());
        }
        return head;
    }
}
