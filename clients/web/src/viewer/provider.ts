// Cornerstone's metadata modules, made from our headers. Where the header has no patient space the
// plane is image space, spacing one pixel, so that Cornerstone's world and ours are the same.
import type { Slice } from './case_images';
import type { Header } from './dicom';

const pixelModule = (header: Header) => ({
    samplesPerPixel: header.samples,
    photometricInterpretation: header.photometric,
    planarConfiguration: header.planar,
    rows: header.rows,
    columns: header.columns,
    bitsAllocated: header.bitsAllocated,
    bitsStored: header.bitsStored,
    highBit: header.highBit,
    pixelRepresentation: header.signed ? 1 : 0,
    ...(header.palette && {
        redPaletteColorLookupTableDescriptor: header.palette.descriptors[0],
        greenPaletteColorLookupTableDescriptor: header.palette.descriptors[1],
        bluePaletteColorLookupTableDescriptor: header.palette.descriptors[2],
        redPaletteColorLookupTableData: header.palette.tables[0],
        greenPaletteColorLookupTableData: header.palette.tables[1],
        bluePaletteColorLookupTableData: header.palette.tables[2],
    }),
});

const planeModule = ({ geometry, header }: Slice) => ({
    frameOfReferenceUID: geometry.frameOfReferenceUid || `image:${header.sopInstanceUid}`,
    rows: geometry.rows,
    columns: geometry.columns,
    rowCosines: [...geometry.right],
    columnCosines: [...geometry.down],
    imageOrientationPatient: [...geometry.right, ...geometry.down],
    imagePositionPatient: [...geometry.origin],
    pixelSpacing: [geometry.rowSpacing, geometry.columnSpacing],
    rowPixelSpacing: geometry.rowSpacing,
    columnPixelSpacing: geometry.columnSpacing,
    sliceThickness: header.sliceThickness,
    sliceLocation: undefined,
    usingDefaultValues: geometry.space === 'image',
});

export function wordsFromHeader(type: string, slice: Slice): unknown {
    const { header } = slice;
    switch (type) {
        case 'imagePixelModule':
            return pixelModule(header);
        case 'imagePlaneModule':
            return planeModule(slice);
        case 'generalSeriesModule':
            return {
                modality: header.modality,
                seriesInstanceUID: header.seriesUid,
                seriesNumber: header.seriesNumber,
                studyInstanceUID: header.studyUid,
            };
        case 'generalImageModule':
            return { sopInstanceUID: header.sopInstanceUid, instanceNumber: header.instanceNumber };
        case 'sopCommonModule':
            return { sopClassUID: header.sopClassUid, sopInstanceUID: header.sopInstanceUid };
        case 'modalityLutModule':
            return { rescaleSlope: header.slope, rescaleIntercept: header.intercept };
        case 'voiLutModule':
            return {
                windowCenter: header.windowCenters.length > 0 ? header.windowCenters : undefined,
                windowWidth: header.windowWidths.length > 0 ? header.windowWidths : undefined,
                voiLUTFunction: [header.voiFunction],
            };
        case 'multiframeModule':
            return { NumberOfFrames: header.frames };
        default:
            return undefined;
    }
}
