// npm's dicomweb-client, as OHIF and others build upon it, talks to the server.
//
//     node dicomweb_client_peer.mjs URL CASE TOKEN
//
// Ends with status 0 when everything was as it should be, else with what was not on standard error.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dicomFile, freshUid } from './dicom_file.mjs';

// It asks with a browser's XMLHttpRequest; this is as much of one as it uses.
globalThis.XMLHttpRequest = class {
  headers = {};
  upload = {};
  readyState = 0;

  open(method, url) {
    Object.assign(this, { method, url });
  }

  setRequestHeader(name, value) {
    this.headers[name] = value;
  }

  getResponseHeader(name) {
    return this.answer.headers.get(name);
  }

  getAllResponseHeaders() {
    return [...this.answer.headers].map(([name, value]) => `${name}: ${value}\r\n`).join('');
  }

  async send(body) {
    this.answer = await fetch(this.url, { method: this.method, headers: this.headers, body });
    this.status = this.answer.status;
    this.statusText = this.answer.statusText;
    const bytes = await this.answer.arrayBuffer();
    const text = () => new TextDecoder().decode(bytes);
    const read = { arraybuffer: () => bytes, json: () => JSON.parse(text() || 'null') };
    this.response = (read[this.responseType] ?? text)();
    this.responseText = this.responseType === 'arraybuffer' ? '' : text();
    this.readyState = 4;
    this.onreadystatechange?.();
    this.onloadend?.();
  }
};

const { api } = createRequire(new URL('../../../clients/web/package.json', import.meta.url))('dicomweb-client');
const [url, patientCase, token] = process.argv.slice(2);
const client = new api.DICOMwebClient({
  url: `${url}/api/cases/${patientCase}/dicom-web`,
  headers: { Authorization: `Bearer ${token}` },
});
console.warn = () => undefined; // it warns of an answer without content, whose headers hold the token
const bytesOf = (buffer) => Buffer.from(buffer);

const study = { studyInstanceUID: freshUid() };
const series = { ...study, seriesInstanceUID: freshUid() };
const instances = [1, 2, 3].map((number) => ({ ...series, sopInstanceUID: freshUid(), number }));
const files = instances.map(({ sopInstanceUID, number }) =>
  dicomFile({
    study: study.studyInstanceUID,
    series: series.seriesInstanceUID,
    uid: sopInstanceUID,
    number,
    pixels: Buffer.alloc(64 * 64 * 2, number),
  }),
);
const buffers = files.map((file) => file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength));

await client.storeInstances({ datasets: buffers, studyInstanceUID: study.studyInstanceUID });

const [found] = await client.searchForStudies({ queryParams: { StudyInstanceUID: study.studyInstanceUID } });
assert.equal(found['00201208'].Value[0], 3);
assert.equal((await client.searchForSeries(study))[0]['0020000E'].Value[0], series.seriesInstanceUID);
assert.equal((await client.searchForInstances(series)).length, 3);
assert.deepEqual(await client.searchForStudies({ queryParams: { PatientID: 'nobody at all' } }), []);

assert.equal((await client.retrieveStudyMetadata(study)).length, 3);
const metadata = await client.retrieveSeriesMetadata(series);
assert.deepEqual(metadata.map((one) => one['00200013'].Value[0]), [1, 2, 3]);
const [first] = await client.retrieveInstanceMetadata(instances[0]);
assert.deepEqual(first, metadata[0]);

assert.deepEqual(bytesOf(await client.retrieveInstance(instances[1])), files[1]);
const whole = await client.retrieveSeries({ ...series, progressCallback: () => undefined });
assert.deepEqual(whole.map(bytesOf), files);
assert.equal((await client.retrieveStudy(study)).length, 3);

const [pixels] = await client.retrieveInstanceFrames({ ...instances[0], frameNumbers: [1] });
assert.ok(files[0].includes(bytesOf(pixels)) && pixels.byteLength > 0);
const [bulk] = await client.retrieveBulkData({ BulkDataURI: first['7FE00010'].BulkDataURI });
assert.deepEqual(bytesOf(bulk), bytesOf(pixels));
// By transfer syntax: as samples; then rather as the lossless copy, by the name that it has for HTJ2K, once it is made.
const explicit = { mediaType: 'application/octet-stream', transferSyntaxUID: '1.2.840.10008.1.2.1' };
const copied = { mediaType: 'image/jhc', transferSyntaxUID: '1.2.840.10008.1.2.4.202' };
const frame = { ...instances[0], frameNumbers: [1] };
const [samples] = await client.retrieveInstanceFrames({ ...frame, mediaTypes: [explicit] });
assert.deepEqual(bytesOf(samples), bytesOf(pixels));
const until = Date.now() + 20_000;
for (let start = 0; start !== 0xff4fff51; ) { // SOC, SIZ (ISO/IEC 15444-1 A.2)
  assert.ok(Date.now() < until, 'no copy was made');
  const [coded] = await client.retrieveInstanceFrames({ ...frame, mediaTypes: [copied, explicit] });
  start = Buffer.from(coded).readUInt32BE();
}

const [jpeg] = await client.retrieveInstanceRendered({ ...instances[0], queryParams: { viewport: '32,32' } });
assert.equal(Buffer.from(jpeg).readUInt16BE(), 0xffd8);
const [png] = await client.retrieveInstanceFramesRendered({ ...frame, mediaTypes: [{ mediaType: 'image/png' }] });
assert.equal(Buffer.from(png).readUInt32BE(), 0x89504e47);
await assert.rejects(client.retrieveInstanceMetadata({ ...instances[0], sopInstanceUID: freshUid() }));
