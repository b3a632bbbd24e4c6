// The records of the protocol that the stage and the viewer speak of. One import place for the
// rest of the client; the declarations themselves are generated from protocol/schema.

export interface Point { x: number; y: number; z: number }
export interface ImagePosition { sopInstanceUid: string; frame: number }
export interface PlanePosition { frameOfReferenceUid: string; point: Point; normal: Point; up: Point }
export type VoiFunction = 'linear' | 'linear_exact' | 'sigmoid';
export type WindowUnit = 'hounsfield' | 'suvbw' | 'stored';
export interface Window { center: number; width: number; function: VoiFunction; unit: WindowUnit }
export type SlabMode = 'none' | 'maximum' | 'minimum' | 'average';
export interface Slab { thickness: number; mode: SlabMode }
export interface Cine { playing: boolean; rate: number; startFrame: number; at: number }
export interface Viewport {
    displaySet: string;
    image?: ImagePosition | undefined;
    plane?: PlanePosition | undefined;
    page: number;
    center: Point;
    shown: number;
    rotation: number;
    flipH: boolean;
    flipV: boolean;
    window?: Window | undefined;
    invert: boolean;
    colormap: string;
    slab?: Slab | undefined;
    overlays: boolean;
    linked: boolean;
    cine?: Cine | undefined;
    aspect: number;
}
export interface Layout {
    item: number;
    rows: number;
    columns: number;
    active: number;
    viewports: Viewport[];
    savedView?: string | undefined;
}
