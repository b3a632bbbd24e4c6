// What we use of @cornerstonejs/codec-openjpeg, which ships no types.
declare module '@cornerstonejs/codec-openjpeg/decodewasmjs' {
    namespace openjpeg {
        interface Decoder {
            getEncodedBuffer(size: number): Uint8Array;
            getDecodedBuffer(): Uint8Array;
            getFrameInfo(): { width: number; height: number; componentCount: number; bitsPerSample: number };
            decode(): void;
        }
    }
    function openjpeg(options: {
        locateFile: (name: string) => string;
    }): Promise<{ J2KDecoder: new () => openjpeg.Decoder }>;
    export default openjpeg;
}
