"""Writes images whose greys or colours are said in every way, with pydicom, into a folder, and prints
one line for each picture: file, frame, the file DCMTK is to read, its frame, and how."""

import copy
import struct
import sys

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

SIDE = 16
folder = sys.argv[1]


def image(syntax=ExplicitVRLittleEndian, **members):
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    made.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    made.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    made.is_little_endian = syntax != ExplicitVRBigEndian
    made.is_implicit_VR = syntax == ImplicitVRLittleEndian
    made.SOPClassUID, made.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3.4"
    made.StudyInstanceUID, made.SeriesInstanceUID = "1.2.3.1", "1.2.3.2"
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.Rows = made.Columns = SIDE
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 12, 11, 0
    for name, value in members.items():
        setattr(made, name, value)
    return made


def greys(made, numbers):
    """As words of the file's order; a number is cut to its bits."""
    form = ("<" if made.is_little_endian else ">") + ("H" if made.BitsAllocated == 16 else "B")
    mask = (1 << made.BitsAllocated) - 1
    made.PixelData = b"".join(struct.pack(form, number & mask) for number in numbers)
    made["PixelData"].VR = "OW"
    return made


def ramp(low=0, high=4095):
    return [low + (high - low) * at // (SIDE * SIDE - 1) for at in range(SIDE * SIDE)]


def table(first, values, bits, signed):
    item = Dataset()
    item.add_new(0x00283002, "SS" if signed else "US", [len(values), first, bits])
    item.add_new(0x00283006, "US", values)
    item.add_new(0x00283003, "LO", "table")
    return item


def with_modality(made, item):
    item.ModalityLUTType = "US"
    made.ModalityLUTSequence = Sequence([item])
    return made


def with_voi(made, item):
    made.VOILUTSequence = Sequence([item])
    return made


def one(name, made, how, kept_as=None):
    made.save_as(f"{folder}/{name}.dcm", write_like_original=False)
    print(name, 1, kept_as or name, 1, how)


def palette(made, first, bits=16, signed=False):
    for at, colour in enumerate(("Red", "Green", "Blue")):
        values = [(entry * (5 + 2 * at)) % 256 for entry in range(200)]
        setattr(made, colour + "PaletteColorLookupTableDescriptor", None)
        made[f"{colour}PaletteColorLookupTableDescriptor"].VR = "SS" if signed else "US"
        setattr(made, colour + "PaletteColorLookupTableDescriptor", [200, first, bits])
        data = struct.pack("<200H", *[value * 257 if bits == 16 else value for value in values])
        setattr(made, colour + "PaletteColorLookupTableData", data)
        made[f"{colour}PaletteColorLookupTableData"].VR = "OW"
    return made


def colours(made, planar):
    pixels = [(at % 256, (at * 3) % 256, (at * 7) % 256) for at in range(SIDE * SIDE)]
    order = [pixels[at][sample] for sample in range(3) for at in range(SIDE * SIDE)]
    made.PixelData = bytes(order if planar else [value for pixel in pixels for value in pixel])
    made["PixelData"].VR = "OB"
    return made


window = {"WindowCenter": 1000, "WindowWidth": 800}
signed = {"PixelRepresentation": 1}
one("window", greys(image(**window), ramp()), "+Wi 1")
one("big-endian", greys(image(ExplicitVRBigEndian, **window), ramp()), "+Wi 1")
one("implicit", greys(image(ImplicitVRLittleEndian, **window), ramp()), "+Wi 1")
one("two-windows", greys(image(WindowCenter=[1000, 30], WindowWidth=[800, 9]), ramp()), "+Wi 1")
one("monochrome1", greys(image(PhotometricInterpretation="MONOCHROME1", **window), ramp()), "+Wi 1")
one("no-window", greys(image(), ramp(300, 700)), "+Wm")
one("no-window-monochrome1", greys(image(PhotometricInterpretation="MONOCHROME1"), ramp(300, 700)), "+Wm")
one("one-value", greys(image(**window), [1000] * SIDE * SIDE), "+Wi 1")
one("signed", greys(image(BitsStored=16, HighBit=15, WindowCenter=-200, WindowWidth=1500, **signed),
                    ramp(-1000, 1000)), "+Wi 1")
one("signed-12", greys(image(WindowCenter=-200, WindowWidth=1500, **signed),
                       [value & 0xFFF for value in ramp(-1000, 1000)]), "+Wi 1")
one("signed-8", greys(image(BitsAllocated=8, BitsStored=8, HighBit=7, WindowCenter=-20, WindowWidth=90,
                            **signed), ramp(-100, 100)), "+Wi 1")
one("bits-beside", greys(image(**window), [value | 0xF000 for value in ramp()]), "-O +Wi 1")
one("high-bit", greys(image(HighBit=15, **window), [value << 4 for value in ramp()]), "+Wi 1")
one("rescaled", greys(image(RescaleSlope=2.5, RescaleIntercept=-1024, WindowCenter=40, WindowWidth=400),
                      ramp()), "+Wi 1")
one("fraction", greys(image(RescaleSlope=1.2344, RescaleIntercept=-0.5, WindowCenter=1000, WindowWidth=800),
                      ramp()), "+Wi 1")
one("falling", greys(image(RescaleSlope=-1, RescaleIntercept=4095, **window), ramp()), "+Wi 1")
one("falling-no-window", greys(image(RescaleSlope=-1, RescaleIntercept=100), ramp(10, 3000)), "+Wm")
one("width-1", greys(image(WindowCenter=1000, WindowWidth=1), ramp(900, 1100)), "+Wi 1")
one("width-2", greys(image(WindowCenter=1000.5, WindowWidth=2), ramp(900, 1100)), "+Wi 1")
one("sigmoid", greys(image(VOILUTFunction="SIGMOID", **window), ramp()), "+Wfs +Wi 1")
steps = [(entry * entry) // 16 for entry in range(1024)]
one("voi-table", with_voi(greys(image(), ramp()), table(500, steps, 16, False)), "+Wl 1")
one("voi-table-12", with_voi(greys(image(), ramp()), table(500, [e * 4 for e in range(1024)], 12, False)),
    "+Wl 1")
one("voi-table-signed", with_voi(greys(image(RescaleSlope=1, RescaleIntercept=-1024), ramp()),
                                 table(-300, steps, 16, True)), "+Wl 1")
one("voi-table-monochrome1", with_voi(greys(image(PhotometricInterpretation="MONOCHROME1"), ramp()),
                                      table(500, steps, 16, False)), "+Wl 1")
one("window-before-table", with_voi(greys(image(**window), ramp()), table(500, steps, 16, False)), "+Wi 1")
one("modality-table", with_modality(greys(image(WindowCenter=2000, WindowWidth=3000), ramp()),
                                    table(0, [4095 - e for e in range(4096)], 12, False)), "+Wi 1")
one("modality-table-no-window", with_modality(greys(image(), ramp(100, 900)),
                                              table(200, [e * 3 for e in range(600)], 12, False)), "+Wm")
palettes = {"PhotometricInterpretation": "PALETTE COLOR", "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
one("palette", palette(greys(image(**palettes), ramp(0, 255)), 0), "-W")
one("palette-first", palette(greys(image(**palettes), ramp(0, 255)), 40), "-W")
words = {"PhotometricInterpretation": "PALETTE COLOR", "BitsStored": 16, "HighBit": 15}
one("palette-high", palette(greys(image(**words), ramp(39900, 40300)), 40000), "-W")
one("palette-signed", palette(greys(image(**words, **signed), ramp(-150, 150)), -100, 16, True), "-W")
three = {"SamplesPerPixel": 3, "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
for name in ("RGB", "YBR_FULL"):
    for planar in (0, 1):
        kind = image(PhotometricInterpretation=name, PlanarConfiguration=planar, **three)
        one(f"{name}-{planar}", colours(kind, planar), "-W")

swapped = colours(image(ExplicitVRBigEndian, PhotometricInterpretation="RGB", PlanarConfiguration=0, **three), 0)
data = swapped.PixelData
swapped.PixelData = bytes(data[at ^ 1] for at in range(len(data)))
swapped["PixelData"].VR = "OW"
one("RGB-big-endian", swapped, "-W")
wide = image(PhotometricInterpretation="RGB", PlanarConfiguration=0, SamplesPerPixel=3, BitsAllocated=16, BitsStored=16,
             HighBit=15)
wide.PixelData = b"".join(struct.pack("<H", value * 257) for value in data)
wide["PixelData"].VR = "OW"
one("RGB-16", wide, "-W")
halved = image(PhotometricInterpretation="YBR_FULL_422", PlanarConfiguration=0, **three)
halved.PixelData = bytes(value for at in range(0, SIDE * SIDE, 2) for value in (at, at + 1, at // 2, 255 - at // 2))
halved["PixelData"].VR = "OB"
one("YBR_FULL_422", halved, "-W")

# LINEAR_EXACT is unknown to DCMTK 3.6.7: a linear one of a wider width and half a value further is the same.
exact = greys(image(VOILUTFunction="LINEAR_EXACT", WindowCenter=1000, WindowWidth=800), ramp())
exact.save_as(f"{folder}/exact.dcm", write_like_original=False)
one("exact-as-linear", greys(image(WindowCenter=1000.5, WindowWidth=801), ramp()), "+Wi 1")
print("exact", 1, "exact-as-linear", 1, "+Wi 1")


# Enhanced multi-frame: DCMTK looks at no functional group, so each frame is written alone as well, with what
# its groups say at the top.
def group(**macros):
    item = Dataset()
    for name, members in macros.items():
        macro = Dataset()
        for member, value in members.items():
            setattr(macro, member, value)
        setattr(item, name, Sequence([macro]))
    return item


def enhanced(name, syntax, shared, frames):
    whole = image(syntax, NumberOfFrames=len(frames))
    whole.SharedFunctionalGroupsSequence = Sequence([group(**shared)])
    whole.PerFrameFunctionalGroupsSequence = Sequence([group(**frame) for frame in frames])
    greys(whole, [value for at in range(len(frames)) for value in ramp(100 * at, 4095)])
    whole.save_as(f"{folder}/{name}.dcm", write_like_original=False)
    for at, frame in enumerate(frames):
        alone = image(syntax)
        for macros in (shared, frame):
            for members in macros.values():
                for member, value in members.items():
                    setattr(alone, member, value)
        greys(alone, ramp(100 * at, 4095))
        alone.save_as(f"{folder}/{name}-{at}.dcm", write_like_original=False)
        how = "+Wfs +Wi 1" if "VOILUTFunction" in alone else "+Wi 1"
        print(name, at + 1, f"{name}-{at}", 1, how if "WindowCenter" in alone else "+Wm")


def frame(slope, intercept, center, width, **more):
    return {"PixelValueTransformationSequence": {"RescaleSlope": slope, "RescaleIntercept": intercept},
            "FrameVOILUTSequence": {"WindowCenter": center, "WindowWidth": width, **more}}


different = [frame(1, 0, 1000, 800), frame(2, -1024, 40, 400), frame(-1, 300, -500, 2000),
             frame(0.5, 10, 700, 300, VOILUTFunction="SIGMOID"),
             {"FrameVOILUTSequence": {"WindowCenter": 3000, "WindowWidth": 100}},
             {"PixelValueTransformationSequence": {"RescaleSlope": 3, "RescaleIntercept": -7}}]
for syntax in (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian):
    enhanced(f"enhanced-{syntax[-3:]}", syntax, {}, different)
enhanced("shared", ExplicitVRLittleEndian, frame(2, -1024, 40, 400),
         [{}, {"FrameVOILUTSequence": {"WindowCenter": 900, "WindowWidth": 90}}])
