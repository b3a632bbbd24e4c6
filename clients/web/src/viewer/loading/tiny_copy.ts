// A lossless HTJ2K copy of 32 x 32 pixels: what the codecs are made warm with before the first real image.
// ojph_compress -reversible true -num_decomps 5 -prog_order RPCL, of a ramp of 12 bits.
const BASE64 =
    '/0//UQApQAAAAAAgAAAAIAAAAAAAAAAAAAAAIAAAACAAAAAAAAAAAAABCwEB/1AACAACAAAACP9SAAwAAgABAAUEBEAB/1wAEyBweHiAeHiAeH' +
    'iAeHh4cHB4/2QAFgABT3BlbkpQSCBWZXIgMC45LjAu/5AACgAAAAAAmgAB/5PAAShTAod0AMAAlgAEoCIBh3QAkAEHdADAAJoABMAQyAECdABI' +
    '5AAjVADAAKiAAVIIgiCqcIJ1AKIQ4sAAAey2AMAArYABWkIIIYQQ58p6enACeAAQAAAA/v3ye/fJ7LgAwAFpwAFogLZt27Zt2/n/AKenp6enp6' +
    'dCfQBWVVVV/3hle/de/de/dey9AP/Z';

export const TINY_SIDE = 32;
export const TINY_BITS = 12;

export const tinyCopy = (): Uint8Array =>
    Uint8Array.from(atob(BASE64), (character) => character.charCodeAt(0));
