// Words about images that come little by little, in English.

export const loadingEn = {
    preview: 'preview',
    seesPreview: 'sees a preview',
    drawnOnPreview: 'measured on a preview',
    imageLoading: {
        label: 'Lossless images that are here',
        lossless: (here: number, total: number) => `${here} of ${total} images`,
        preview: (here: number, total: number) => `${here} of ${total}, preview until lossless`,
        stalled: 'Nothing has come for some seconds',
        lost: (count: number) => (count === 1 ? '1 image could not be had' : `${count} images could not be had`),
    },
};
