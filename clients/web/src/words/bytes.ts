// The protocol bounds its texts in bytes of UTF-8, a field on a page in characters.

const encoder = new TextEncoder();

/** The longest beginning of `text` that takes at most `most` bytes, in whole characters. */
export function cutToBytes(text: string, most: number): string {
    const { read } = encoder.encodeInto(text, new Uint8Array(most));
    return text.slice(0, read);
}
