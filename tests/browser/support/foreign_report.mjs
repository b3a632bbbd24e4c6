// A report of measurements as another maker's workstation writes it: DCMTK's xml2dsr is the writer. A Comprehensive
// SR with TID 1500 groups whose points are pixels of an image, which is not how this server writes them.
import { execFile } from 'node:child_process';
import { readFile, rm, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CT = '1.2.840.10008.5.1.4.1.1.2';

const code = ([value, scheme, meaning]) =>
  `<value>${value}</value><scheme><designator>${scheme}</designator></scheme><meaning>${meaning}</meaning>`;
const concept = (one) => `<concept>${code(one)}</concept>`;
const related = (how) => `<relationship>${how}</relationship>`;
const image = (uid) => `<value><sopclass uid="${CT}"/><instance uid="${uid}"/></value>`;

const group = ({ uid, label, length, image: on, points }) => `
<container flag="SEPARATE">${related('CONTAINS')}${concept(['125007', 'DCM', 'Measurement Group'])}
  <text>${related('HAS OBS CONTEXT')}${concept(['112039', 'DCM', 'Tracking Identifier'])}<value>Lesion</value></text>
  <uidref>${related('HAS OBS CONTEXT')}${concept(['112040', 'DCM', 'Tracking Unique Identifier'])}
    <value>${uid}</value>
  </uidref>
  <code>${related('CONTAINS')}${concept(['121071', 'DCM', 'Finding'])}${code(['L1', '99OTHER', label])}</code>
  <num>${related('CONTAINS')}${concept(['G-D7FE', 'SRT', 'Length'])}
    <scoord type="POLYLINE">${related('INFERRED FROM')}
      <image>${related('SELECTED FROM')}${image(on)}</image>
      <data>${points.map((point) => point.join('/')).join(',')}</data>
    </scoord>
    <value>${length}</value><unit>${code(['mm', 'UCUM', 'millimeter'])}</unit>
  </num>
</container>`;

const report = ({ study, patient, manufacturer, series, imageSeries, drawings }) =>
  `<?xml version="1.0" encoding="UTF-8"?>
<report type="Comprehensive SR">
<sopclass uid="1.2.840.10008.5.1.4.1.1.88.33"/>
<charset>ISO_IR 192</charset>
<modality>SR</modality>
<device><manufacturer>${manufacturer}</manufacturer><model>M1</model></device>
<patient><id>${patient.id}</id><name><last>${patient.family}</last><first>${patient.given}</first></name></patient>
<study uid="${study}"><id>1</id></study>
<series uid="${series}"><number>77</number></series>
<instance uid="${series}.1"><number>1</number></instance>
<evidence type="Current Requested Procedure"><study uid="${study}"><series uid="${imageSeries}">
  ${[...new Set(drawings.map((one) => one.image))].map(image).join('')}
</series></study></evidence>
<document>
<completion flag="COMPLETE"/><verification flag="UNVERIFIED"/>
<content>
<date>2026-05-05</date><time>10:00:00</time>
<container flag="SEPARATE">${concept(['126000', 'DCM', 'Imaging Measurement Report'])}
  <container flag="SEPARATE">${related('CONTAINS')}${concept(['126010', 'DCM', 'Imaging Measurements'])}
    ${drawings.map(group).join('')}
  </container>
</container>
</content>
</document>
</report>`;

/** The bytes of the file. */
export async function foreignReport(what) {
  const folder = await mkdtemp(join(tmpdir(), 'consilium-report-'));
  try {
    const [from, to] = [join(folder, 'report.xml'), join(folder, 'report.dcm')];
    await writeFile(from, report(what));
    await run('xml2dsr', [from, to]);
    return await readFile(to);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
