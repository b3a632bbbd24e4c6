// A story: one server, some people, and steps that build on each other. A step is a sentence; after
// one has failed the rest of its story is left out, because what it needs is not there.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { closeBrowser, Person } from './person.mjs';
import { demonstrationServer, forgetDemonstration } from './server.mjs';
import { Voice } from './voice.mjs';

const STEP_MS = 60_000;

after(async () => {
  await closeBrowser();
  await forgetDemonstration();
});

/** `tell` gets (step, scene) and calls step('sentence', async () => ...) in order; `options` are the server's. */
export function story(name, tell, options = []) {
  describe(name, () => {
    const scene = new Scene(name.replace(/[^a-z0-9]+/gi, '-').slice(0, 40), options);
    let broken = false;
    before(() => scene.begin(), { timeout: 180_000 });
    after(() => scene.end(broken), { timeout: 60_000 });
    tell((sentence, work) => {
      it(sentence, { timeout: STEP_MS }, async (context) => {
        if (broken) {
          context.skip('an earlier step of this story failed');
          return;
        }
        try {
          await work();
          scene.check();
        } catch (error) {
          broken = true;
          await scene.picture();
          throw error;
        }
      });
    }, scene);
  });
}

class Scene {
  constructor(name, options) {
    this.name = name;
    this.options = options;
    this.people = [];
    this.endings = [];
  }

  /** What the story laid out besides people and server. */
  onEnd(ending) {
    this.endings.push(ending);
  }

  async begin() {
    this.server = await demonstrationServer(this.name, this.options);
  }

  /** A person comes and signs in. */
  async person(login, look) {
    const person = await this.guest(login, look);
    return person.signIn();
  }

  /** A person before the sign-in page. */
  async guest(login, look) {
    const person = await Person.arrive(this.server, login, look);
    this.people.push(person);
    return person;
  }

  /** A person without a screen. */
  async voice(login) {
    const voice = await Voice.of(this.server, login);
    this.onEnd(() => voice.leave());
    return voice;
  }

  /** Several people at their boards. */
  async board(logins, look) {
    return Promise.all(
      logins.map(async (login) => {
        const person = await this.person(login, look);
        return person.openBoard();
      }),
    );
  }

  check() {
    for (const { login, faults } of this.people) {
      assert.deepEqual(faults, [], `what the page of ${login} did wrong`);
    }
  }

  async picture() {
    await Promise.all(this.people.map((person) => person.picture(this.name)));
  }

  async end(broken) {
    await Promise.all(this.people.map((person) => person.leave().catch(() => undefined)));
    for (const ending of this.endings) await ending();
    if (!this.server) return;
    try {
      if (!broken) await this.server.end();
    } finally {
      await this.server.abandon();
    }
  }
}
