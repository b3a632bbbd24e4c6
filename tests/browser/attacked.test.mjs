// A page of another site beside ours, and documents that are pages too: Chromium is asked to be deceived.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { story } from './support/story.mjs';

const SCRIPT = `<script>fetch('/ran-by-it');document.title='ran'</script>`;
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" onload="fetch('/ran-by-it')">${SCRIPT}</svg>`;
/** What begins as something we keep, and goes on as a page. */
const POLYGLOTS = [
  { name: 'PDF and HTML', type: 'application/pdf', text: `%PDF-1.4\n<!doctype html><html>${SCRIPT}</html>\n%%EOF\n` },
  { name: 'PDF and SVG', type: 'application/pdf', text: `%PDF-1.4\n${SVG}\n%%EOF\n` },
  { name: 'PDF and script', type: 'application/pdf', text: `%PDF-1.4/1;fetch('/ran-by-it')//\n%%EOF\n` },
  { name: 'PNG and HTML', type: 'image/png', text: `\x89PNG\r\n\x1a\n<html>${SCRIPT}</html>IEND` },
  { name: 'JPEG and HTML', type: 'image/jpeg', text: `\xff\xd8\xff\xe0<html>${SCRIPT}</html>` },
];
const PAGES = [
  { name: 'HTML', text: `<!doctype html>${SCRIPT}` },
  { name: 'SVG', text: `<?xml version="1.0"?>${SVG}` },
  { name: 'HTML with the magic later', text: `<!--%PDF-1.4-->${SCRIPT}%%EOF` },
];

/** A site of somebody else; the same host name, so to a browser it even is the same site. */
async function otherSite(scene, pageOf) {
  const listener = createServer((request, answer) => {
    answer.setHeader('Content-Type', 'text/html');
    answer.end(pageOf(request.url));
  });
  await new Promise((done) => listener.listen(0, 'localhost', done));
  scene.onEnd(() => new Promise((done) => listener.close(done)));
  scene.onEnd(() => listener.closeAllConnections());
  return `http://localhost:${listener.address().port}`;
}

story('other sites and hostile documents', (step, scene) => {
  let anna, site, patientCase;
  const documents = [];
  const ran = [];
  const visit = async (path) => {
    const page = await anna.context.newPage();
    await page.goto(site + path);
    return page;
  };

  step('a frame of another site stays empty', async () => {
    anna = await scene.person('anna');
    await anna.openBoard();
    anna.context.on('request', (request) => request.url().includes('ran-by-it') && ran.push(request.url()));
    const ways = {
      '/iframe': `<iframe src="${anna.url}/"></iframe>`,
      '/object': `<object data="${anna.url}/" type="text/html"></object>`,
      '/embed': `<embed src="${anna.url}/" type="text/html">`,
      '/': '<title>elsewhere</title>',
    };
    site = await otherSite(scene, (path) => ways[path] ?? '');
    for (const way of ['/iframe', '/object', '/embed']) {
      const page = await visit(way);
      await page.waitForLoadState('networkidle');
      const inside = page.frames().filter((frame) => frame !== page.mainFrame());
      const read = await Promise.all(
        inside.map((frame) => frame.evaluate(() => document.body?.innerText ?? '').catch(() => '')),
      );
      assert.ok(inside.every((frame) => frame.url() !== `${anna.url}/`), `${way} shows us`);
      assert.doesNotMatch(read.join(' '), /consilium|username|board/i);
      await page.close();
    }
  });

  step('its forms, requests and sockets do nothing in the name of who is signed in here', async () => {
    const page = await visit('/');
    const did = await page.evaluate(async (url) => {
      const read = (path) =>
        fetch(url + path, { credentials: 'include' }).then(
          (answer) => `read ${answer.status}`,
          () => 'not read',
        );
      const open = new Promise((resolve) => {
        const socket = new WebSocket(`${url.replace('http', 'ws')}/ws?ticket=x`, 'consilium.1');
        socket.onopen = () => resolve('open');
        socket.onerror = () => resolve('not open');
      });
      const form = document.createElement('form');
      const frame = document.createElement('iframe');
      frame.name = 'aside';
      form.method = 'post';
      form.enctype = 'text/plain';
      form.action = `${url}/api/sign-out`;
      form.target = 'aside';
      document.body.append(frame, form);
      const sent = new Promise((done) => frame.addEventListener('load', done));
      form.submit();
      await sent;
      await fetch(`${url}/api/sign-out`, { method: 'POST', mode: 'no-cors', credentials: 'include' }).catch(() => 0);
      return [await read('/api/me'), await read('/api/people'), await open];
    }, anna.url);
    assert.deepEqual(did, ['not read', 'not read', 'not open']);
    await page.close();
    const me = await anna.page.evaluate(() => fetch('/api/me').then((answer) => answer.status));
    assert.equal(me, 200);
    await anna.lineIs('live');
  });

  step('a window that it opens tells it nothing, and cannot be reached from there', async () => {
    const page = await visit('/');
    const opened = anna.context.waitForEvent('page');
    await page.evaluate((url) => void (window.ours = window.open(url)), `${anna.url}/`);
    await (await opened).waitForLoadState();
    assert.equal(await page.evaluate(() => window.ours.closed), true); // COOP: another group of windows
    await (await opened).close();
    await page.close();
  });

  step('a page is not taken as a document, whatever it has in it', async () => {
    const chair = await scene.voice('anna');
    const { items } = await chair.open('board', anna.openId);
    [{ patientCase }] = items;
    for (const { name, text } of PAGES) {
      const answer = await anna.page.evaluate(
        ([path, body]) => fetch(path, { method: 'POST', body: new Blob([body]) }).then((got) => got.status),
        [`/api/cases/${patientCase}/uploads`, text],
      );
      assert.equal(answer, 422, name);
    }
  });

  step('a document that is a page too is given out as what it began as, to be kept and not shown', async () => {
    const listed = async () => {
      const { displaySets } = await anna.page.evaluate(
        (path) => fetch(path).then((answer) => answer.json()),
        `/api/cases/${patientCase}/display-sets`,
      );
      return displaySets.flatMap(({ instances }) => instances.map((one) => one.sopInstanceUid));
    };
    for (const { name, type, text } of POLYGLOTS) {
      const before = await listed();
      const stored = await anna.page.evaluate(
        async ([path, letters]) => {
          const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
          const answer = await fetch(path, { method: 'POST', body: bytes });
          return answer.status;
        },
        [`/api/cases/${patientCase}/uploads`, text],
      );
      assert.equal(stored, 201, name);
      const [uid] = (await listed()).filter((one) => !before.includes(one));
      const path = `/api/cases/${patientCase}/documents/${uid}`;
      const heads = await anna.page.evaluate(
        (at) => fetch(at).then((answer) => Object.fromEntries(answer.headers)),
        path,
      );
      assert.equal(heads['content-type'], type, name);
      assert.equal(heads['x-content-type-options'], 'nosniff', name);
      assert.match(heads['content-security-policy'], /default-src 'none'.*sandbox/, name);
      assert.match(heads['content-disposition'], /^attachment; filename="document\.(pdf|png|jpg)"$/, name);
      assert.equal(heads['cross-origin-resource-policy'], 'same-origin', name);
      documents.push({ name, path });
    }
  });

  step('opened as a page it is saved, and nothing of it runs', async () => {
    for (const { name, path } of documents) {
      const page = await anna.context.newPage();
      const saved = page.waitForEvent('download');
      await page.goto(anna.url + path).catch(() => undefined); // "net::ERR_ABORTED": it is a download
      await (await saved).cancel();
      assert.notEqual(await page.title(), 'ran', name);
      await page.close();
    }
    assert.deepEqual(ran, []);
  });

  step('as a script, a style, a frame or a worker it does nothing either, here or elsewhere', async () => {
    for (const from of [anna.url, site]) {
      const page = await anna.context.newPage();
      await page.goto(`${from}/`);
      for (const { name, path } of documents) {
        const loaded = await page.evaluate(
          (url) =>
            Promise.all(
              ['script', 'iframe', 'link'].map(
                (kind) =>
                  new Promise((resolve) => {
                    const element = document.createElement(kind);
                    element.rel = 'stylesheet';
                    element.onload = () => resolve(kind === 'iframe' ? 'not loaded' : 'loaded');
                    element.onerror = () => resolve('not loaded');
                    element[kind === 'link' ? 'href' : 'src'] = url;
                    document.body.append(element);
                    if (kind === 'iframe') setTimeout(() => resolve('not loaded'), 500);
                  }),
              ).concat(
                new Promise((resolve) => {
                  try {
                    new Worker(url).onerror = () => resolve('not loaded');
                  } catch {
                    resolve('not loaded');
                  }
                }),
              ),
            ),
          anna.url + path,
        );
        assert.deepEqual(loaded, ['not loaded', 'not loaded', 'not loaded', 'not loaded'], `${name} at ${from}`);
      }
      await page.close();
    }
    assert.deepEqual(ran, []);
  });
});
