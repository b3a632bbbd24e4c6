import { describe, expect, it } from 'vitest';
import { blankBoard } from '../state/blank';
import type { AnyUp, BoardDown, Frame, SessionDown } from '../wire';
import { backoffDelay } from './backoff';
import type { ChannelListener, Outcome } from './channel';
import { Connection } from './connection';
import { CLOSE_OUTDATED, type SocketEvents, type Surroundings } from './line';

const BOARD = '00000000-0000-4000-8000-0000000000b0';

interface Sent {
    kind: string;
    channel: number;
    seq: number;
    message: AnyUp;
}

/** A server played by the test: it sees what is sent and says what it likes, in virtual time. */
class Theatre {
    now = 1000;
    sent: Sent[] = [];
    sockets: SocketEvents[] = [];
    private timers: { at: number; run: () => void }[] = [];
    private frames: (Frame | undefined)[] = [];
    private ids = 0;
    readonly connection: Connection;

    constructor() {
        const around: Surroundings = {
            ticket: () => Promise.resolve('ticket'),
            connect: (_, events) => {
                this.sockets.push(events);
                return { send: () => undefined, close: () => undefined };
            },
            encode: (kind, channel, seq, message) => {
                this.sent.push({ kind, channel, seq, message });
                return new Uint8Array();
            },
            decode: () => this.frames.shift(),
            now: () => this.now,
            after: (milliseconds, run) => {
                const timer = { at: this.now + milliseconds, run };
                this.timers.push(timer);
                return () => {
                    this.timers = this.timers.filter((one) => one !== timer);
                };
            },
            random: () => 0.5,
            commandId: () => {
                this.ids += 1;
                return `command-${this.ids}`;
            },
            client: 'test',
            window: 0,
        };
        this.connection = new Connection(around);
    }

    get socket(): SocketEvents {
        const socket = this.sockets[this.sockets.length - 1];
        if (!socket) {
            throw new Error('nothing connected');
        }
        return socket;
    }

    say(frame: Frame): void {
        this.frames.push(frame);
        this.socket.received(new Uint8Array());
    }

    session(message: SessionDown, seq = 1): void {
        this.say({ form: 'reply', kind: 'session', channel: 0, seq, message } as Frame);
    }

    async settle(): Promise<void> {
        for (let turn = 0; turn < 5; turn += 1) {
            await Promise.resolve();
        }
    }

    async pass(milliseconds: number): Promise<void> {
        const until = this.now + milliseconds;
        for (;;) {
            const due = this.timers.filter((one) => one.at <= until).sort((a, b) => a.at - b.at)[0];
            if (!due) {
                break;
            }
            this.timers = this.timers.filter((one) => one !== due);
            this.now = due.at;
            due.run();
            await this.settle();
        }
        this.now = until;
    }

    async welcome(): Promise<void> {
        await this.settle();
        this.socket.opened();
        this.session({
            type: 'Welcome',
            session: 1n,
            user: 'me',
            name: 'Me',
            serverTime: 0,
            heartbeatMs: 2000,
            revision: 1,
            administrator: false,
            coordinator: false,
        });
    }

    last(type: string): Sent {
        const found = this.sent.filter((one) => one.message.type === type).pop();
        if (!found) {
            throw new Error(`no ${type} was sent`);
        }
        return found;
    }

    count(type: string): number {
        return this.sent.filter((one) => one.message.type === type).length;
    }

    opened(resumption: 'resumed' | 'snapshot', version: number): void {
        const { seq, message } = this.last('OpenChannel');
        const channel = message.type === 'OpenChannel' ? message.channel : 0;
        this.session(
            {
                type: 'ChannelOpened',
                channel,
                audience: 3,
                roles: 1,
                resumption,
                version,
                participant: 1,
            },
            seq,
        );
    }

    event(version: number, previous: number, message: BoardDown): void {
        const { message: open } = this.last('OpenChannel');
        const channel = open.type === 'OpenChannel' ? open.channel : 0;
        this.say({
            form: 'event',
            kind: 'board',
            channel,
            version,
            previous,
            at: 1,
            by: undefined,
            message,
        } as Frame);
    }

    reply(seq: number, message: BoardDown): void {
        const { message: open } = this.last('OpenChannel');
        const channel = open.type === 'OpenChannel' ? open.channel : 0;
        this.say({ form: 'reply', kind: 'board', channel, seq, message } as Frame);
    }
}

const started: BoardDown = { type: 'MeetingStarted' };

const snapshot: BoardDown = blankBoard();

function listen(): { heard: number[]; listener: ChannelListener<'board'> } {
    const heard: number[] = [];
    const listener: ChannelListener<'board'> = {
        snapshot: () => heard.push(0),
        event: (_, header) => heard.push(header.version),
        notice: () => undefined,
        opened: () => undefined,
        ended: () => heard.push(-1),
    };
    return { heard, listener };
}

async function onBoard() {
    const theatre = new Theatre();
    theatre.connection.start();
    await theatre.welcome();
    const { heard, listener } = listen();
    const channel = theatre.connection.open('board', BOARD, listener);
    theatre.opened('snapshot', 5);
    theatre.reply(0, snapshot);
    heard.length = 0;
    return { theatre, heard, channel };
}

describe('the_connection', () => {
    it('comes_back_and_resumes_from_the_version_it_holds', async () => {
        const { theatre } = await onBoard();
        theatre.event(6, 5, started);
        theatre.socket.closed(1006);
        expect(theatre.connection.line.at).toBe('waiting');
        await theatre.pass(1000);
        await theatre.welcome();
        expect(theatre.last('OpenChannel').message).toMatchObject({ version: 6, audience: 3 });
    });

    it('holds_nothing_of_a_snapshot_that_was_announced_and_never_came', async () => {
        const theatre = new Theatre();
        theatre.connection.start();
        await theatre.welcome();
        theatre.connection.open('board', BOARD, listen().listener);
        theatre.opened('snapshot', 5);
        theatre.socket.closed(1006);
        await theatre.pass(1000);
        await theatre.welcome();
        expect(theatre.last('OpenChannel').message).toMatchObject({ version: 0, audience: 0 });
    });

    it('never_tells_an_event_twice_and_asks_again_after_a_gap', async () => {
        const { theatre, heard } = await onBoard();
        theatre.event(6, 5, started);
        theatre.event(6, 5, started);
        expect(heard).toEqual([6]);
        theatre.event(9, 8, started);
        expect(heard).toEqual([6]);
        expect(theatre.last('OpenChannel').message).toMatchObject({ version: 6 });
        expect(theatre.count('OpenChannel')).toBe(2);
    });

    it('takes_versions_it_may_not_see_for_no_gap', async () => {
        const { theatre, heard } = await onBoard();
        theatre.event(9, 5, started);
        expect(heard).toEqual([9]);
    });

    it('repeats_an_unanswered_command_under_the_same_id', async () => {
        const { theatre, channel } = await onBoard();
        const outcomes: Outcome[] = [];
        void theatre.connection.command(channel, { type: 'StartMeeting' }).then((one) => {
            outcomes.push(one);
        });
        expect(theatre.connection.unsaved).toBe(1);
        const first = theatre.last('StartMeeting');
        theatre.socket.closed(1006);
        await theatre.pass(1000);
        await theatre.welcome();
        theatre.opened('resumed', 5);
        const second = theatre.last('StartMeeting');
        expect(theatre.count('StartMeeting')).toBe(2);
        expect(second.message).toEqual(first.message);
        theatre.reply(second.seq, { type: 'Accepted', version: 6 });
        await theatre.settle();
        expect(outcomes).toEqual([{ outcome: 'accepted', version: 6 }]);
        expect(theatre.connection.unsaved).toBe(0);
    });

    it('keeps_a_command_the_server_could_not_save_and_tries_again', async () => {
        const { theatre, channel } = await onBoard();
        void theatre.connection.command(channel, { type: 'StartMeeting' });
        theatre.reply(theatre.last('StartMeeting').seq, {
            type: 'Refused',
            reason: 'unavailable',
            item: 0,
        });
        expect(theatre.connection.unsaved).toBe(1);
        await theatre.pass(1100);
        expect(theatre.count('StartMeeting')).toBe(2);
    });

    it('leaves_a_line_that_fell_silent', async () => {
        const { theatre } = await onBoard();
        await theatre.pass(9000);
        expect(theatre.count('Ping')).toBeGreaterThan(0);
        expect(['waiting', 'connecting']).toContain(theatre.connection.line.at);
    });

    it('waits_as_long_as_a_draining_server_asks', async () => {
        const { theatre } = await onBoard();
        theatre.session({ type: 'Draining', reconnectAfterMs: 700 }, 0);
        expect(theatre.connection.line).toMatchObject({ at: 'waiting', until: theatre.now + 700 });
    });

    it('does_not_knock_again_at_a_server_of_another_protocol', async () => {
        const { theatre } = await onBoard();
        theatre.socket.closed(CLOSE_OUTDATED);
        await theatre.pass(60_000);
        expect(theatre.connection.line.at).toBe('outdated');
        expect(theatre.sockets.length).toBe(1);
    });

    it('tells_the_owner_of_a_channel_when_access_was_taken_away', async () => {
        const { theatre, heard, channel } = await onBoard();
        theatre.session({ type: 'ChannelEnded', channel: channel.number, reason: 'revoked' }, 0);
        expect(heard).toEqual([-1]);
        expect(channel.phase).toBe('ended');
    });
});

describe('backoff', () => {
    it('doubles_within_bounds_and_spreads', () => {
        expect(backoffDelay(0, 0)).toBe(125);
        expect(backoffDelay(0, 1)).toBe(250);
        expect(backoffDelay(3, 0.5)).toBe(1500);
        expect(backoffDelay(50, 1)).toBe(8000);
    });
});
