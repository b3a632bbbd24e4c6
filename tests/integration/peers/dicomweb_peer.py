"""DICOMweb as programs that are not ours speak it: raw requests, and pydicom on what comes back.

    dicomweb_peer.py URL CERTIFICATE CASE STORY TOKEN...      CERTIFICATE is "" over plain HTTP

Runs the story of that name below; ends with status 0 when all was as it should be.
"""

import gzip
import hashlib
import http.client
import io
import json
import ssl
import sys
import urllib.parse
from email.parser import BytesParser
from email.policy import HTTP

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGLSLossless

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


def fill():
    """Three studies: two CT series of several images, an MR, one of somebody with another charset."""
    keeper = people[0]
    for number in (1, 2, 3):
        keeper.upload(image(1, 1, number, AccessionNumber="A1", StudyDescription="Thorax nativ"))
    keeper.upload(image(1, 2, 1, SeriesDescription="Lunge", Modality="PT", AccessionNumber="A1"))
    keeper.upload(
        image(2, 1, 1, PatientName="Müller^Jürgen^^Dr.", Modality="MR", StudyDate="20251231", NumberOfFrames=3,
              ReferringPhysicianName="Groß^Änne", AccessionNumber="A2")
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
        "ModalitiesInStudy": [("CT", "1"), ("M*", "2"), ("XA", "")],
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
             "ller": "", "muster e": "1", "eva muster": "1"}
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
    asked = reader.find("/studies/2.25.7.2/series/2.25.8.2.1/instances", includefield="BitsStored")  # no keyword here
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


globals()[story]()
