// The OHIF viewer as a peer: its prebuilt pages from a server of their own, which passes DICOMweb on to ours as
// somebody who is signed in. One origin, as a proxy in a clinic would have it.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const PAGES = fileURLToPath(new URL('../ohif/node_modules/@ohif/app/dist', import.meta.url));
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
};
const ROOT = '/dicom-web';

const configuration = `window.config = {
  routerBasename: '/',
  extensions: [],
  modes: [],
  customizationService: {},
  showStudyList: true,
  maxNumberOfWebWorkers: 1,
  showCPUFallbackMessage: false,
  investigationalUseDialog: { option: 'never' },
  dataSources: [
    {
      namespace: '@ohif/extension-default.dataSourcesModule.dicomweb',
      sourceName: 'dicomweb',
      configuration: {
        friendlyName: 'Consilium',
        name: 'consilium',
        wadoUriRoot: '${ROOT}',
        qidoRoot: '${ROOT}',
        wadoRoot: '${ROOT}',
        qidoSupportsIncludeField: true,
        imageRendering: 'wadors',
        thumbnailRendering: 'wadors',
        enableStudyLazyLoad: true,
        supportsFuzzyMatching: true,
        supportsWildcard: true,
        omitQuotationForMultipartRequest: true,
      },
    },
  ],
  defaultDataSourceName: 'dicomweb',
};`;

async function sendPage(path, response) {
  const wanted = join(PAGES, normalize(path));
  const there = await stat(wanted).catch(() => undefined);
  const file = there?.isFile() && wanted.startsWith(PAGES) ? wanted : join(PAGES, 'index.html');
  response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream' });
  createReadStream(file).pipe(response);
}

/** Only what it asks for and how; neither its origin nor its cookies. */
function passOn(asked, response, { url, bearer, patientCase }) {
  const onwards = request(
    `${url}/api/cases/${patientCase}/dicom-web${asked.url.slice(ROOT.length)}`,
    { method: asked.method, headers: { Accept: asked.headers.accept ?? '*/*', ...bearer } },
    (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    },
  );
  onwards.on('error', () => response.destroy());
  asked.pipe(onwards);
}

/** Starts it for one case; `refused` collects what DICOMweb did not answer with success. */
export async function ohifFor(scene, { url, bearer, patientCase }) {
  const refused = [];
  const server = createServer((asked, response) => {
    const { pathname } = new URL(asked.url, 'http://localhost');
    if (pathname === '/app-config.js') {
      response.writeHead(200, { 'Content-Type': TYPES['.js'] }).end(configuration);
    } else if (pathname.startsWith(`${ROOT}/`)) {
      response.on('finish', () => response.statusCode >= 400 && refused.push(`${response.statusCode} ${asked.url}`));
      passOn(asked, response, { url, bearer, patientCase });
    } else {
      void sendPage(pathname, response);
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  scene.onEnd(() => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  });
  return { url: `http://localhost:${server.address().port}`, refused };
}
