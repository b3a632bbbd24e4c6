// The line's own heartbeat: a ping now and then, silence taken for loss, and from the answers the
// difference of the two clocks.

export interface HeartbeatNeeds {
    now(): number;
    later(milliseconds: number, run: () => void): void;
    /** `sentAt` in microseconds of our clock. */
    ping(sentAt: number): void;
    /** Nothing was heard for so long that the line must be dead. */
    silent(): void;
}

const SHORTEST_MS = 1000;
/** Beats that may go unanswered before the line counts as lost. */
const MISSED = 2.5;
/** An answer takes less on any line that one can work on. */
const ANSWER_MS = 2500;

export class Heartbeat {
    /** Server clock minus ours, microseconds. */
    clockOffset = 0;
    private readonly needs: HeartbeatNeeds;
    private everyMs = SHORTEST_MS;
    private heardAt = 0;

    constructor(needs: HeartbeatNeeds) {
        this.needs = needs;
    }

    heard(): void {
        this.heardAt = this.needs.now();
    }

    begin(everyMs: number, serverTime: number): void {
        this.everyMs = Math.max(SHORTEST_MS, everyMs);
        this.clockOffset = serverTime - this.needs.now() * 1000;
        this.beat();
    }

    /** The answer to a ping: half of the way is taken off. */
    measure(sentAt: number, serverTime: number): void {
        this.clockOffset = serverTime - (sentAt + this.needs.now() * 1000) / 2;
    }

    /** Something says that the line may be gone: it has to answer now. */
    doubt(): void {
        const asked = this.needs.now();
        this.needs.ping(Math.round(asked * 1000));
        this.needs.later(ANSWER_MS, () => {
            if (this.heardAt < asked) {
                this.needs.silent();
            }
        });
    }

    private beat(): void {
        this.needs.later(this.everyMs, () => {
            if (this.needs.now() - this.heardAt > MISSED * this.everyMs) {
                this.needs.silent();
                return;
            }
            this.needs.ping(Math.round(this.needs.now() * 1000));
            this.beat();
        });
    }
}
