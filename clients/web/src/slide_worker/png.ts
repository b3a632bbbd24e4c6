// The smallest picture that a browser opens with a colour profile: pixels as they are, in a PNG (ISO 15948)
// whose zlib stream is stored, not deflated. For tiles that no browser opens by itself.

const STORED_MAX = 65_535;

const crcTable = Uint32Array.from({ length: 256 }, (_, start) => {
    let rest = start;
    for (let bit = 0; bit < 8; bit += 1) {
        rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1;
    }
    return rest >>> 0;
});

function crc(bytes: Uint8Array): number {
    let rest = 0xffffffff;
    for (const byte of bytes) {
        rest = (crcTable[(rest ^ byte) & 255] ?? 0) ^ (rest >>> 8);
    }
    return (rest ^ 0xffffffff) >>> 0;
}

function adler(bytes: Uint8Array): number {
    let [low, high] = [1, 0];
    for (const byte of bytes) {
        low = (low + byte) % 65_521;
        high = (high + low) % 65_521;
    }
    return ((high << 16) | low) >>> 0;
}

/** A zlib stream (RFC 1950) of stored blocks (RFC 1951 3.2.4). */
function stored(bytes: Uint8Array): Uint8Array {
    const blocks = Math.max(1, Math.ceil(bytes.length / STORED_MAX));
    const stream = new Uint8Array(2 + blocks * 5 + bytes.length + 4);
    const view = new DataView(stream.buffer);
    stream.set([0x78, 0x01]);
    let at = 2;
    for (let block = 0; block < blocks; block += 1) {
        const part = bytes.subarray(block * STORED_MAX, (block + 1) * STORED_MAX);
        stream[at] = Number(block === blocks - 1);
        view.setUint16(at + 1, part.length, true);
        view.setUint16(at + 3, ~part.length & 0xffff, true);
        stream.set(part, at + 5);
        at += 5 + part.length;
    }
    view.setUint32(at, adler(bytes));
    return stream;
}

function chunk(kind: string, content: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(12 + content.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, content.length);
    bytes.set(new TextEncoder().encode(kind), 4);
    bytes.set(content, 8);
    view.setUint32(8 + content.length, crc(bytes.subarray(4, 8 + content.length)));
    return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
        all.set(part, at);
        at += part.length;
    }
    return all;
}

/** `pixels` are rows of 8-bit RGB without padding. */
export function pngOf(
    pixels: Uint8Array,
    columns: number,
    rows: number,
    profile: Uint8Array | undefined,
): Uint8Array<ArrayBuffer> {
    const header = new Uint8Array(13);
    new DataView(header.buffer).setUint32(0, columns);
    new DataView(header.buffer).setUint32(4, rows);
    header.set([8, 2], 8); // bits a sample, RGB
    const filtered = new Uint8Array(rows * (1 + 3 * columns));
    for (let row = 0; row < rows; row += 1) {
        const from = row * 3 * columns;
        filtered.set(pixels.subarray(from, from + 3 * columns), row * (1 + 3 * columns) + 1);
    }
    const named = profile && joined([new TextEncoder().encode('ICC\0\0'), stored(profile)]);
    return joined([
        Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
        chunk('IHDR', header),
        ...(named ? [chunk('iCCP', named)] : []),
        chunk('IDAT', stored(filtered)),
        chunk('IEND', new Uint8Array(0)),
    ]);
}
