// What a JPEG tile of a slide lacks before a browser shows its colours right: the profile, which DICOM keeps in the
// header instead (PS3.3 C.8.12.5.1), and a word on whether it is RGB or YCbCr, which DICOM says there, too.

/** ICC.1:2022 B.4: one segment holds at most 65,519 bytes of a profile. */
const PART_MAX = 65_519;

const segment = (marker: number, content: Uint8Array): Uint8Array => {
    const length = content.length + 2;
    return Uint8Array.of(0xff, marker, length >> 8, length & 255, ...content);
};

/** Adobe's APP14: its transform says how three components are meant; 0 is RGB, 1 is YCbCr. */
const colors = (transform: 0 | 1): Uint8Array =>
    segment(0xee, Uint8Array.of(...new TextEncoder().encode('Adobe'), 0, 100, 0, 0, 0, 0, transform));

function profileSegments(profile: Uint8Array): Uint8Array[] {
    const count = Math.ceil(profile.length / PART_MAX);
    const name = new TextEncoder().encode('ICC_PROFILE\0');
    return Array.from({ length: count }, (_, part) =>
        segment(
            0xe2,
            Uint8Array.of(...name, part + 1, count, ...profile.subarray(part * PART_MAX, (part + 1) * PART_MAX)),
        ),
    );
}

export const isJpeg = (bytes: Uint8Array): boolean =>
    bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff && bytes[3] !== 0xf7;

/** Whether the tile itself says how its components are meant: before its first frame header. */
function saysColors(bytes: Uint8Array): boolean {
    let at = 2;
    while (at + 4 <= bytes.length && bytes[at] === 0xff) {
        const marker = bytes[at + 1] ?? 0;
        if (marker === 0xee || marker === 0xe0) {
            return true; // Adobe or JFIF
        }
        const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
        if (isFrame || marker === 0xda) {
            return false;
        }
        at += 2 + (((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0));
    }
    return false;
}

export function completeJpeg(
    bytes: Uint8Array<ArrayBuffer>,
    photometric: string,
    profile: Uint8Array | undefined,
): Blob {
    const added: Uint8Array[] = saysColors(bytes) ? [] : [colors(photometric === 'RGB' ? 0 : 1)];
    const parts = [...added, ...(profile ? profileSegments(profile) : [])] as Uint8Array<ArrayBuffer>[];
    return new Blob([bytes.subarray(0, 2), ...parts, bytes.subarray(2)], { type: 'image/jpeg' });
}
