// What we use of dicom-microscopy-viewer, which ships no types, and of the OpenLayers map inside it.
declare module 'dicom-microscopy-viewer' {
    interface View {
        getProjection(): unknown;
        setCenter(center: [number, number]): void;
        /** Pixels of the largest resolution a css px. */
        setResolution(resolution: number): void;
        /** Radians, clockwise. */
        setRotation(rotation: number): void;
    }

    interface SlideMap {
        getView(): View;
        setView(view: View): void;
        getInteractions(): { clear(): void };
        getControls(): { clear(): void };
        updateSize(): void;
        renderSync(): void;
        /** Undefined takes the map off the page. */
        setTarget(target?: HTMLElement): void;
        once(event: 'rendercomplete', told: () => void): void;
    }

    interface Client {
        retrieveInstanceFrames(wanted: { sopInstanceUID: string; frameNumbers: number[] }): Promise<ArrayBuffer[]>;
        retrieveBulkData(wanted: { BulkDataURI: string }): Promise<ArrayBuffer[]>;
    }

    interface Image {
        readonly SOPInstanceUID: string;
        readonly PhotometricInterpretation: string;
        readonly PlanarConfiguration?: number;
        readonly OpticalPathSequence?: readonly object[];
    }

    interface VolumeImageViewer {
        getMap(): SlideMap;
        render(where: { container: HTMLElement }): void;
        cleanup(): void;
    }

    interface ViewerOptions {
        client: Client;
        metadata: unknown[];
        controls?: string[];
        tilesCacheSize?: number;
        errorInterceptor?: (error: Error) => Error;
    }

    const viewer: { VolumeImageViewer: new (options: ViewerOptions) => VolumeImageViewer };
    const metadata: { VLWholeSlideMicroscopyImage: new (given: { metadata: unknown }) => Image };
    function setLogLevel(level: 'NONE'): void;
    export { metadata, setLogLevel, viewer };
    export type { Client, Image, SlideMap, View, VolumeImageViewer };
}
