#!/usr/bin/python3
"""Makes a slide of several resolutions as DICOM files, for tests: make_slide.py FOLDER [--full] [--bare] [--swapped] [--pair] [--enlarged N]

Orthanc's dicomizer cuts a picture into tiles; pydicom then adds what it leaves out (Image Type, a
frame of reference, an ICC profile, a label with a name in it). --full writes TILED_FULL without a
place for each frame; --bare leaves the files as the dicomizer made them; --swapped has a profile in which red and
blue are exchanged, so that whoever heeds it shows the red square blue; --pair writes two glasses into one series and
one frame of reference, the second with that profile.

The picture is 2048 x 1536 pixels for 10.24 x 7.68 mm; --enlarged has N times as many and is N times as
large, with grain in it, so that its tiles weigh what tissue does. A red square of 64 pixels has its top left
corner at column 1280, row 384; a green one at column 256, row 1152; the rest is pink tissue that
gets darker downwards.
"""
import argparse
import os
import struct
import subprocess
import sys
import tempfile
import zlib

import pydicom
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_pixel_data_frame
from pydicom.sequence import Sequence
from pydicom.uid import generate_uid

WIDTH, HEIGHT = 2048, 1536
MARKS = {(1280, 384): (230, 20, 20), (256, 1152): (20, 160, 40)}
MARK_SIZE = 64
ROOT = "1.2.826.0.1.3680043.8.498."


def row_of(y, width, grain):
    """Tissue of this row. Two numbers of as many bytes are added at once; no byte overflows."""
    shade = y % HEIGHT * 60 // HEIGHT
    tissue = bytes((225 - shade, 180 - shade, 205 - shade)) * width
    if not grain:
        return bytearray(tissue)
    at = y * 7919 % (len(grain) - 3 * width)
    both = int.from_bytes(tissue, "big") + int.from_bytes(grain[at : at + 3 * width], "big")
    return bytearray(both.to_bytes(3 * width, "big"))


def picture(times):
    width, size = WIDTH * times, MARK_SIZE * times
    grain = b"" if times == 1 else bytes(byte & 15 for byte in os.urandom(6 * width))
    for y in range(HEIGHT * times):
        row = row_of(y, width, grain)
        for (left, top), color in MARKS.items():
            if times * top <= y < times * top + size:
                row[3 * times * left : 3 * (times * left + size)] = bytes(color) * size
        yield b"\0" + bytes(row)


def png(times):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", WIDTH * times, HEIGHT * times, 8, 2, 0, 0, 0)
    packer = zlib.compressobj(1)
    pixels = b"".join(packer.compress(row) for row in picture(times)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def fixed(value):
    return struct.pack(">i", round(value * 65536))


def profile(swapped):
    """A matrix profile (ICC.1 8.2): sRGB's primaries, gamma 2.2. Its curves are tables, as scanners write them: a
    header has it only by its address then."""
    xyz = {
        b"wtpt": (0.9642, 1.0, 0.8249),
        b"rXYZ": (0.4361, 0.2225, 0.0139),
        b"gXYZ": (0.3851, 0.7169, 0.0971),
        b"bXYZ": (0.1431, 0.0606, 0.7141),
    }
    if swapped:
        xyz[b"rXYZ"], xyz[b"bXYZ"] = xyz[b"bXYZ"], xyz[b"rXYZ"]
    tags = [(name, b"XYZ \0\0\0\0" + b"".join(map(fixed, place))) for name, place in xyz.items()]
    points = [round(65535 * (step / 255) ** 2.2) for step in range(256)]
    curve = b"curv\0\0\0\0" + struct.pack(">I256H", 256, *points)
    tags += [(name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")]
    words = b"test colours\0"
    description = b"desc\0\0\0\0" + struct.pack(">I", len(words)) + words + b"\0" * 78
    tags += [(b"desc", description), (b"cprt", b"text\0\0\0\0none\0\0\0\0")]
    table, data = b"", b""
    offset = 128 + 4 + 12 * len(tags)
    for name, content in tags:
        content += b"\0" * (-len(content) % 4)
        table += name + struct.pack(">II", offset + len(data), len(content))
        data += content
    header = struct.pack(">I", offset + len(data)) + b"\0\0\0\0" + b"\x02\x40\0\0" + b"mntrRGB XYZ "
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28
    header += b"".join(map(fixed, (0.9642, 1.0, 0.8249)))
    header += b"\0" * (128 - len(header))
    return header + struct.pack(">I", len(tags)) + table + data


def complete(dataset, frame_of_reference, number, options):
    full, times = options.full, options.enlarged
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE" if number == 1 else "RESAMPLED"]
    dataset.FrameOfReferenceUID = frame_of_reference
    dataset.OpticalPathSequence[0].ICCProfile = profile(options.swapped)
    dataset.InstanceNumber = number
    # The dicomizer takes width for height here.
    measures = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    width, height = 10.24 * times, 7.68 * times
    measures.PixelSpacing = [height / dataset.TotalPixelMatrixRows, width / dataset.TotalPixelMatrixColumns]
    if full:
        dataset.DimensionOrganizationType = "TILED_FULL"
        del dataset.PerFrameFunctionalGroupsSequence
    else:
        dataset.DimensionOrganizationType = "TILED_SPARSE"


def in_order(dataset):
    """TILED_FULL has its frames in the order of their places; the dicomizer wrote them so already."""
    places = [
        (
            item.PlanePositionSlideSequence[0].RowPositionInTotalImagePixelMatrix,
            item.PlanePositionSlideSequence[0].ColumnPositionInTotalImagePixelMatrix,
        )
        for item in dataset.PerFrameFunctionalGroupsSequence
    ]
    frames = list(generate_pixel_data_frame(dataset.PixelData, len(places)))
    dataset.PixelData = encapsulate([frame for _, frame in sorted(zip(places, frames))])


def label_of(dataset, path):
    """One frame with the kind of image that carries a name."""
    frames = generate_pixel_data_frame(dataset.PixelData, int(dataset.NumberOfFrames))
    dataset.PixelData = encapsulate([next(frames)])
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "LABEL", "NONE"]
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid(ROOT)
    dataset.NumberOfFrames = 1
    dataset.TotalPixelMatrixColumns, dataset.TotalPixelMatrixRows = dataset.Columns, dataset.Rows
    dataset.LabelText = "Moreau E. 1957"
    dataset.InstanceNumber = 99
    if "PerFrameFunctionalGroupsSequence" in dataset:
        dataset.PerFrameFunctionalGroupsSequence = Sequence([dataset.PerFrameFunctionalGroupsSequence[0]])
    dataset.save_as(path, write_like_original=False)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--swapped", action="store_true")
    parser.add_argument("--pair", action="store_true")
    parser.add_argument("--enlarged", type=int, default=1)
    parser.add_argument("--name", default="")
    parser.add_argument("--id", default="")
    parser.add_argument("--birth-date", default="")
    parser.add_argument("--sex", default="")
    options = parser.parse_args()
    os.makedirs(options.folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        source = os.path.join(work, "slide.png")
        with open(source, "wb") as file:
            file.write(png(options.enlarged))
        subprocess.run(
            ["OrthancWSIDicomizer", source, "--folder", options.folder, "--pyramid", "1", "--max-size", "0"]
            + ["--tile-width", "256", "--tile-height", "256", "--compression", "jpeg"]
            + ["--imaged-width", str(10.24 * options.enlarged), "--imaged-height", str(7.68 * options.enlarged)],
            check=True,
            stderr=subprocess.DEVNULL,
        )
    frame_of_reference = generate_uid(ROOT)
    names = sorted(os.listdir(options.folder))
    for number, name in enumerate(names, 1):
        path = os.path.join(options.folder, name)
        dataset = pydicom.dcmread(path)
        dataset.PatientName, dataset.PatientID = options.name, options.id
        dataset.PatientBirthDate, dataset.PatientSex = options.birth_date, options.sex
        dataset.SeriesDescription = (
            "Two glasses" if options.pair else "Swapped colours" if options.swapped else "Hematoxylin and eosin"
        )
        if not options.bare:
            if options.full:
                in_order(dataset)
            complete(dataset, frame_of_reference, number, options)
        if options.pair:
            dataset.ContainerIdentifier = "DEMO-26-1 A"
        dataset.save_as(path, write_like_original=False)
        if options.pair:
            dataset.ContainerIdentifier = "DEMO-26-1 B"
            dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid(ROOT)
            dataset.OpticalPathSequence[0].ICCProfile = profile(True)
            dataset.save_as(os.path.join(options.folder, "second-" + name), write_like_original=False)
    if not options.bare and not options.pair:
        path = os.path.join(options.folder, names[-1])
        label_of(pydicom.dcmread(path), os.path.join(options.folder, "label.dcm"))


if __name__ == "__main__":
    sys.exit(main())
