// The part of @cornerstonejs/codec-openjph that is used; it comes without types.
declare module '@cornerstonejs/codec-openjph' {
    export interface FrameInfo {
        width: number;
        height: number;
        bitsPerSample: number;
        componentCount: number;
        isSigned: boolean;
    }

    export interface HTJ2KDecoder {
        /** Memory of the codec for so many bytes of a codestream. */
        getEncodedBuffer(length: number): Uint8Array;
        /** Does not throw for a broken codestream: it leaves a message, and the decoded buffer as it was. */
        decodeSubResolution(level: number): void;
        /** Of the last decoding; empty when it went well. */
        getLastErrorMessage(): string;
        getDecodedBuffer(): Uint8Array;
        getFrameInfo(): FrameInfo;
        delete(): void;
    }

    export interface OpenJph {
        HTJ2KDecoder: new () => HTJ2KDecoder;
    }

    export interface OpenJphOptions {
        locateFile?: (name: string) => string;
        print?: (line: string) => void;
        printErr?: (line: string) => void;
    }

    export default function openJph(options?: OpenJphOptions): Promise<OpenJph>;
}
