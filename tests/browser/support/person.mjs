// A person at a browser window of their own: what they press and what they can read there.
import { join } from 'node:path';
import { LOGS } from './server.mjs';
import { chromium } from './packages.mjs';
import { PATIENCE_MS, until } from './waiting.mjs';

const ARGUMENTS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** How Chromium is started everywhere. */
export const LAUNCH = { executablePath: '/usr/bin/chromium', args: ARGUMENTS };

/** The image takes about 400 px of it, between the two columns. */
export const SMALL_DESK = { width: 1280, height: 560 };
export const PHONE = { width: 360, height: 640 };

let browser;

/** One Chromium for all people of a run: each of them has a context, with its own cookies. */
export function openBrowser() {
  browser ??= chromium.launch(LAUNCH);
  return browser;
}

export async function closeBrowser() {
  const open = await browser?.catch(() => undefined);
  browser = undefined;
  await open?.close();
}

export class Person {
  /**
   * `look` is what a browser context takes: viewport, deviceScaleFactor, hasTouch; and `url`, when
   * this one reaches the server another way.
   */
  static async arrive(server, login, look) {
    return Person.arriveIn(await openBrowser(), server, login, look);
  }

  static async arriveIn(opened, server, login, { url = server.url, ...look } = {}) {
    const people = await server.people();
    const context = await opened.newContext({
      viewport: SMALL_DESK,
      locale: 'en-GB',
      reducedMotion: 'reduce',
      ...look,
    });
    return new Person(url, people.get(login), context, await context.newPage());
  }

  constructor(url, known, context, page) {
    this.url = url;
    this.login = known.login;
    this.password = known.password;
    this.name = known.name;
    this.context = context;
    this.page = page;
    /** What no page of ours may do; a story ends badly when there is any. */
    this.faults = [];
    this.watch();
  }

  watch() {
    const { page, faults } = this;
    const own = new URL(this.url).host;
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => faults.push(`uncaught: ${error.stack ?? error.message}`));
    page.on('console', (message) => {
      if (/content security policy|refused to/i.test(message.text())) faults.push(message.text());
    });
    page.on('request', (request) => {
      const { protocol, host } = new URL(request.url());
      if (protocol.startsWith('http') && host !== own) faults.push(`asked another origin: ${host}`);
    });
    page.on('websocket', (socket) => {
      if (new URL(socket.url()).host !== own) faults.push(`spoke to another origin: ${socket.url()}`);
    });
  }

  /** Fills the form of the sign-in page; the page then is the worklist. */
  async signIn(path = '/') {
    await this.page.goto(this.url + path);
    await this.page.locator('input[name=username]').fill(this.login);
    await this.page.locator('input[name=password]').fill(this.password);
    await this.page.locator('button[type=submit]').click();
    await this.page.locator('[data-line=live]').waitFor();
    return this;
  }

  async openBoard() {
    await this.page.locator('a[href^="/boards/"]').first().click();
    await this.page.locator('.place.board [data-line=live]').waitFor();
    return this;
  }

  /** In a form that asks who signs: by the password alone, which is all that the account has. */
  async signs() {
    await this.page.locator('input[name=signing-password]').fill(this.password);
    await this.page.locator('[data-sign-now]').click();
  }

  async press(key) {
    await this.page.keyboard.press(key);
  }

  pane(number = 0) {
    return this.page.locator(`[data-pane="${number}"]`);
  }

  /** Where a part of a pane's glass is on this screen; `x` and `y` from 0 to 1. */
  async on(number, x, y) {
    const box = await this.pane(number).locator('.glass').boundingBox();
    return { x: box.x + box.width * x, y: box.y + box.height * y };
  }

  async moveTo(number, x, y, steps = 1) {
    const at = await this.on(number, x, y);
    await this.page.mouse.move(at.x, at.y, { steps });
    return at;
  }

  /** The name of the image on the glass, once it is painted. */
  async slice(number = 0) {
    const pane = this.pane(number);
    return (await pane.getAttribute('data-status')) === 'painted' ? pane.getAttribute('data-slice') : undefined;
  }

  /** Waits until a pane shows an image, this one if it is named, and says which. */
  async sees(wanted, number = 0) {
    return until(`${this.login} sees ${wanted ?? 'an image'}`, async () => {
      const shown = await this.slice(number);
      return shown && (wanted === undefined || shown === wanted) && shown;
    });
  }

  /** The number of the image on the glass, as written there: 55 of "Axial 55 / 108". */
  async place(number = 0) {
    const words = await this.pane(number).locator('.lower-right').innerText();
    return Number(/(\d+) \/ \d+/.exec(words)?.[1]);
  }

  /** Scrolls by slices with the wheel, one a notch, and says which image that came to. */
  async scroll(notches, number = 0) {
    const before = await this.place(number);
    await this.moveTo(number, 0.5, 0.5);
    const step = Math.sign(notches);
    for (let done = 0; done !== notches; done += step) await this.page.mouse.wheel(0, step * 50);
    await until(`${this.login} is ${notches} images on`, async () => (await this.place(number)) === before + notches);
    return this.sees(undefined, number);
  }

  async drag(number, from, to, steps = 4) {
    const start = await this.on(number, ...from);
    const end = await this.on(number, ...to);
    await this.page.mouse.move(start.x, start.y);
    await this.page.mouse.down();
    await this.page.mouse.move(end.x, end.y, { steps });
    await this.page.mouse.up();
  }

  /** Goes on from a case without a decision: not discussed, and the first reason why. */
  async leaveUndecided() {
    await this.press('KeyN');
    await this.page.locator('.step-line').waitFor();
    await this.press('KeyX');
    await this.press('Digit1');
  }

  line() {
    return this.page.locator('[data-line]').first();
  }

  async lineIs(state) {
    await until(`the line of ${this.login} is ${state}`, async () => {
      return (await this.line().getAttribute('data-line')) === state;
    });
  }

  /** Waits until the place for the state of the line says this. */
  async isTold(words) {
    await until(`${this.login} is told ${words}`, async () => words.test(await this.line().innerText()));
  }

  /** Of the board or case that is open: the last part of its address. */
  get openId() {
    return new URL(this.page.url()).pathname.split('/').at(-1);
  }

  async tab(name) {
    await this.page.getByRole('tab', { name }).click();
  }

  messages() {
    return this.page.locator('.messages li p:not(.problem)').allInnerTexts();
  }

  async say(text) {
    const field = this.page.locator('.writing textarea');
    await field.fill(text);
    await field.press('Enter');
  }

  /** Pointers of others on a pane: name, colour and place on the glass, faded ones included. */
  pointers(number = 0) {
    return this.pane(number)
      .locator('.pointer')
      .evaluateAll((elements) =>
        elements
          .filter((element) => element.style.display !== 'none')
          .map((element) => {
            const at = new DOMMatrix(element.style.transform);
            return {
              text: element.querySelector('span').textContent,
              color: element.style.getPropertyValue('--person'),
              x: at.e,
              y: at.f,
            };
          }),
      );
  }

  /** Beside the logs; of what is in the window, or of the page to its end. */
  async picture(name, fullPage = false) {
    const path = join(LOGS, `${name}.${this.login}.png`);
    await this.page.screenshot({ path, fullPage }).catch(() => undefined);
  }

  async leave() {
    await this.context.close();
  }
}
