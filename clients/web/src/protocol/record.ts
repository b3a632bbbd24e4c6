// The bytes of one record by itself: its canonical form, which is hashed when it is signed.
import { Writer } from './writer';

export function encodeRecord<T>(
    write: (writer: Writer, from: T) => void,
    value: T,
): Uint8Array<ArrayBuffer> {
    const writer = new Writer();
    write(writer, value);
    return writer.finish();
}
