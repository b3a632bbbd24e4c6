"""DICOMweb as programs that are not ours speak it: raw requests, and pydicom on what comes back.

    dicomweb_peer.py URL CERTIFICATE CASE STORY TOKEN...      CERTIFICATE is "" over plain HTTP

Runs the story of that name below; ends with status 0 when all was as it should be.
"""

import gzip
import hashlib
import http.client
import io
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse
from email.parser import BytesParser
from email.policy import HTTP

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGLSLossless, RLELossless

url, certificate, case, story, *tokens = sys.argv[1:]
place = urllib.parse.urlsplit(url)
root = f"/api/cases/{case}/dicom-web"
DICOM = 'multipart/related; type="application/dicom"'
OCTETS = 'multipart/related; type="application/octet-stream"'


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        body = gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body
        return json.loads(body)

    def parts(self):
        """(headers, body) of each part of multipart/related, cut by its boundary alone."""
        kind = self.headers.get_params()
        assert kind[0][0] == "multipart/related", kind
        boundary = ("--" + dict(kind)["boundary"]).encode()
        assert self.body.endswith(boundary + b"--\r\n"), self.body[-80:]
        found = []
        for piece in self.body.split(boundary)[1:-1]:
            head, body = piece[2:-2].split(b"\r\n\r\n", 1)
            found.append((BytesParser(policy=HTTP).parsebytes(head + b"\r\n\r\n"), body))
        return found


class Person:
    def __init__(self, token):
        self.token = token
        if certificate:
            trust = ssl.create_default_context(cafile=certificate)
            self.line = http.client.HTTPSConnection(place.hostname, place.port, context=trust)
        else:
            self.line = http.client.HTTPConnection(place.hostname, place.port)

    def ask(self, path, accept=None, method="GET", body=None, kind=None, under=root, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers["Authorization"] = f"Bearer {self.token}"
        if accept:
            headers["Accept"] = accept
        if kind:
            headers["Content-Type"] = kind
        try:
            self.line.request(method, under + path, body=body, headers=headers)
            return Answer(self.line.getresponse())
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            # What was answered before its body was read may have cost the line (RFC 9112 9.3.1, 9.6).
            self.line.close()
            self.line.request(method, under + path, body=body, headers=headers)
            return Answer(self.line.getresponse())

    def find(self, path, status=200, **query):
        answer = self.ask(path + ("?" + urllib.parse.urlencode(query) if query else ""))
        assert answer.status == (204 if status == 200 and not answer.body else status), (path, query, answer.status)
        return answer.json() if answer.body else []

    def upload(self, dataset):
        content = written(dataset) if isinstance(dataset, Dataset) else dataset
        answer = self.ask("/uploads", None, "POST", content, "application/dicom", f"/api/cases/{case}")
        assert answer.status in (200, 201), (answer.status, answer.body)
        return content


people = [Person(token) for token in tokens]


def image(study, series, number, **attributes):
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"2.25.9.{study}.{series}.{number}"
    dataset.StudyInstanceUID = f"2.25.7.{study}"
    dataset.SeriesInstanceUID = f"2.25.8.{study}.{series}"
    dataset.StudyDate, dataset.StudyTime = "20260102", "101112"
    dataset.PatientName, dataset.PatientID, dataset.PatientSex = "Muster^Eva", "P-1", "F"
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "CT", series, number
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = 16, 16, 1
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.PhotometricInterpretation = "MONOCHROME2"
    for name, value in attributes.items():
        setattr(dataset, name, value)
    frames = int(dataset.get("NumberOfFrames", 1))
    if "PixelData" not in dataset:
        dataset.PixelData = b"".join(bytes((i + number + frame) & 255 for i in range(512)) for frame in range(frames))
    return dataset


def written(dataset, preamble=True):
    content = io.BytesIO()
    dataset.is_little_endian, dataset.is_implicit_VR = True, False
    if preamble:
        dataset.preamble = b"\0" * 128
        pydicom.dcmwrite(content, dataset, write_like_original=False)
    else:
        bare = Dataset(dataset)
        bare.is_little_endian, bare.is_implicit_VR = True, True
        pydicom.dcmwrite(content, bare, write_like_original=True)
    return content.getvalue()


def value(result, tag):
    values = result.get(tag, {}).get("Value")
    return values[0] if values else None


def uids(results, tag="0020000D"):
    return sorted(value(one, tag) for one in results)


def refuse(answer, status):
    assert answer.status == status, (answer.status, answer.body[:300])


# The stories.


def groups():
    """Geometry, which everybody is told, and beside it words that somebody typed."""
    item, content, measures = Dataset(), Dataset(), Dataset()
    content.FrameComments = "Leberherd"
    measures.PixelSpacing = [1, 1]
    measures.add_new(0x00204000, "LT", "Milzrand")
    item.FrameContentSequence, item.PixelMeasuresSequence = [content], [measures]
    return item


def fill():
    """Three studies: two CT series of several images, an MR, one of somebody with another charset."""
    keeper = people[0]
    for number in (1, 2, 3):
        keeper.upload(image(1, 1, number, AccessionNumber="A1", StudyDescription="Thorax nativ"))
    keeper.upload(image(1, 2, 1, SeriesDescription="Lunge", Modality="PT", AccessionNumber="A1"))
    keeper.upload(
        image(2, 1, 1, PatientName="Müller^Jürgen^^Dr.", Modality="MR", StudyDate="20251231", NumberOfFrames=3,
              ReferringPhysicianName="Groß^Änne", AccessionNumber="A2", SharedFunctionalGroupsSequence=[groups()])
    )
    japanese = image(3, 1, 1, StudyDate="20240229", StudyTime="235959.5", Modality="US")
    japanese.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
    japanese.PatientName = "Yamada^Tarou=山田^太郎=やまだ^たろう"
    keeper.upload(japanese)


def searches_find_studies():
    fill()
    reader = people[1]
    all_studies = reader.find("/studies")
    assert uids(all_studies) == ["2.25.7.1", "2.25.7.2", "2.25.7.3"], all_studies
    one = reader.find("/studies", StudyInstanceUID="2.25.7.1")
    assert len(one) == 1
    assert sorted(one[0]["00080061"]["Value"]) == ["CT", "PT"]
    assert value(one[0], "00201206") == 2 and value(one[0], "00201208") == 4
    assert value(one[0], "00081190") == f"{url}{root}/studies/2.25.7.1", one[0]["00081190"]
    assert value(one[0], "00100010") == {"Alphabetic": "Muster^Eva"}
    assert value(one[0], "00080005") == "ISO_IR 192"
    assert list(one[0]) == sorted(one[0])
    wanted = {
        "StudyInstanceUID": [("2.25.7.1,2.25.7.3", "13"), ("2.25.7.1\\2.25.7.2", "12"), ("2.25.7", "")],
        "0020000D": [("2.25.7.2", "2")],
        "AccessionNumber": [("A*", "12"), ("A?", "12"), ("a1", ""), ("A2", "2")],
        "StudyDate": [("20260102", "1"), ("20250101-20261231", "12"), ("-20250101", "3"), ("20251231-", "12")],
        "StudyTime": [("10", "12"), ("1000-1100", "12"), ("2300-", "3")],
        "PatientName": [("Muster^Eva", "1"), ("muster*", "1"), ("M?ller*", "2"), ("Muster", ""), ("山田*", "3")],
        "PatientID": [("P-1", "123"), ("P-2", "")],
        "ModalitiesInStudy": [("CT", "1"), ("M*", "2"), ("XA", ""), ("MR,CT", "12"), ("XA\\PT\\US", "13"), (",", "")],
        "NumberOfStudyRelatedInstances": [("4", "1")],
        "ReferringPhysicianName": [("Groß*", "2")],
        "StudyDescription": [("*nativ", "1")],
    }
    for name, tries in wanted.items():
        for text, numbers in tries:
            found = reader.find("/studies", **{name: text})
            assert uids(found) == [f"2.25.7.{n}" for n in numbers], (name, text, uids(found))
    # Two keys: both.
    assert uids(reader.find("/studies", PatientID="P-1", StudyDate="20260102")) == ["2.25.7.1"]


def searches_find_names_by_the_beginnings_of_their_words():
    fill()
    tries = {"muller": "2", "MUELLER jur": "2", "jurgen mül": "2", "Mull^J": "2", "yamada": "3", "山": "3", "tar yam": "3",
             "ller": "", "muster e": "1", "eva muster": "1", "*muster*": "1", "Jürgen*": "2",
             "*USTER*": "1", "*uster^ev*": "1", "*ustre*": "", "m*x": ""}  # as OHIF asks: wildcards and fuzzy at once
    for text, numbers in tries.items():
        found = people[1].find("/studies", PatientName=text, fuzzymatching="true")
        assert uids(found) == [f"2.25.7.{n}" for n in numbers], (text, uids(found))
    assert people[1].find("/studies", PatientName="muller") == []
    assert uids(people[1].find("/studies", ReferringPhysicianName="gross anne", fuzzymatching="true")) == ["2.25.7.2"]


def searches_find_series_and_instances():
    fill()
    reader = people[1]
    series = reader.find("/studies/2.25.7.1/series")
    assert uids(series, "0020000E") == ["2.25.8.1.1", "2.25.8.1.2"]
    assert {value(one, "00080060") for one in series} == {"CT", "PT"}
    assert "00100010" not in series[0] and value(series[0], "00201209") == 3
    assert uids(reader.find("/studies/2.25.7.1/series", Modality="PT"), "0020000E") == ["2.25.8.1.2"]
    told = reader.find("/studies/2.25.7.1/series", includefield="PatientName,00080020")[0]
    assert value(told, "00100010") and value(told, "00080020") == "20260102"
    every = reader.find("/series", PatientName="Muster*")
    assert uids(every, "0020000E") == ["2.25.8.1.1", "2.25.8.1.2"] and value(every[0], "00100020") == "P-1"
    instances = reader.find("/studies/2.25.7.1/series/2.25.8.1.1/instances")
    assert uids(instances, "00080018") == [f"2.25.9.1.1.{n}" for n in (1, 2, 3)]
    assert [value(one, "00200013") for one in instances] == [1, 2, 3]
    assert value(instances[0], "00280010") == 16 and value(instances[0], "00280100") == 16
    assert value(instances[0], "00081190").endswith("/studies/2.25.7.1/series/2.25.8.1.1/instances/2.25.9.1.1.1")
    assert uids(reader.find("/studies/2.25.7.1/instances", InstanceNumber="1"), "00080018") == [
        "2.25.9.1.1.1", "2.25.9.1.2.1"]
    assert value(reader.find("/studies/2.25.7.1/instances", SeriesNumber="2")[0], "00080060") == "PT"
    everywhere = reader.find("/instances", ModalitiesInStudy="MR")
    assert uids(everywhere, "00080018") == ["2.25.9.2.1.1"] and value(everywhere[0], "00280008") == 3
    assert value(everywhere[0], "00100010")["Alphabetic"] == "Müller^Jürgen^^Dr."
    assert uids(reader.find("/instances", SOPInstanceUID="2.25.9.3.1.1"), "00080018") == ["2.25.9.3.1.1"]
    rich = reader.find("/studies/2.25.7.2/series/2.25.8.2.1/instances", includefield="all")[0]
    assert value(rich, "00280103") == 0 and value(rich, "00100010") and "7FE00010" not in rich
    # What is asked for by a keyword that is not known here is left out, and the rest is answered.
    for unknown in ({"includefield": "BitsStored"}, {}):
        found = reader.find("/studies/2.25.7.2/series/2.25.8.2.1/instances", **unknown)
        assert len(found) == 1 and "00280101" not in found[0], found
    asked = reader.find("/studies/2.25.7.2/series/2.25.8.2.1/instances", includefield="00280101")[0]
    assert value(asked, "00280101") == 12
    # What is under another study is not here.
    assert reader.find("/studies/2.25.7.2/series/2.25.8.1.1/instances") == []
    assert reader.find("/studies/2.25.7.9/series") == []


def searches_are_paged_and_say_what_they_left_out():
    fill()
    reader = people[1]
    first = reader.ask("/studies?limit=2")
    assert len(first.json()) == 2
    assert first.headers["warning"] == '299 consilium "There are 1 additional results that can be requested"', first.headers
    second = reader.ask("/studies?limit=2&offset=2")
    assert len(second.json()) == 1 and second.headers["warning"] is None
    assert uids(first.json()) + uids(second.json()) == ["2.25.7.1", "2.25.7.2", "2.25.7.3"]
    assert reader.ask("/studies?offset=9").status == 204
    ignored = reader.ask("/studies?Florp=Qvzx&StudyInstanceUID=2.25.7.1&00400275.00400009=1")
    assert len(ignored.json()) == 1
    assert "2 parameters" in ignored.headers["warning"] and "Qvzx" not in str(ignored.headers)


def a_search_may_be_sent_as_a_form():
    fill()
    form = urllib.parse.urlencode({"PatientName": "Müller*", "includefield": "00081030"})
    answer = people[1].ask("/studies", None, "POST", form, "application/x-www-form-urlencoded")
    assert uids(answer.json()) == ["2.25.7.2"]
    answer = people[1].ask("/studies/2.25.7.1/series", None, "POST", "Modality=PT", "application/x-www-form-urlencoded; charset=utf-8")
    assert uids(answer.json(), "0020000E") == ["2.25.8.1.2"]
    refuse(people[1].ask("/studies", None, "POST", "%zz=1", "application/x-www-form-urlencoded"), 400)
    refuse(people[1].ask("/studies", None, "POST", "PatientID=a%00b", "application/x-www-form-urlencoded"), 400)
    refuse(people[1].ask("/studies", None, "POST", "{}", "application/json"), 415)


def hostile_queries_are_refused_or_ignored():
    fill()
    reader = people[1]
    for query in ("limit=x", "limit=-1", "offset=99999999999", "fuzzymatching=maybe", "PatientID=1&PatientID=2"):
        refuse(reader.ask("/studies?" + query), 400)
    many = "&".join(f"includefield=0009{n:04X}" for n in range(99))
    refuse(reader.ask("/studies", None, "POST", many, "application/x-www-form-urlencoded"), 400)
    for query in ("PatientName=" + "*a" * 500, "PatientName=%FF%FE*&fuzzymatching=true", "StudyDate=-", "StudyDate=abc",
                  "NumberOfStudyRelatedSeries=1e", "=&=&&x", "includefield=,,,"):
        assert reader.ask("/studies?" + query).status in (200, 204), query
    for path in ("/studies/", "/studies/x", "/studies/1/2", "/studies/1/series/2/instances/3/frames", "", "/", "/florp",
                 "/studies/" + "1" * 65, "/studies/1/series/2/instances/3/frames/1/2/3"):
        refuse(reader.ask(path), 404)
    refuse(reader.ask("/studies", accept="application/dicom+xml"), 406)
    refuse(reader.ask("/studies", accept="text/html;q=0.5"), 406)
    for accept in ("*/*", "application/*", "application/json", "text/html, application/dicom+json;q=0.1", ";;,,q=1, */*"):
        assert reader.ask("/studies", accept=accept).status == 200, accept


def metadata_is_given_at_each_level_with_addresses_of_bulk():
    fill()
    reader = people[1]
    study = reader.ask("/studies/2.25.7.1/metadata", accept_encoding="gzip")
    assert study.headers["content-encoding"] == "gzip" and len(study.json()) == 4
    series = reader.ask("/studies/2.25.7.1/series/2.25.8.1.1/metadata").json()
    assert [value(one, "00200013") for one in series] == [1, 2, 3]
    path = "/studies/2.25.7.1/series/2.25.8.1.1/instances/2.25.9.1.1.2"
    one = reader.ask(path + "/metadata").json()
    assert one == [series[1]] and value(one[0], "00100010")["Alphabetic"] == "Muster^Eva"
    bulk = one[0]["7FE00010"]["BulkDataURI"]
    assert bulk.startswith(f"{url}{root}{path}/bulkdata/7FE00010"), bulk
    read = Dataset.from_json(one[0], lambda tag, vr, address: None)
    assert read.PatientName == "Muster^Eva" and read.Rows == 16
    refuse(reader.ask("/studies/2.25.7.2/series/2.25.8.1.1/metadata"), 404)
    refuse(reader.ask("/studies/2.25.7.1/series/2.25.8.1.1/instances/1.1/metadata"), 404)
    refuse(reader.ask(path + "/metadata", accept="application/dicom+xml"), 406)


def frames_come_alone_or_in_parts():
    fill()
    reader = people[1]
    path = "/studies/2.25.7.2/series/2.25.8.2.1/instances/2.25.9.2.1.1/frames"
    pixels = image(2, 1, 1, NumberOfFrames=3).PixelData
    frame = [pixels[512 * n : 512 * n + 512] for n in range(3)]
    for accept in (None, "*/*", OCTETS, OCTETS + "; transfer-syntax=*", OCTETS + ";transfer-syntax=1.2.840.10008.1.2.1"):
        parts = reader.ask(path + "/3,1", accept=accept).parts()
        assert [body for _, body in parts] == [frame[2], frame[0]], accept
        assert parts[0][0].get_content_type() == "application/octet-stream"
        assert parts[0][0].get_param("transfer-syntax") == "1.2.840.10008.1.2.1"
        assert [head["content-location"] for head, _ in parts] == [f"{url}{root}{path}/{number}" for number in (3, 1)]
    assert [body for _, body in reader.ask(path.replace("/frames", "/pixeldata")).parts()] == frame
    alone = reader.ask(path + "/2", accept="application/octet-stream")
    assert alone.body == frame[1] and alone.headers.get_content_type() == "application/octet-stream"
    part = reader.ask(path + "/2", accept="application/octet-stream", Range="bytes=500-")
    assert part.status == 206 and part.body == frame[1][500:] and part.headers["content-range"] == "bytes 500-511/512"
    same = reader.ask(path + "/2", accept="application/octet-stream", If_None_Match=alone.headers["etag"])
    refuse(same, 304)
    refuse(reader.ask(path + "/2", accept="application/octet-stream", Range="bytes=512-"), 416)
    refuse(reader.ask(path + "/1,4"), 404)
    refuse(reader.ask(path + "/0"), 400)
    refuse(reader.ask(path + "/1,,2"), 400)
    refuse(reader.ask(path + "/1", accept="image/jls"), 406)
    refuse(reader.ask(path + "/1,2", accept="application/octet-stream"), 406)
    refuse(reader.ask(path + "/1", accept=OCTETS + "; transfer-syntax=1.2.840.10008.1.2.4.80"), 406)
    refuse(reader.ask(path.replace("2.25.7.2", "2.25.7.1") + "/1"), 404)


def files_come_back_as_they_were_sent():
    sent = {f"2.25.9.4.{series}.{number}": people[0].upload(image(4, series, number)) for series in (1, 2) for number in (1, 2)}
    reader = people[1]

    def fetched(path, accept=DICOM):
        answer = reader.ask(path, accept=accept)
        assert answer.status == 200, (path, answer.status, answer.body)
        found = {}
        for head, body in answer.parts():
            assert head.get_content_type() == "application/dicom"
            assert head.get_param("transfer-syntax") == ExplicitVRLittleEndian
            found[pydicom.dcmread(io.BytesIO(body)).SOPInstanceUID] = body
        return found

    assert fetched("/studies/2.25.7.4") == sent
    assert fetched("/studies/2.25.7.4", DICOM + "; transfer-syntax=*") == sent
    assert fetched("/studies/2.25.7.4", "*/*") == sent
    assert sorted(fetched("/studies/2.25.7.4/series/2.25.8.4.2")) == ["2.25.9.4.2.1", "2.25.9.4.2.2"]
    path = "/studies/2.25.7.4/series/2.25.8.4.1/instances/2.25.9.4.1.2"
    assert list(fetched(path)) == ["2.25.9.4.1.2"]
    alone = reader.ask(path, accept="application/dicom")
    assert hashlib.sha256(alone.body).digest() == hashlib.sha256(sent["2.25.9.4.1.2"]).digest()
    assert reader.ask(path, accept="application/dicom", Range="bytes=128-131").body == b"DICM"
    refuse(reader.ask(path, accept=DICOM + "; transfer-syntax=1.2.840.10008.1.2.4.80"), 406)
    refuse(reader.ask(path, accept="image/png"), 406)
    refuse(reader.ask("/studies/2.25.7.4", accept="application/dicom"), 406)
    refuse(reader.ask("/studies/2.25.7.4/series/2.25.8.1.1"), 404)
    refuse(reader.ask("/studies/2.25.7.44"), 404)


def files_without_meta_information_come_back_whole():
    bare = written(image(5, 1, 1), preamble=False)
    assert bare[128:132] != b"DICM"
    people[0].upload(bare)
    headless = written(image(5, 1, 2))[132:]  # meta information, and no preamble before it
    people[0].upload(headless)
    for number, syntax, rest in ((1, ImplicitVRLittleEndian, bare), (2, ExplicitVRLittleEndian, headless)):
        path = f"/studies/2.25.7.5/series/2.25.8.5.1/instances/2.25.9.5.1.{number}"
        alone = people[1].ask(path, accept="application/dicom").body
        assert alone.endswith(rest) and alone[128:132] == b"DICM"
        read = pydicom.dcmread(io.BytesIO(alone))  # not forced
        assert read.file_meta.TransferSyntaxUID == syntax and read.PatientName == "Muster^Eva", read
        assert read.file_meta.MediaStorageSOPInstanceUID == read.SOPInstanceUID
        with tempfile.NamedTemporaryFile() as place:
            place.write(alone)
            place.flush()
            told = subprocess.run(["dcmdump", "-q", place.name], capture_output=True, check=True).stdout
            assert b"Muster^Eva" in told
            assert b"yes:" in subprocess.run(["dcmftest", place.name], capture_output=True, check=True).stdout
    parts = people[1].ask("/studies/2.25.7.5", accept=DICOM).parts()
    assert {pydicom.dcmread(io.BytesIO(body)).InstanceNumber for _, body in parts} == {1, 2}


def bulk_values_are_where_metadata_says():
    lut = bytes(range(256)) * 8
    dataset = image(6, 1, 1)
    dataset.add_new(0x00281221, "OW", lut)  # segmented red palette
    dataset.add_new(0x00282000, "OB", b"\1\2" * 700)
    people[0].upload(dataset)
    path = "/studies/2.25.7.6/series/2.25.8.6.1/instances/2.25.9.6.1.1"
    metadata = people[1].ask(path + "/metadata").json()[0]
    for tag, expected in (("00281221", lut), ("00282000", b"\1\2" * 700), ("7FE00010", dataset.PixelData)):
        address = metadata[tag]["BulkDataURI"]
        assert address.startswith(url), address
        there = address[len(url) + len(root):]
        assert people[1].ask(there, accept="application/octet-stream").body == expected
        parts = people[1].ask(there, accept=OCTETS).parts()
        assert [body for _, body in parts] == [expected]
    for wrong in ("00282000.0.128", "00282000.1.1400", "00282000", "x", "00282000.9.9.9", "7FE00010"):
        refuse(people[1].ask(path + "/bulkdata/" + wrong), 404)


def encapsulated_frames_keep_their_own_type():
    for study, syntax, kind in ((7, JPEGLSLossless, "image/jls"), (8, RLELossless, "image/dicom-rle")):
        frames = [b"\xff\xd8\xff\xf7" + bytes([n]) * 60 for n in range(3)]
        dataset = image(study, 1, 1, NumberOfFrames=3, PixelData=encapsulate(frames))
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        people[0].upload(dataset)
        path = f"/studies/2.25.7.{study}/series/2.25.8.{study}.1/instances/2.25.9.{study}.1.1"
        anyhow = people[1].ask(path + "/frames/1,3", accept="*/*").parts()
        assert [body for _, body in anyhow] == [frames[0], frames[2]]
        assert anyhow[0][0].get_content_type() == kind and anyhow[0][0].get_param("transfer-syntax") == syntax
        octets = people[1].ask(path + "/frames/2", accept=OCTETS + "; transfer-syntax=*").parts()
        assert octets[0][1] == frames[1] and octets[0][0].get_param("transfer-syntax") == syntax
        alone = people[1].ask(path + "/frames/2", accept=kind)
        assert alone.body == frames[1] and alone.headers.get_content_type() == kind
        named = people[1].ask(path + "/frames/2", accept=f'multipart/related; type="{kind}"; transfer-syntax={syntax}')
        assert named.parts()[0][1] == frames[1]
        refuse(people[1].ask(path + "/frames/2", accept=OCTETS), 406)
        address = people[1].ask(path + "/metadata").json()[0]["7FE00010"]["BulkDataURI"]
        every = people[1].ask(address[len(url) + len(root):], accept=f'multipart/related; type="{kind}", */*').parts()
        assert [body for _, body in every] == frames


def who_is_not_told_who_the_patient_is_sees_no_name_and_searches_by_none():
    fill()
    observer = people[2]
    found = observer.find("/studies", StudyInstanceUID="2.25.7.1", includefield="all")[0]
    for tag in ("00100010", "00100020", "00100030", "00080050", "00081030", "00080090"):
        assert tag not in found, found
    assert value(found, "00100040") == "F" and value(found, "00080020") == "20260102"
    # Whatever the name, the answer is the same: it is no key.
    for name in ("Muster*", "Nobody"):
        answer = observer.ask("/studies?" + urllib.parse.urlencode({"PatientName": name}))
        assert len(answer.json()) >= 3 and "1 parameters" in answer.headers["warning"]
    told = ""
    for path in ("/studies?includefield=all", "/series?includefield=all", "/instances?includefield=all",
                 "/instances?includefield=52009229", "/studies/2.25.7.2/series?includefield=PatientName", "/studies/2.25.7.2/metadata"):
        answer = observer.ask(path)
        assert answer.status == 200, path
        told += str(answer.json())
    assert "52009229" in told and "52009229" in str(people[1].find("/instances", includefield="52009229"))
    assert "Leberherd" in str(people[1].find("/instances", includefield="52009229"))
    for word in ("Leberherd", "Milzrand", "Muster", "Müller", "Yamada", "山田", "P-1", "Groß", "Thorax", "Lunge", "A1"):
        assert word not in told, word
    path = "/studies/2.25.7.2/series/2.25.8.2.1/instances/2.25.9.2.1.1"
    assert observer.ask(path + "/frames/1", accept="application/octet-stream").status == 200
    for whole in ("/studies/2.25.7.2", "/studies/2.25.7.2/series/2.25.8.2.1", path):
        refuse(observer.ask(whole), 403)
    bulk = people[1].ask(path + "/metadata").json()[0]["7FE00010"]["BulkDataURI"]
    refuse(observer.ask(bulk[len(url) + len(root):]), 404)
    refuse(observer.ask("/studies", None, "POST", b"", 'multipart/related; type="application/dicom"; boundary=x'), 404)


def a_stranger_finds_nothing():
    fill()
    stranger = people[3]
    path = "/studies/2.25.7.2/series/2.25.8.2.1/instances/2.25.9.2.1.1"
    for each in ("/studies", "/series", "/instances", "/studies/2.25.7.2/metadata", "/studies/2.25.7.2", path,
                 path + "/frames/1", path + "/bulkdata/7FE00010.1.1"):
        refuse(stranger.ask(each), 404)
    refuse(stranger.ask("/studies", None, "POST", "PatientName=M*", "application/x-www-form-urlencoded"), 404)
    refuse(stranger.ask("/studies", None, "POST", b"--x--", 'multipart/related; type="application/dicom"; boundary=x'), 404)
    nobody = Person("")
    refuse(nobody.ask("/studies"), 401)


def body_of(parts, boundary="a-b", kind="application/dicom"):
    head = f"--{boundary}\r\nContent-Type: {kind}\r\n\r\n".encode()
    return b"".join(head + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()


def store(person, body, path="/studies", boundary="a-b", kind='"application/dicom"'):
    return person.ask(path, "application/dicom+json", "POST", body, f"multipart/related; type={kind}; boundary={boundary}")


def what_is_stored_is_found_at_once_and_bad_parts_are_named():
    keeper = people[0]
    good = [written(image(20, 1, number)) for number in (1, 2)]
    answer = store(keeper, body_of(good))
    refuse(answer, 200)
    told = answer.json()
    assert uids(told["00081199"]["Value"], "00081155") == ["2.25.9.20.1.1", "2.25.9.20.1.2"]
    assert value(told["00081199"]["Value"][0], "00081150") == "1.2.840.10008.5.1.4.1.1.2"
    assert value(told, "00081190") == f"{url}{root}/studies/2.25.7.20" and "00081198" not in told
    assert len(keeper.find("/studies/2.25.7.20/instances")) == 2
    back = keeper.ask("/studies/2.25.7.20", accept=DICOM).parts()
    assert sorted(body for _, body in back) == sorted(good)
    # Again: the same bytes are there already. Other bytes of the same instance are kept apart.
    refuse(store(keeper, body_of(good)), 200)
    other = written(image(20, 1, 1, PatientComments="changed"))
    bad = [b"no DICOM at all", written(image(20, 1, 3))[:900], other, b""]
    answer = store(keeper, body_of(bad[:2] + [written(image(20, 1, 4))] + bad[2:]))
    refuse(answer, 202)
    told = answer.json()
    assert uids(told["00081199"]["Value"], "00081155") == ["2.25.9.20.1.4"]
    assert [(value(one, "00081155"), value(one, "00081197")) for one in told["00081198"]["Value"]] == [
        ("2.25.9.20.1.1", 0x0111)]
    assert [value(one, "00081197") for one in told["0008119A"]["Value"]] == [0xC000] * 3
    assert value(told["00081198"]["Value"][0], "00991001") == 4 and "here" in value(told["00081198"]["Value"][0], "00991003")
    assert [value(one, "00991001") for one in told["0008119A"]["Value"]] == [1, 2, 5]
    assert all(value(one, "00991003") for one in told["0008119A"]["Value"])
    assert len(keeper.find("/studies/2.25.7.20/instances")) == 3
    # A name that was sent with a part comes back with its refusal; one that could not be shown does not.
    named = b"".join(b"--a-b\r\nContent-Type: application/dicom\r\nContent-Location: " + name + b"\r\n\r\nnothing\r\n"
                     for name in ('CD/M\u00fcller "1".dcm'.encode(), b"\xff.dcm", b"x" * 300)) + b"--a-b--\r\n"
    told = store(keeper, named).json()["0008119A"]["Value"]
    assert [one.get("00991002", {}).get("Value") for one in told] == [['CD/M\u00fcller "1".dcm'], None, ["x" * 255]]
    assert all(value(one, "00990010") == "CONSILIUM" for one in told)
    refuse(store(keeper, body_of([b"nothing"])), 409)


def a_study_takes_its_own_instances_alone():
    own, other = written(image(21, 1, 1)), written(image(22, 1, 1))
    answer = store(people[0], body_of([own, other]), "/studies/2.25.7.21")
    refuse(answer, 202)
    told = answer.json()
    assert uids(told["00081199"]["Value"], "00081155") == ["2.25.9.21.1.1"]
    assert value(told["00081198"]["Value"][0], "00081155") == "2.25.9.22.1.1"
    assert value(told["00081198"]["Value"][0], "00081197") == 0xA900
    assert people[0].find("/studies", StudyInstanceUID="2.25.7.22") == []


def many_parts_are_stored_whatever_their_sizes():
    parts = [written(image(23, 1, number, PixelData=bytes([number & 255]) * 512, PatientComments="x" * number * 7))
             for number in range(1, 121)]
    answer = store(people[0], body_of(parts, "--=_strange'()+,./:?"), boundary='"--=_strange\'()+,./:?"')
    refuse(answer, 200)
    assert len(answer.json()["00081199"]["Value"]) == 120
    assert len(people[0].find("/studies/2.25.7.23/instances")) == 120
    # More than a search holds in memory at once with all that they say.
    every = people[0].find("/studies/2.25.7.23/instances?includefield=all")
    assert [each["00200013"]["Value"] for each in every] == [[number] for number in range(1, 121)]
    assert [len(each["00104000"]["Value"][0]) for each in every] == [number * 7 for number in range(1, 121)]
    some = people[0].find("/instances?PatientComments=*x&StudyInstanceUID=2.25.7.23&offset=60&limit=10")
    assert [each["00200013"]["Value"] for each in some] == [[number] for number in range(61, 71)]
    # A boundary that all but occurs in the pixels.
    close = b"\r\n--a-\r\n--a-\r\r\n--a\r" * 40
    dataset = image(24, 1, 1, PixelData=(close * 2)[:512])
    refuse(store(people[0], body_of([written(dataset)])), 200)
    assert people[0].ask("/studies/2.25.7.24/series/2.25.8.24.1/instances/2.25.9.24.1.1/frames/1",
                         accept="application/octet-stream").body == dataset.PixelData


def hostile_bodies_are_refused():
    keeper = people[0]
    part = written(image(25, 1, 1))
    whole = body_of([part])
    refuse(store(keeper, whole, kind='"text/html"'), 415)
    refuse(store(keeper, whole, boundary=""), 415)
    refuse(store(keeper, whole, boundary="x" * 71), 415)
    refuse(keeper.ask("/studies", None, "POST", whole, "application/dicom"), 415)
    refuse(store(keeper, whole[:-6]), 400)  # the last delimiter is cut
    refuse(store(keeper, b"--a-b--\r\n"), 400)
    refuse(store(keeper, b"nothing here"), 400)
    refuse(store(keeper, b"--a-b\r\n" + b"X: y\r\n" * 900 + b"\r\n" + part + b"\r\n--a-b--"), 400)
    refuse(store(keeper, b"--a-bxyz\r\n\r\n" + part + b"\r\n--a-b--"), 400)
    refuse(store(keeper, body_of([part], kind="text/plain")), 409)
    refuse(store(keeper, b"preamble\r\n" + whole + b"epilogue"), 200)
    refuse(store(people[1], body_of([written(image(25, 1, 2))])), 200)  # a member may, too
    chunked = people[0].line
    chunked.putrequest("POST", root + "/studies")
    chunked.putheader("Transfer-Encoding", "chunked")
    chunked.putheader("Authorization", f"Bearer {tokens[0]}")
    chunked.endheaders()
    refuse(Answer(chunked.getresponse()), 411)


def pixels_of_pnm(pnm):
    """Columns, rows, samples and pixels."""
    words = b" ".join(line for line in pnm[:300].split(b"\n") if not line.startswith(b"#")).split(maxsplit=4)
    (columns, rows, most), samples = map(int, words[1:4]), 3 if words[0] == b"P6" else 1
    assert most == 255
    return columns, rows, samples, pnm[len(pnm) - columns * rows * samples :]


def picture_of_png(content):
    """As libpng reads it: what OpenJPEG's programs make of it."""
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/a.png", "wb") as file:
            file.write(content)
        subprocess.run(["opj_compress", "-n", "1", "-i", folder + "/a.png", "-o", folder + "/a.j2k"], check=True, capture_output=True)
        subprocess.run(["opj_decompress", "-i", folder + "/a.j2k", "-o", folder + "/a.ppm"], check=True, capture_output=True)
        with open(folder + "/a.ppm", "rb") as file:
            return pixels_of_pnm(file.read())


def shown_by_dcmtk(content, *how):
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        return pixels_of_pnm(subprocess.run(["dcm2pnm", "-q", *how, file.name], check=True, capture_output=True).stdout)


def pictures_are_rendered_to_fit():
    """A ramp from left to right, whose ends a window makes black and white."""
    ramp = b"".join((column * 16).to_bytes(2, "little") for column in range(128)) * 64
    ramp_file = people[0].upload(image(40, 1, 1, Rows=64, Columns=128, WindowCenter=1024, WindowWidth=2048, PixelData=ramp))
    study, series, path = "/studies/2.25.7.40", "/studies/2.25.7.40/series/2.25.8.40.1", ""
    path = series + "/instances/2.25.9.40.1.1"

    def sides(answer):
        refuse(answer, 200)
        assert answer.headers.get_content_type() == "image/jpeg" and answer.body[:2] == b"\xff\xd8"
        at = 2
        while answer.body[at + 1] not in (0xC0, 0xC1, 0xC2):  # the frame header (ITU T.81 B.2.2)
            at += 2 + int.from_bytes(answer.body[at + 2 : at + 4], "big")
        return int.from_bytes(answer.body[at + 7 : at + 9], "big"), int.from_bytes(answer.body[at + 5 : at + 7], "big")

    reader = people[1]
    assert sides(reader.ask(path + "/rendered")) == (128, 64)
    assert sides(reader.ask(path + "/frames/1/rendered", accept="image/jpeg")) == (128, 64)
    assert sides(reader.ask(path + "/rendered?viewport=32,32")) == (32, 16)
    dark, light = (reader.ask(path + f"/rendered?window={center},2&quality=90").body for center in (5000, -5000))
    assert dark != light
    functions = [reader.ask(path + f"/rendered?window=1024,400,{each}") for each in ("linear", "linear-exact", "sigmoid")]
    assert [sides(each) for each in functions] == [(128, 64)] * 3 and functions[0].body != functions[2].body
    for each in (study, series, path, path + "/frames/1"):
        columns, rows = sides(reader.ask(each + "/thumbnail"))
        assert columns <= 256 and rows <= 256
    for wrong in ("viewport=0,4", "viewport=1,2,3", "window=1,0", "window=a,b", "window=1,0.5", "window=1,2,cubic", "quality=0"):
        refuse(reader.ask(path + "/rendered?" + wrong), 400)
    refuse(reader.ask(path + "/rendered", accept="image/gif"), 406)
    exact = reader.ask(path + "/rendered?window=1024,2048", accept="image/jpeg;q=0.5, image/png")
    assert exact.headers.get_content_type() == "image/png"
    ours, theirs = picture_of_png(exact.body), shown_by_dcmtk(ramp_file, "+Ww", "1024", "2048")
    assert ours[:2] == theirs[:2] == (128, 64) and ours[2] == theirs[2] == 1
    assert max(abs(one - other) for one, other in zip(ours[3], theirs[3])) <= 1  # it cuts where we round
    small = picture_of_png(reader.ask(path + "/thumbnail", accept="image/png").body)
    assert small[:3] == (128, 64, 1)
    coloured = patterned(400, *KINDS["colour"])
    coloured_file = people[0].upload(coloured)
    exact = reader.ask(path_of(coloured) + "/frames/1/rendered", accept="image/*;q=0.1, image/png")
    assert picture_of_png(exact.body) == shown_by_dcmtk(coloured_file)
    refuse(reader.ask(path + "/frames/2/rendered"), 404)
    refuse(reader.ask(path + "/frames/1,2/rendered"), 400)
    refuse(reader.ask(path.replace("7.40", "7.41") + "/rendered"), 404)
    refuse(people[3].ask(path + "/rendered"), 404)


def a_document_is_rendered_as_itself():
    document = image(43, 1, 1, SOPClassUID="1.2.840.10008.5.1.4.1.1.104.1", Modality="DOC", MIMETypeOfEncapsulatedDocument="application/pdf",
                     EncapsulatedDocument=b"%PDF-1.4\n" + bytes(range(256)) * 300 + b"%%EOF\n\n")
    document.file_meta.MediaStorageSOPClassUID = document.SOPClassUID
    for name in ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation",
                 "PhotometricInterpretation", "PixelData"):
        delattr(document, name)
    people[0].upload(document)
    path = path_of(document) + "/rendered"
    for accept in (None, "*/*", "application/pdf", "image/png, application/*;q=0.1"):
        answer = people[1].ask(path, accept=accept)
        assert answer.status == 200 and answer.headers["content-type"] == "application/pdf", (accept, answer.status)
        assert answer.body.rstrip(b"\0") == document.EncapsulatedDocument.rstrip(b"\0"), len(answer.body)
    assert people[1].ask(path, Range="bytes=0-3").body == b"%PDF"
    refuse(people[1].ask(path, accept="image/jpeg"), 406)
    refuse(people[2].ask(path), 403)
    refuse(people[3].ask(path), 404)
    refuse(people[1].ask("/studies/2.25.7.43/rendered"), 404)
    refuse(people[1].ask(path.replace("rendered", "thumbnail")), 404)


def all_pictures_of_a_series_or_a_study_come_in_parts():
    """Each as it comes alone; what has none is left out."""
    jpegs, reader = 'multipart/related; type="image/jpeg"', people[1]
    for number in (1, 2, 3):
        people[0].upload(image(41, 1, number, NumberOfFrames=number, BurnedInAnnotation="YES" if number == 2 else "NO"))
    broken = image(41, 1, 4, PixelData=encapsulate([b"\xff\xd8\xff\xf7" + b"\xff" * 60]))
    broken.file_meta.TransferSyntaxUID = JPEGLSLossless
    broken["PixelData"].VR, broken["PixelData"].is_undefined_length = "OB", True
    people[0].upload(broken)
    people[0].upload(image(41, 2, 1))
    people[0].upload(image(41, 3, 1, SOPClassUID="1.2.840.10008.5.1.4.1.1.88.11"))  # a report: nothing to look at
    study = "/studies/2.25.7.41"
    for at, wanted in ((study, [(1, 1), (1, 2), (1, 3), (2, 1)]), (study + "/series/2.25.8.41.1", [(1, 1), (1, 2), (1, 3)])):
        for query in ("", "?window=700,500&viewport=8,8&quality=40"):
            answer = reader.ask(at + "/rendered" + query, accept=jpegs)
            refuse(answer, 200)
            assert answer.headers["transfer-encoding"] == "chunked" and answer.headers["content-length"] is None
            places = []
            for head, body in answer.parts():
                alone = head["content-location"]
                assert head.get_content_type() == "image/jpeg" and alone.startswith(url + root + study), alone
                assert body == reader.ask(alone[len(url + root):] + query).body and body[:2] == b"\xff\xd8"
                places.append(tuple(int(part) for part in alone.split("/")[-2].split(".")[-2:]))
            assert places == wanted, places
    middle = reader.ask(study + "/series/2.25.8.41.1/instances/2.25.9.41.1.3/frames/2/rendered").body
    assert reader.ask(study + "/rendered", accept="*/*").parts()[2][1] == middle
    for (head, body), (_, jpeg) in zip(reader.ask(study + "/rendered", accept=jpegs.replace("jpeg", "png")).parts(), answer.parts()):
        assert head.get_content_type() == "image/png" and body[:4] == b"\x89PNG" and jpeg[:2] == b"\xff\xd8"
    again = reader.ask(study + "/rendered", method="HEAD")  # and the line goes on
    assert again.status == 200 and not again.body
    # Words in pixels are left out for who is not told who the patient is; when nothing is left, that is said.
    masked = people[2].ask(study + "/series/2.25.8.41.1/rendered")
    assert [head["content-location"].split("/")[-2] for head, _ in masked.parts()] == ["2.25.9.41.1.1", "2.25.9.41.1.3"]
    people[0].upload(image(42, 1, 1, BurnedInAnnotation="YES"))
    refuse(people[2].ask("/studies/2.25.7.42/rendered"), 403)
    refuse(reader.ask(study + "/series/2.25.8.41.3/rendered"), 404)
    refuse(reader.ask(study + "/rendered", accept="image/jpeg"), 406)
    refuse(reader.ask(study + "/rendered", accept='multipart/related; type="image/gif"'), 406)
    refuse(reader.ask(study + "/series/2.25.8.41.1/instances/2.25.9.41.1.1/rendered", accept=jpegs), 406)
    refuse(reader.ask(study + "/rendered?quality=101"), 400)
    refuse(reader.ask("/studies/2.25.7.1/series/2.25.8.41.1/rendered"), 404)
    refuse(people[3].ask(study + "/rendered"), 404)
    # HTTP/1.0 knows no chunks: the end of the line is the end.
    old = socket.create_connection((place.hostname, place.port))
    old.sendall(f"GET {root}{study}/rendered HTTP/1.0\r\nHost: {place.netloc}\r\nAuthorization: Bearer {tokens[1]}\r\n\r\n".encode())
    said = b"".join(iter(lambda: old.recv(65536), b""))
    assert b"chunked" not in said and said.count(b"image/jpeg\r\n") == 4 and said.endswith(b"--\r\n"), said[:900]


PYDICOM = "/usr/lib/python3/dist-packages/pydicom/data/"


def named_anew(content, number):
    """The same file as another instance of a study of its own; deflated ones stay as they are."""
    read = pydicom.dcmread(io.BytesIO(content), force=True)
    for at, uid in enumerate((read.SOPInstanceUID, read.SeriesInstanceUID, read.StudyInstanceUID)):
        other = ("2.25.6" + str(at) + str(number).zfill(4)).ljust(len(uid), "1")
        assert len(other) == len(uid), uid
        content = content.replace(uid.encode(), other.encode())
    return content


def path_of(dataset):
    return f"/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}/instances/{dataset.SOPInstanceUID}"


def as_htj2k(dataset, last):
    """pydicom 2.3 knows no HTJ2K: another syntax of the same length stands in while it writes."""
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.100"
    return written(dataset).replace(b"1.2.840.10008.1.2.4.100", f"1.2.840.10008.1.2.4.{last}".encode())


def htj2k_file(number, last):
    """A ramp, coded by OpenJPH's own program."""
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/a.pgm", "wb") as file:
            file.write(b"P5 32 32 255\n" + bytes((x * 8) & 255 for _ in range(32) for x in range(32)))
        command = ["ojph_compress", "-i", folder + "/a.pgm", "-o", folder + "/a.j2c", "-reversible", "true", "-prog_order", "RPCL"]
        subprocess.run(command, check=True, capture_output=True)
        with open(folder + "/a.j2c", "rb") as file:
            coded = file.read()
    eight = dict(Rows=32, Columns=32, BitsAllocated=8, BitsStored=8, HighBit=7)
    dataset = image(60, 1, number, PixelData=encapsulate([coded]), **eight)
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    return as_htj2k(dataset, last)


def every_transfer_syntax_is_kept_served_and_shown():
    """As sent, and its frames as they lie in it; what pictures show is held to DCMTK elsewhere."""
    root_uid = "1.2.840.10008.1.2"
    files = [("MR_small_implicit", ""), ("MR_small", ".1"), ("MR_small_bigendian", ".2"), ("image_dfl", ".1.99"),
             ("MR_small_RLE", ".5"), ("SC_rgb_jpeg_dcmtk", ".4.50"), ("JPGExtended", ".4.51"), ("SC_rgb_jpeg_gdcm", ".4.70"),
             ("MR_small_jpeg_ls_lossless", ".4.80"), ("MR_small_jp2klossless", ".4.90"), ("693_J2KI", ".4.91")]
    wanted = []
    for number, (name, syntax) in enumerate(files):
        with open(f"{PYDICOM}test_files/{name}.dcm", "rb") as file:
            content = file.read()
        wanted.append((content if syntax == ".1.99" else named_anew(content, number), syntax))
    wanted += [(htj2k_file(last, last), f".4.{last}") for last in (201, 202, 203)]
    for content, syntax in wanted:
        dataset = pydicom.dcmread(io.BytesIO(content))
        assert dataset.file_meta.TransferSyntaxUID == root_uid + syntax, (dataset.file_meta, syntax)
        people[0].upload(content)
        path = path_of(dataset)
        assert people[1].ask(path, accept="application/dicom").body == content, syntax
        pixels = dataset.PixelData
        encapsulated = syntax not in ("", ".1", ".2", ".1.99")
        frame = next(pydicom.encaps.generate_pixel_data_frame(pixels, 1)) if encapsulated else pixels
        head, served = people[1].ask(path + "/frames/1", accept=OCTETS + "; transfer-syntax=*").parts()[0]
        if syntax == ".2":  # no syntax of web services (PS3.18 8.7.3), unless somebody insists
            pixels = b"".join(pixels[at + 1 : at + 2] + pixels[at : at + 1] for at in range(0, len(pixels), 2))
            insisting = people[1].ask(path + "/frames/1", accept=f"{OCTETS}; transfer-syntax={root_uid}.2").parts()[0]
            assert insisting[1] == frame and insisting[0].get_param("transfer-syntax") == root_uid + ".2"
            frame = pixels
        assert served == frame, (syntax, len(served), len(frame))
        stored_as = root_uid + (".1" if syntax in ("", ".1", ".2", ".1.99") else syntax)
        assert head.get_param("transfer-syntax") == stored_as, (syntax, head.items())
        shown = people[1].ask(path + "/rendered")
        assert shown.status == 200 and shown.body[:2] == b"\xff\xd8", (syntax, shown.status, shown.body[:80])


EXPLICIT, RPCL = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.202"


def values_of(dataset, samples):
    """Of bare samples what counts of them: the bits that are stored, with their sign."""
    width, bits = dataset.BitsAllocated // 8, dataset.BitsStored
    numbers = (int.from_bytes(samples[at : at + width], "little") & ((1 << bits) - 1) for at in range(0, len(samples), width))
    return [number - (1 << bits) if dataset.PixelRepresentation and number >> (bits - 1) else number for number in numbers]


def patterned(number, samples, allocated, stored, signed, frames, planar=0):
    """Something that is nowhere even, whose values reach both ends."""
    mask, width, count = (1 << stored) - 1, allocated // 8, 40 * 24 * samples * frames
    values = [(at * at * 7 + (at // 40) * 11 + number) & mask for at in range(count)]
    if signed:
        values = [value - (1 << stored) if value >> (stored - 1) else value for value in values]
    pixels = b"".join((value & ((1 << allocated) - 1)).to_bytes(width, "little") for value in values)
    dataset = image(70, 1, number, Rows=24, Columns=40, SamplesPerPixel=samples, BitsAllocated=allocated, BitsStored=stored,
                    HighBit=stored - 1, PixelRepresentation=int(signed), NumberOfFrames=frames, PixelData=pixels)
    if samples == 3:
        dataset.PhotometricInterpretation, dataset.PlanarConfiguration = "RGB", planar
    if allocated == 8:
        dataset["PixelData"].VR = "OB"
    return dataset


KINDS = {"grey 8": (1, 8, 8, False, 1), "grey 12": (1, 16, 12, False, 3), "grey 16": (1, 16, 16, False, 1),
         "signed 16": (1, 16, 16, True, 1), "signed 12": (1, 16, 12, True, 1), "colour": (3, 8, 8, False, 2),
         "planes": (3, 8, 8, False, 1, 1)}
# How it is packed, how others unpack it, and how far apart two decoders of lossy frames may be.
PACKERS = [("dcmcrle", "dcmdrle", 0, KINDS), ("dcmcjpeg +e1", "dcmdjpeg", 0, KINDS), ("dcmcjpeg +el +sv 4", "dcmdjpeg", 0, ("grey 12", "signed 12")),
           ("dcmcjpls +el", "dcmdjpls", 0, KINDS), ("gdcmconv --j2k", "gdcmconv --raw", 0, KINDS),
           ("dcmcjpeg +eb +q 90", "dcmdjpeg", 3, ("grey 8", "colour")), ("dcmcjpeg +ee +q 90 +bt", "dcmdjpeg", 2, ("grey 12",)),
           ("dcmconv +tb", "dcmconv +te", 0, ("grey 12", "signed 16", "colour"))]


def frames_are_decoded_as_others_decode_them():
    reader, number = people[1], 0
    with tempfile.TemporaryDirectory() as folder:
        for packer, unpacker, tolerance, kinds in PACKERS:
            for kind in kinds:
                number += 1
                with open(folder + "/native", "wb") as file:
                    file.write(written(patterned(number, *KINDS[kind])))
                for program, source, into in ((packer, "native", "packed"), (unpacker, "packed", "back")):
                    subprocess.run([*program.split(), f"{folder}/{source}", f"{folder}/{into}"], check=True, capture_output=True)
                with open(folder + "/packed", "rb") as file:
                    packed = pydicom.dcmread(io.BytesIO(people[0].upload(file.read())))
                back, path, what = pydicom.dcmread(folder + "/back"), path_of(packed), (packer, kind)
                frames = int(packed.get("NumberOfFrames", 1))
                wanted = ",".join(str(frame) for frame in range(frames, 0, -1))
                answer = reader.ask(f"{path}/frames/{wanted}", accept=OCTETS)
                refuse(answer, 200)
                size = len(back.PixelData) // frames
                for at, (head, body) in enumerate(answer.parts()):
                    assert head.get_content_type() == "application/octet-stream" and head.get_param("transfer-syntax") == EXPLICIT, what
                    expected = back.PixelData[size * (frames - 1 - at) : size * (frames - at)]
                    told = packed.get("PlanarConfiguration", 0)
                    if packed.SamplesPerPixel == 3 and back.PlanarConfiguration != told:
                        order = range(3) if told else range(size // 3)
                        step = 3 if told else size // 3
                        expected = b"".join(expected[each::step] for each in order)
                    far = max(abs(one - other) for one, other in zip(values_of(packed, body), values_of(packed, expected)))
                    assert len(body) == len(expected) and far <= tolerance, (what, at, len(body), len(expected), far)
                alone = reader.ask(path + "/frames/1", accept=f"application/octet-stream; transfer-syntax={EXPLICIT}")
                assert alone.status == 200 and alone.body == answer.parts()[-1][1] and alone.headers["etag"] is None, what
                stored = reader.ask(path + "/frames/1", accept=f"image/jxl, {OCTETS};transfer-syntax=*;q=0.9, {OCTETS};q=0.8").parts()[0][0]
                encapsulated = packed.file_meta.TransferSyntaxUID if packer != "dcmconv +tb" else EXPLICIT
                assert stored.get_param("transfer-syntax") == encapsulated, (what, stored.items())


def damaged_frames_are_refused_or_cut():
    """The first: nothing was said yet. A later one: the answer ends before its length."""
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/native", "wb") as file:
            file.write(written(patterned(200, *KINDS["grey 12"])))
        subprocess.run(["dcmcjpls", "+el", folder + "/native", folder + "/packed"], check=True, capture_output=True)
        whole = pydicom.dcmread(folder + "/packed")
    frames = list(pydicom.encaps.generate_pixel_data_frame(whole.PixelData, 3))
    whole.PixelData = encapsulate([frames[0], frames[1][: len(frames[1]) // 2], frames[2]])
    whole["PixelData"].is_undefined_length = True
    people[0].upload(whole)
    path = path_of(whole) + "/frames/"
    refuse(people[1].ask(path + "1,3", accept=OCTETS), 200)
    refused = people[1].ask(path + "2", accept=OCTETS)
    refuse(refused, 406)
    refuse(people[1].ask(path + "2,1", accept=OCTETS), 406)
    try:
        answer = people[1].ask(path + "1,2,3", accept=OCTETS)
        assert False, (answer.status, len(answer.body))
    except http.client.IncompleteRead as cut:
        assert cut.expected > 0
        people[1].line.close()
    assert people[1].ask(path + "2", accept=OCTETS + "; transfer-syntax=*").status == 200
    # What decodes nowhere here: bits, and frames of 32 bits a sample that are packed.
    deep = image(71, 1, 1, BitsAllocated=32, BitsStored=32, HighBit=31, PixelData=encapsulate([b"\0" * 64]))
    deep.file_meta.TransferSyntaxUID = RLELossless
    deep["PixelData"].VR, deep["PixelData"].is_undefined_length = "OB", True
    people[0].upload(deep)
    refused = people[1].ask(path_of(deep) + "/frames/1", accept=OCTETS)
    refuse(refused, 406)
    assert RLELossless in refused.json()["message"], refused.body


def frames_of_the_lossless_copy_are_given_to_who_asks_for_them():
    reader = people[1]
    dataset = patterned(300, *KINDS["grey 12"])
    people[0].upload(dataset)
    path = path_of(dataset) + "/frames/"
    jphc = 'multipart/related; type="image/jphc"'
    before = reader.ask(path + "1", accept='image/jls')
    refuse(before, 406)
    assert EXPLICIT in before.json()["message"]
    deadline = time.monotonic() + 20
    while (answer := reader.ask(path + "3,1", accept=f"{jphc}; transfer-syntax={RPCL}")).status == 406:
        assert time.monotonic() < deadline, "no copy was made"
    parts = answer.parts()
    assert [(head.get_content_type(), head.get_param("transfer-syntax")) for head, _ in parts] == [("image/jphc", RPCL)] * 2
    for frame, (_, body) in zip((3, 1), parts):
        there = reader.ask(f"/instances/{dataset.SOPInstanceUID}/frames/{frame}", f"application/octet-stream; transfer-syntax={RPCL}",
                           under=f"/api/cases/{case}")
        assert there.headers["content-type"].endswith(RPCL) and there.body == body
        with tempfile.TemporaryDirectory() as folder:
            with open(folder + "/frame.j2c", "wb") as file:
                file.write(body)
            subprocess.run(["opj_decompress", "-i", folder + "/frame.j2c", "-o", folder + "/frame.rawl"], check=True, capture_output=True)
            with open(folder + "/frame.rawl", "rb") as file:
                assert file.read() == dataset.PixelData[1920 * (frame - 1) : 1920 * frame]
    for syntax, told in (("", RPCL), ("*", RPCL), (RPCL, RPCL), (RPCL[:-1] + "1", RPCL[:-1] + "1"), (RPCL[:-1] + "3", RPCL[:-1] + "3")):
        alone = reader.ask(path + "1", accept="image/jphc" + (f"; transfer-syntax={syntax}" if syntax else ""))
        assert alone.status == 200 and alone.body == parts[1][1], syntax
        assert dict(alone.headers.get_params())["transfer-syntax"] == told, (syntax, alone.headers["content-type"])
    part = reader.ask(path + "1", accept=f"application/octet-stream; transfer-syntax={RPCL}", Range="bytes=2-9")
    assert part.status == 206 and part.body == parts[1][1][2:10]
    # Best first; as it is stored where nothing else is said.
    both = f"image/jphc;q=0.5, application/octet-stream;transfer-syntax={EXPLICIT};q=0.7"
    assert reader.ask(path + "1", accept=both).body == dataset.PixelData[:1920]
    assert reader.ask(path + "1", accept=both.replace("0.5", "0.9")).body == parts[1][1]
    assert reader.ask(path + "1", accept="*/*").parts()[0][1] == dataset.PixelData[:1920]
    refused = reader.ask(path + "1", accept="image/jls")
    refuse(refused, 406)
    assert RPCL in refused.json()["message"] and EXPLICIT in refused.json()["message"], refused.body
    refuse(people[3].ask(path + "1", accept=f"{jphc}; transfer-syntax={RPCL}"), 404)


def frames_are_found_by_every_kind_of_offset_table():
    frames = [bytes([number]) * (60 + 20 * number) for number in range(1, 4)]
    starts, at = [], 0
    for frame in frames:
        starts.append(at)
        at += 8 + len(frame)
    for number, (parts, basic, extended) in enumerate(((1, False, False), (1, True, False), (2, True, False), (1, False, True))):
        dataset = image(61, 1, number + 1, NumberOfFrames=3, PixelData=encapsulate(frames, parts, has_bot=basic))
        if extended:
            dataset.ExtendedOffsetTable = b"".join(start.to_bytes(8, "little") for start in starts)
            dataset.ExtendedOffsetTableLengths = b"".join(len(frame).to_bytes(8, "little") for frame in frames)
        dataset.file_meta.TransferSyntaxUID = RLELossless
        dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
        sent = people[0].upload(dataset)
        served = people[1].ask(path_of(dataset) + "/frames/1,2,3", accept=OCTETS + "; transfer-syntax=*").parts()
        assert [body for _, body in served] == frames, (parts, basic, extended)
        assert people[1].ask(path_of(dataset), accept="application/dicom").body == sent


def what_is_no_picture_is_kept_and_listed():
    for number, name in enumerate(("liver_1frame", "liver_expb_1frame", "rtstruct", "rtplan", "rtdose_rle", "waveform_ecg", "reportsi", "test-SR")):
        with open(f"{PYDICOM}test_files/{name}.dcm", "rb") as file:
            content = named_anew(file.read(), 100 + number)
        dataset = pydicom.dcmread(io.BytesIO(content), force=True)
        people[0].upload(content)
        back = people[1].ask(path_of(dataset), accept="application/dicom").body
        assert back == content or back.endswith(content), name  # without meta information: with one made for it
        series = people[1].find(f"/studies/{dataset.StudyInstanceUID}/series")
        assert [value(one, "00080060") for one in series] == [dataset.Modality], (name, series)


def a_presentation_state_of_others_is_kept_and_found():
    """Made by DCMTK; our viewer neither lists nor applies it."""
    content = people[0].upload(image(66, 1, 1, WindowCenter=40, WindowWidth=400))
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/image.dcm", "wb") as file:
            file.write(content)
        subprocess.run(["dcmpsmk", folder + "/image.dcm", folder + "/state.dcm"], check=True, capture_output=True)
        with open(folder + "/state.dcm", "rb") as file:
            state = people[0].upload(file.read())
    dataset = pydicom.dcmread(io.BytesIO(state))
    assert dataset.SOPClassUID == "1.2.840.10008.5.1.4.1.1.11.1"
    assert people[1].ask(path_of(dataset), accept="application/dicom").body == state
    series = people[1].find("/studies/2.25.7.66/series", Modality="PR")
    assert uids(series, "0020000E") == [dataset.SeriesInstanceUID]


def names_in_every_repertoire_become_utf8():
    for number, name in enumerate(("Arab", "Fren", "Germ", "Greek", "H31", "H32", "Hbrw", "I2", "Russ", "X1", "X2", "JapMulti", "KoreanMulti")):
        with open(f"{PYDICOM}charset_files/chr{name}.dcm", "rb") as file:
            named = pydicom.dcmread(file)
        dataset = image(65, 1, number + 1)
        for tag in (0x00080005, 0x00100010):
            dataset[tag] = named[tag]
        content = people[0].upload(dataset)
        named.decode()
        told = people[1].ask(path_of(dataset) + "/metadata").json()[0]["00100010"]["Value"][0]
        expected = [group for group in str(named.PatientName).split("=") if group]
        assert list(told.values()) == expected, (name, told, expected)
        assert people[1].ask(path_of(dataset), accept="application/dicom").body == content


def bad_files_are_refused_with_why_and_the_next_goes_on():
    good = written(image(62, 1, 1))
    nested = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * 100
    head = good[: good.index(b"\x08\x00\x16\x00UI")]
    rows = good.index(b"\x28\x00\x10\x00US")
    name = good.index(b"\x10\x00\x10\x00PN")
    unknown = written(image(62, 1, 2)).replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.9.1\0")
    bad = {
        "cut in its pixels": (good[:-300], "ends|longer"),
        "cut in a header": (good[: rows + 3], "ends"),
        "a length that lies": (good[: name + 6] + b"\xff\x7f" + good[name + 8 :], "longer|value representation|ends"),
        "a tower of sequences": (head + nested, "deep"),
        "a syntax nobody knows": (unknown, "transfer syntax"),
        "a wrong VR": (good[: rows + 4] + b"ZZ" + good[rows + 6 :], "value representation"),
        "no identity": (good.replace(b"\x20\x00\x0d\x00UI", b"\x21\x00\x0d\x00UI"), "UID|twice|order"),
        "no frame at all": (written(image(62, 1, 5, NumberOfFrames=0)), "pixel data"),
        "fewer pixels than frames": (written(image(62, 1, 3, NumberOfFrames=9, PixelData=b"\0" * 512)), "9 frames"),
    }
    for number, (what, (content, why)) in enumerate(bad.items()):
        answer = people[0].ask("/uploads", None, "POST", content, "application/dicom", f"/api/cases/{case}")
        refuse(answer, 422)
        words = answer.json()["message"] if "message" in answer.json() else str(answer.json())
        assert any(each in words for each in why.split("|")), (what, words)
        people[0].upload(written(image(63, 1, number + 1)))
    people[0].upload(written(image(62, 1, 4, NumberOfFrames=0, PixelData=bytes(512))))  # read as the one that is there
    answer = store(people[0], body_of([content for content, _ in bad.values()] + [good]))
    refuse(answer, 202)
    assert uids(answer.json()["00081199"]["Value"], "00081155") == ["2.25.9.62.1.1"]
    assert len(people[0].find("/studies/2.25.7.63/instances")) == len(bad)


def frames_that_break_a_codec_are_kept_and_have_no_picture():
    for number, (syntax, frame) in enumerate((("4.50", b"\xff\xd8\xff\xc0\x00\x11\x08\xff\xff\xff\xff\x03" + b"\0" * 60), ("4.80", b"\xff\xd8\xff\xf7\x00\x0b" + b"\xff" * 60),
                                              ("4.90", b"\xff\x4f\xff\x51" + b"\xff" * 200), ("4.201", b"\xff\x4f\xff\x51" + b"\x7f" * 200), ("5", b"\xff" * 64))):
        dataset = image(64, 1, number + 1, PixelData=encapsulate([frame]))
        dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
        dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2." + syntax
        sent = people[0].upload(as_htj2k(dataset, 201) if syntax == "4.201" else dataset)
        refuse(people[1].ask(path_of(dataset) + "/rendered"), 404)
        assert people[1].ask(path_of(dataset), accept="application/dicom").body == sent


def a_reader_whose_right_ends_is_cut_in_the_middle():
    """Says on standard output when the answers have begun, and waits to hear that the right is gone."""
    side, eight = 4096, dict(BitsAllocated=8, BitsStored=8, HighBit=7)
    people[0].upload(image(30, 1, 1, Rows=side, Columns=side, PixelData=bytes(side * side * 2)))
    plane = b"\x81\0" * (side * side // 128)  # of zeros, as RLE has them
    packed = encapsulate([(2).to_bytes(4, "little") + (64).to_bytes(4, "little") + (64 + len(plane)).to_bytes(4, "little")
                          + bytes(52) + plane * 2] * 2)
    runs = image(31, 1, 1, Rows=side, Columns=side, NumberOfFrames=2, PixelData=packed)
    runs.file_meta.TransferSyntaxUID = RLELossless
    runs["PixelData"].VR, runs["PixelData"].is_undefined_length = "OB", True
    people[0].upload(runs)
    noise = os.urandom(2800 * 2800)
    for number in (1, 2):
        people[0].upload(image(32, 1, number, Rows=2800, Columns=2800, PixelData=noise, **eight))
    asked = []
    for path, accept in (("/studies/2.25.7.30", DICOM), (path_of(runs) + "/frames/1,2", OCTETS),
                         ("/studies/2.25.7.32/rendered?quality=100", 'multipart/related; type="image/jpeg"')):
        line = Person(tokens[1]).line
        line.request("GET", root + path, headers={"Authorization": f"Bearer {tokens[1]}", "Accept": accept})
        answer = line.getresponse()
        assert answer.status == 200 and len(answer.read(1000)) == 1000, path
        asked.append((path, line.sock, answer))
    print("reading", flush=True)
    assert sys.stdin.readline() == "revoked\n"
    for path, sock, answer in asked:
        sock.settimeout(10)
        try:
            while piece := answer.read(32768):  # a slow line: ten seconds for all of it
                time.sleep(0.01 if path == asked[0][0] else 0)
            assert answer.length, path  # bytes that were announced and did not come
        except (http.client.IncompleteRead, ConnectionResetError):
            pass
    refuse(Person(tokens[1]).ask("/studies"), 404)


globals()[story]()
