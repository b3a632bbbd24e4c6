// A case that somebody just opened: what it will show first is asked for while its own words are still on their way.
import { firstView, principal } from './arrange';
import { CaseImages, type DisplaySet } from './case_images';
import { headStart, loader, remember } from './engine';
import { wantPreviewOf } from './loading/stage_loading';

/** A larger image is not fetched before its preview. */
const EARLY_BYTES_MAX = 2 * 1024 * 1024;

/** Of the principal series: its first image with the header of that one; then the headers of all, and its preview. */
export function openEarly(patientCase: string): CaseImages {
    const images = new CaseImages(patientCase);
    void images
        .displaySets()
        .then((sets) => {
            const set = principal(sets);
            if (set && (set.kind === 'volume' || set.kind === 'stack')) {
                beginSeries(images, set);
            }
        })
        .catch(() => undefined); // whoever shows the case says what is wrong
    return images;
}

function beginSeries(images: CaseImages, set: DisplaySet): void {
    const first = firstImage(images, set);
    const start = first && headStart(first.imageId, first.known);
    if (first && start) {
        images.yieldTo(start.over);
        images
            .oneSlice(set, first.image)
            .then((slice) => {
                remember([slice]);
                return slice && loader.wait(slice.imageId); // decoded as soon as it is here
            })
            .catch(() => undefined);
    }
    const loaded = images.load(set.displaySet);
    loaded.catch(() => undefined);
    if (set.instances.length > 1) {
        const { patientCase } = images;
        loader.hold(wantPreviewOf({ patientCase, displaySet: set.displaySet, loaded }, start?.nearly ?? loaded));
    }
}

function firstImage({ patientCase }: CaseImages, set: DisplaySet) {
    const { image } = firstView(set);
    const instance = set.instances.find((one) => one.sopInstanceUid === image?.sopInstanceUid);
    const pixelBytes = set.rows * set.columns * 2;
    return instance && image && pixelBytes <= EARLY_BYTES_MAX
        ? {
              image,
              imageId: `consilium:${patientCase}/${image.sopInstanceUid}/${image.frame}`,
              known: { transferSyntax: instance.transferSyntaxUid, pixelBytes },
          }
        : undefined;
}
