// Real fingers on a page: touch events of the browser's own input, so that what the page makes of them, and what
// the browser would have made of them instead, is what a person at a telephone has.
const STEPS = 6;

export class Fingers {
  static async on(person) {
    return new Fingers(person, await person.context.newCDPSession(person.page));
  }

  constructor(person, session) {
    this.person = person;
    this.session = session;
  }

  /** `timestamp` in seconds: without it the event happens when it is sent. */
  async say(type, points, timestamp = undefined) {
    const touchPoints = points.map(([x, y], id) => ({ x: Math.round(x), y: Math.round(y), id }));
    await this.session.send('Input.dispatchTouchEvent', { type, touchPoints, ...(timestamp && { timestamp }) });
  }

  /** Of the glass of a pane: 0 to 1 across and down. */
  async at(x, y, pane = 0) {
    const place = await this.person.on(pane, x, y);
    return [place.x, place.y];
  }

  /** Each finger goes from its first place to its last, all at once. */
  async draw(paths, steps = STEPS) {
    await this.say('touchStart', [paths[0][0]]);
    if (paths.length > 1) await this.say('touchStart', paths.map(([from]) => from));
    for (let step = 1; step <= steps; step += 1) {
      const places = paths.map(([from, to]) => from.map((one, axis) => one + ((to[axis] - one) * step) / steps));
      await this.say('touchMove', places);
    }
    await this.say('touchEnd', []);
  }

  async down(at) {
    await this.say('touchStart', [at]);
  }

  async up() {
    await this.say('touchEnd', []);
  }

  /** Twice within a tenth of a second by the events' own clock, however long a busy machine takes to send them. */
  async tapTwice(at) {
    const began = Date.now() / 1000;
    const events = [['touchStart', [at]], ['touchEnd', []], ['touchStart', [at]], ['touchEnd', []]];
    for (const [index, [type, points]] of events.entries()) await this.say(type, points, began + 0.03 * index);
  }
}
