// Where an image lies, and how a viewport looks at it. Pure: a shared viewport state, an image's own
// header and the size of the glass give one projection; the renderer, the overlays, the pointers
// and the gestures all use that one, so none of them can disagree with another.
//
// The world is patient space (LPS, mm) where the header gives one, else image space: x = column,
// y = row in pixels (rows stretched by the pixel aspect), z = 0. Pixel centres are whole numbers.
import type { ImagePosition, Point, Viewport } from '../wire';
import type { Header } from './dicom';
import {
    add,
    cross,
    dot,
    fromPoint,
    negate,
    scale,
    subtract,
    toPoint,
    turn,
    unit,
    type Pixel,
    type Vector,
} from './vector';

export interface ImageGeometry {
    space: 'patient' | 'image';
    frameOfReferenceUid: string;
    /** Centre of the first pixel. */
    origin: Vector;
    /** Along a row, to the right of the stored image. */
    right: Vector;
    /** Along a column, downwards. */
    down: Vector;
    /** Away from the viewer. */
    normal: Vector;
    columnSpacing: number;
    rowSpacing: number;
    columns: number;
    rows: number;
}

/** How the world falls onto a glass of width x height css px. */
export interface Projection {
    space: 'patient' | 'image' | 'page' | 'slide';
    frameOfReferenceUid: string;
    center: Vector;
    right: Vector;
    down: Vector;
    normal: Vector;
    /** World units a css px. */
    unitsPerPixel: number;
    width: number;
    height: number;
}

/** An image has patient space only if its header says where it is and whose space that is. */
export function imageGeometry(header: Header): ImageGeometry {
    const { orientation, position, pixelSpacing } = header;
    const size = { columns: header.columns, rows: header.rows };
    if (orientation && position && pixelSpacing && header.frameOfReferenceUid) {
        const right = unit(orientation.row);
        const down = unit(orientation.column);
        return {
            space: 'patient',
            frameOfReferenceUid: header.frameOfReferenceUid,
            origin: position,
            right,
            down,
            normal: cross(right, down),
            columnSpacing: pixelSpacing.column,
            rowSpacing: pixelSpacing.row,
            ...size,
        };
    }
    return {
        space: 'image',
        frameOfReferenceUid: '',
        origin: [0, 0, 0],
        right: [1, 0, 0],
        down: [0, 1, 0],
        normal: [0, 0, 1],
        columnSpacing: 1,
        rowSpacing: header.aspect,
        ...size,
    };
}

export function imageCenter(image: ImageGeometry): Vector {
    return pixelToWorld(image, [(image.columns - 1) / 2, (image.rows - 1) / 2]);
}

export function pixelToWorld(image: ImageGeometry, [column, row]: Pixel): Vector {
    return add(
        image.origin,
        add(
            scale(image.right, column * image.columnSpacing),
            scale(image.down, row * image.rowSpacing),
        ),
    );
}

export function worldToPixel(image: ImageGeometry, world: Vector): Pixel {
    const offset = subtract(world, image.origin);
    return [
        dot(offset, image.right) / image.columnSpacing,
        dot(offset, image.down) / image.rowSpacing,
    ];
}

/** Distance of a world point from the plane of the image, signed, in mm. */
export function depth(image: ImageGeometry, world: Vector): number {
    return dot(subtract(world, image.origin), image.normal);
}

/** The wire's centre is in stored pixels for image space, so that rows are not stretched there. */
export function centerToWorld(image: ImageGeometry, center: Point): Vector {
    return image.space === 'patient'
        ? fromPoint(center)
        : pixelToWorld(image, [center.x, center.y]);
}

export function worldToCenter(image: ImageGeometry, world: Vector): Point {
    if (image.space === 'patient') {
        return toPoint(world);
    }
    const [x, y] = worldToPixel(image, world);
    return { x, y, z: 0 };
}

export interface Glass {
    width: number;
    height: number;
}

/** World units across the shorter side that just show a width x height extent (in world units). */
export function fitShown(extentWidth: number, extentHeight: number, glass: Glass): number {
    const shorter = Math.max(1, Math.min(glass.width, glass.height));
    const unitsPerPixel = Math.max(
        extentWidth / Math.max(1, glass.width),
        extentHeight / Math.max(1, glass.height),
    );
    return unitsPerPixel * shorter;
}

/**
 * World units a px so that everything the presenter sees is seen. `shown` lies across the shorter
 * side of a glass of the presenter's aspect; here that rectangle is fitted into another shape.
 */
export function unitsPerPixelFor(shown: number, aspect: number, glass: Glass): number {
    const presenterWidth = aspect >= 1 ? shown * aspect : shown;
    const presenterHeight = aspect >= 1 ? shown : shown / aspect;
    return Math.max(
        presenterWidth / Math.max(1, glass.width),
        presenterHeight / Math.max(1, glass.height),
    );
}

/** The presenter's frame on this glass, in css px around the centre; undefined if it is the glass. */
export function presenterFrame(
    viewport: Viewport,
    projection: Projection,
): { left: number; top: number; width: number; height: number } | undefined {
    if (viewport.shown <= 0) {
        return undefined;
    }
    const wide = viewport.aspect >= 1;
    const width = (wide ? viewport.shown * viewport.aspect : viewport.shown) / projection.unitsPerPixel;
    const height = (wide ? viewport.shown : viewport.shown / viewport.aspect) / projection.unitsPerPixel;
    const slack = 6;
    if (width > projection.width - slack && height > projection.height - slack) {
        return undefined;
    }
    return {
        left: (projection.width - width) / 2,
        top: (projection.height - height) / 2,
        width,
        height,
    };
}

/** Right and down on the glass after rotation (clockwise), then mirroring of what is seen. */
export function turned(
    right: Vector,
    down: Vector,
    viewport: Pick<Viewport, 'rotation' | 'flipH' | 'flipV'>,
): { right: Vector; down: Vector } {
    const away = cross(right, down);
    // Turning the picture clockwise turns the axes of the glass counter-clockwise in the world.
    const turnedRight = turn(right, away, -viewport.rotation);
    const turnedDown = turn(down, away, -viewport.rotation);
    return {
        right: viewport.flipH ? negate(turnedRight) : turnedRight,
        down: viewport.flipV ? negate(turnedDown) : turnedDown,
    };
}

export function projectImage(viewport: Viewport, image: ImageGeometry, glass: Glass): Projection {
    const axes = turned(image.right, image.down, viewport);
    const fit = viewport.shown <= 0;
    const sideways = Math.round(viewport.rotation / 90) % 2 !== 0;
    const across = image.columns * image.columnSpacing;
    const upright = image.rows * image.rowSpacing;
    const shorter = Math.max(1, Math.min(glass.width, glass.height));
    const unitsPerPixel = fit
        ? fitShown(sideways ? upright : across, sideways ? across : upright, glass) / shorter
        : unitsPerPixelFor(viewport.shown, viewport.aspect, glass);
    const wanted = fit ? imageCenter(image) : centerToWorld(image, viewport.center);
    // The centre is kept on the image's own plane: scrolling does not drag it out of the slice.
    const center = subtract(wanted, scale(image.normal, depth(image, wanted)));
    return {
        space: image.space,
        frameOfReferenceUid: image.frameOfReferenceUid,
        center,
        ...axes,
        normal: image.normal,
        unitsPerPixel,
        width: glass.width,
        height: glass.height,
    };
}

/** A reformatted plane: `normal` points away from the viewer, `up` is up on the glass. */
export function projectPlane(
    viewport: Viewport,
    fitExtent: { width: number; height: number },
    fitCenter: Vector,
    glass: Glass,
): Projection | undefined {
    const { plane } = viewport;
    if (!plane) {
        return undefined;
    }
    const normal = unit(fromPoint(plane.normal));
    const down = negate(unit(fromPoint(plane.up)));
    const right = cross(down, normal);
    const fit = viewport.shown <= 0;
    const shorter = Math.max(1, Math.min(glass.width, glass.height));
    const wanted = fit ? fitCenter : fromPoint(viewport.center);
    const offset = dot(subtract(fromPoint(plane.point), wanted), normal);
    return {
        space: 'patient',
        frameOfReferenceUid: plane.frameOfReferenceUid,
        center: add(wanted, scale(normal, offset)),
        ...turned(right, down, viewport),
        normal,
        unitsPerPixel: fit
            ? fitShown(fitExtent.width, fitExtent.height, glass) / shorter
            : unitsPerPixelFor(viewport.shown, viewport.aspect, glass),
        width: glass.width,
        height: glass.height,
    };
}

/** A page of a document: world = points from its top left. */
export function projectPage(
    viewport: Viewport,
    page: { width: number; height: number },
    glass: Glass,
): Projection {
    const fit = viewport.shown <= 0;
    const shorter = Math.max(1, Math.min(glass.width, glass.height));
    return {
        space: 'page',
        frameOfReferenceUid: '',
        center: fit ? [page.width / 2, page.height / 2, 0] : [viewport.center.x, viewport.center.y, 0],
        right: [1, 0, 0],
        down: [0, 1, 0],
        normal: [0, 0, 1],
        unitsPerPixel: fit
            ? fitShown(page.width, page.height, glass) / shorter
            : unitsPerPixelFor(viewport.shown, viewport.aspect, glass),
        width: glass.width,
        height: glass.height,
    };
}

/** A slide: world = its own units from the top left corner of the whole, width x height of them. */
export function projectSlide(
    viewport: Viewport,
    slide: { width: number; height: number },
    glass: Glass,
): Projection {
    const fit = viewport.shown <= 0;
    const sideways = Math.round(viewport.rotation / 90) % 2 !== 0;
    const shorter = Math.max(1, Math.min(glass.width, glass.height));
    const [across, upright] = sideways ? [slide.height, slide.width] : [slide.width, slide.height];
    return {
        space: 'slide',
        frameOfReferenceUid: '',
        center: fit ? [slide.width / 2, slide.height / 2, 0] : [viewport.center.x, viewport.center.y, 0],
        ...turned([1, 0, 0], [0, 1, 0], viewport),
        normal: [0, 0, 1],
        unitsPerPixel: fit
            ? fitShown(across, upright, glass) / shorter
            : unitsPerPixelFor(viewport.shown, viewport.aspect, glass),
        width: glass.width,
        height: glass.height,
    };
}

export function worldToGlass(projection: Projection, world: Vector): Pixel {
    const offset = subtract(world, projection.center);
    return [
        projection.width / 2 + dot(offset, projection.right) / projection.unitsPerPixel,
        projection.height / 2 + dot(offset, projection.down) / projection.unitsPerPixel,
    ];
}

export function glassToWorld(projection: Projection, [x, y]: Pixel): Vector {
    const across = (x - projection.width / 2) * projection.unitsPerPixel;
    const downwards = (y - projection.height / 2) * projection.unitsPerPixel;
    return add(
        projection.center,
        add(scale(projection.right, across), scale(projection.down, downwards)),
    );
}

/** `shown` of this glass as it is: what a presenter sends. */
export function shownOf(projection: Projection): number {
    return projection.unitsPerPixel * Math.min(projection.width, projection.height);
}

/** PS3.3 C.7.6.1.1.1: the letters of a direction in the patient, the strongest first. */
export function directionLetters(direction: Vector): string {
    const threshold = 0.0873; // five degrees off an axis is said with a second letter
    const axes = [
        { size: direction[0], positive: 'L', negative: 'R' },
        { size: direction[1], positive: 'P', negative: 'A' },
        { size: direction[2], positive: 'H', negative: 'F' },
    ];
    return axes
        .filter((axis) => Math.abs(axis.size) > threshold)
        .sort((a, b) => Math.abs(b.size) - Math.abs(a.size))
        .map((axis) => (axis.size > 0 ? axis.positive : axis.negative))
        .join('');
}

const opposite: Record<string, string> = { L: 'R', R: 'L', A: 'P', P: 'A', H: 'F', F: 'H' };
const opposed = (letters: string): string =>
    [...letters].map((letter) => opposite[letter] ?? letter).join('');

export interface EdgeLetters {
    left: string;
    right: string;
    top: string;
    bottom: string;
}

/** Letters at the edges, from orientation where there is one, else from Patient Orientation. */
export function edgeLetters(
    projection: Projection,
    viewport: Viewport,
    patientOrientation: string[],
): EdgeLetters | undefined {
    if (projection.space === 'patient') {
        return {
            left: directionLetters(negate(projection.right)),
            right: directionLetters(projection.right),
            top: directionLetters(negate(projection.down)),
            bottom: directionLetters(projection.down),
        };
    }
    const [row, column] = patientOrientation;
    const quarter = Math.round(viewport.rotation / 90);
    if (!row || !column || Math.abs(viewport.rotation - quarter * 90) > 0.01) {
        return undefined;
    }
    let letters = { left: opposed(row), right: row, top: opposed(column), bottom: column };
    for (let step = 0; step < ((quarter % 4) + 4) % 4; step += 1) {
        letters = {
            left: letters.bottom,
            top: letters.left,
            right: letters.top,
            bottom: letters.right,
        };
    }
    if (viewport.flipH) {
        letters = { ...letters, left: letters.right, right: letters.left };
    }
    if (viewport.flipV) {
        letters = { ...letters, top: letters.bottom, bottom: letters.top };
    }
    return letters;
}

export const samePosition = (a: ImagePosition | undefined, b: ImagePosition | undefined): boolean =>
    a?.sopInstanceUid === b?.sopInstanceUid && a?.frame === b?.frame;
