// The cable between browsers and a server: bytes both ways, until somebody pulls it. Then it is as it
// is with a real one: nothing is refused, nothing is closed, nothing arrives.
import { connect, createServer } from 'node:net';

export class Cable {
  /** `port` is the server's. */
  static async lay(port) {
    const cable = new Cable(port);
    await new Promise((resolve) => cable.listener.listen(0, 'localhost', resolve));
    cable.url = `http://localhost:${cable.listener.address().port}`;
    return cable;
  }

  constructor(port) {
    this.port = port;
    /** Bytes a second towards the server, as on a thin line; undefined = as many as come. */
    this.rate = undefined;
    this.pulled = false;
    this.ends = new Set();
    this.listener = createServer((near) => this.join(near));
  }

  join(near) {
    const far = connect(this.port, 'localhost');
    for (const [from, to] of [[near, far], [far, near]]) {
      this.ends.add(from);
      from.on('data', (bytes) => {
        to.write(bytes);
        if (this.rate && from === near) this.rest(from, bytes.length);
      });
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.ends.delete(from);
        to.destroy();
      });
      if (this.pulled) from.pause();
    }
  }

  rest(end, bytes) {
    end.pause();
    setTimeout(() => !this.pulled && end.resume(), (bytes / this.rate) * 1000);
  }

  pull() {
    this.pulled = true;
    for (const end of this.ends) end.pause();
  }

  plug() {
    this.pulled = false;
    for (const end of this.ends) end.resume();
  }

  remove() {
    this.listener.close();
    for (const end of this.ends) end.destroy();
  }
}
