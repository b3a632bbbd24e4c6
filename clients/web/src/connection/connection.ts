// The one WebSocket of a window. It gets a ticket, says hello, keeps its own heartbeat, opens the channels
// its owners asked for and, after any loss, brings all of them back from the version they hold.
//
// Nothing here touches a browser: socket, clock, timers and chance are given, so the tests drive it.
import type {
    ActorKind as Kind,
    AnyUp,
    DownMessage,
    Frame as DownFrame,
    SessionDown,
    UpMessage,
} from '../wire';
import { backoffDelay } from './backoff';
import {
    Channel,
    endOfRefusal,
    passing,
    type ChannelListener,
    type EndReason,
    type Outcome,
} from './channel';
import { Heartbeat } from './heartbeat';
import {
    CLOSE_OUTDATED,
    CLOSE_SIGNED_OUT,
    PROTOCOL_REVISION,
    type Ask,
    type LineState,
    type Socket,
    type Surroundings,
} from './line';

const HELLO_LIMIT_MS = 10_000;
const RETRY_MS = 1000;

export class Connection {
    private readonly around: Surroundings;
    private state: LineState = { at: 'idle' };
    private socket: Socket | undefined;
    private epoch = 0;
    private seq = 0;
    private nextNumber = 1;
    private attempt = 0;
    private readonly heartbeat: Heartbeat;
    private drainDelay: number | undefined;
    private readonly timers = new Set<() => void>();
    private readonly channels = new Set<Channel<Kind>>();
    private readonly byNumber = new Map<number, Channel<Kind>>();
    private readonly openings = new Map<number, Channel<Kind>>();
    private readonly watchers = new Set<() => void>();
    private unsavedShown = 0;
    /** The database is away: pointing and looking go on, durable commands wait. */
    storeAway = false;

    constructor(around: Surroundings) {
        this.around = around;
        this.heartbeat = new Heartbeat({
            now: () => around.now(),
            later: (milliseconds, run) => this.later(milliseconds, run),
            ping: (sentAt) => this.sendSession({ type: 'Ping', sentAt }),
            silent: () => this.lost(0),
        });
    }

    /** Server clock minus ours, microseconds. */
    get clockOffset(): number {
        return this.heartbeat.clockOffset;
    }

    get line(): LineState {
        return this.state;
    }

    /** Durable commands that have no answer yet. */
    get unsaved(): number {
        return this.unsavedShown;
    }

    watch(watcher: () => void): () => void {
        this.watchers.add(watcher);
        return () => this.watchers.delete(watcher);
    }

    start(): void {
        if (this.state.at === 'idle' || this.state.at === 'signed_out') {
            this.attempt = 0;
            void this.connect();
        }
    }

    /** Ends the line for good: sign-out. Nothing stays pending. */
    stop(): void {
        this.drop();
        for (const channel of this.channels) {
            for (const command of channel.commands.splice(0)) {
                command.settle({ outcome: 'gone' });
            }
        }
        this.channels.clear();
        this.become({ at: 'idle' });
    }

    /** The network came back, or the person asks: no need to wait out the delay. */
    hurry(): void {
        if (this.state.at === 'waiting') {
            void this.connect();
        }
    }

    /** The browser says that the network went or changed; a server on this machine may still be there. */
    doubt(): void {
        if (this.state.at === 'live') {
            this.heartbeat.doubt();
        }
    }

    open<K extends Kind>(kind: K, id: string, listener: ChannelListener<K>): Channel<K> {
        const channel = new Channel(kind, id, listener);
        this.channels.add(channel as unknown as Channel<Kind>);
        this.openOnLine(channel as unknown as Channel<Kind>);
        return channel;
    }

    close<K extends Kind>(given: Channel<K>): void {
        const channel = given as unknown as Channel<Kind>;
        this.channels.delete(channel);
        if (channel.number > 0 && this.state.at === 'live') {
            this.sendSession({ type: 'CloseChannel', channel: channel.number });
        }
        this.byNumber.delete(channel.number);
        channel.detach();
        channel.phase = 'ended';
    }

    /** A durable command: kept and repeated under one id until it has an answer. */
    command<K extends Kind>(channel: Channel<K>, ask: Ask<K>): Promise<Outcome> {
        return new Promise((settle) => {
            const message = { ...ask, commandId: this.around.commandId() } as unknown as UpMessage<K>;
            const command = { message, seq: 0, since: this.around.now(), settle };
            channel.commands.push(command);
            this.changed();
            if (channel.phase === 'open') {
                command.seq = this.send(channel, message);
            }
        });
    }

    /** Asks something of the moment; undefined when the line broke before the answer. */
    request<K extends Kind>(channel: Channel<K>, ask: Ask<K>): Promise<DownMessage<K> | undefined> {
        return new Promise((settle) => {
            if (channel.phase !== 'open') {
                settle(undefined);
                return;
            }
            channel.requests.push({ seq: this.send(channel, ask as AnyUp), settle });
        });
    }

    /** Says something that may be lost. */
    signal<K extends Kind>(channel: Channel<K>, ask: Ask<K>): void {
        if (channel.phase === 'open') {
            this.send(channel, ask as AnyUp);
        }
    }

    private send(channel: { kind: Kind; number: number }, message: AnyUp): number {
        this.seq += 1;
        const bytes = this.around.encode(channel.kind, channel.number, this.seq, message);
        this.socket?.send(bytes);
        return this.seq;
    }

    private sendSession(message: UpMessage<'session'>): number {
        this.seq += 1;
        this.socket?.send(this.around.encode('session', 0, this.seq, message));
        return this.seq;
    }

    private async connect(): Promise<void> {
        this.drop();
        const { epoch } = this;
        this.become({ at: 'connecting', attempt: this.attempt });
        this.later(HELLO_LIMIT_MS, () => this.state.at !== 'live' && this.lost(0));
        let ticket: string | undefined;
        try {
            ticket = await this.around.ticket();
        } catch {
            if (epoch === this.epoch) {
                this.wait();
            }
            return;
        }
        if (epoch !== this.epoch) {
            return;
        }
        if (ticket === undefined) {
            this.become({ at: 'signed_out' });
            return;
        }
        this.socket = this.around.connect(ticket, {
            opened: () => epoch === this.epoch && this.hello(),
            received: (bytes) => epoch === this.epoch && this.receive(bytes),
            closed: (code) => epoch === this.epoch && this.lost(code),
        });
    }

    private hello(): void {
        this.heartbeat.heard();
        this.sendSession({
            type: 'Hello',
            revision: PROTOCOL_REVISION,
            client: this.around.client,
            window: this.around.window,
        });
    }

    private receive(bytes: Uint8Array): void {
        this.heartbeat.heard();
        let frame: DownFrame | undefined;
        try {
            frame = this.around.decode(
                (number) => (number === 0 ? 'session' : this.byNumber.get(number)?.kind),
                bytes,
            );
        } catch {
            this.lost(0);
            return;
        }
        if (!frame) {
            return; // for a channel closed meanwhile
        }
        if (frame.channel === 0) {
            if (frame.form !== 'event') {
                this.onSession(frame.message as SessionDown, frame.form === 'reply' ? frame.seq : 0);
            }
            return;
        }
        const channel = this.byNumber.get(frame.channel);
        if (channel) {
            this.onChannel(channel, frame);
        }
    }

    private onSession(message: SessionDown, seq: number): void {
        switch (message.type) {
            case 'Welcome':
                this.welcome(message);
                break;
            case 'Pong':
                this.heartbeat.measure(message.sentAt, message.serverTime);
                break;
            case 'ChannelOpened':
                this.channelOpened(message, seq);
                break;
            case 'ChannelEnded':
                this.channelEnded(message.channel, message.reason);
                break;
            case 'GrantChanged': {
                const channel = this.byNumber.get(message.channel);
                if (channel) {
                    channel.audience = message.audience;
                    channel.version = message.version;
                    channel.awaitsSnapshot = true;
                    const { audience, roles } = message;
                    channel.listener.opened({ audience, roles, participant: -1 });
                }
                break;
            }
            case 'Draining':
                this.drainDelay = message.reconnectAfterMs;
                this.lost(0);
                break;
            case 'StoreChanged':
                this.storeAway = !message.available;
                this.changed();
                break;
            case 'Refused':
                this.openingRefused(seq, message.reason);
                break;
            default:
                break;
        }
    }

    private welcome(message: Extract<SessionDown, { type: 'Welcome' }>): void {
        this.attempt = 0;
        this.storeAway = false;
        const { user, name } = message;
        this.heartbeat.begin(message.heartbeatMs, message.serverTime);
        this.become({ at: 'live', user, name });
        for (const channel of this.channels) {
            this.openOnLine(channel);
        }
    }

    private openOnLine(channel: Channel<Kind>): void {
        if (this.state.at !== 'live' || channel.phase !== 'closed') {
            return;
        }
        channel.phase = 'opening';
        channel.number = this.nextNumber;
        this.nextNumber = this.nextNumber >= 65535 ? 1 : this.nextNumber + 1;
        this.byNumber.set(channel.number, channel);
        const seq = this.sendSession({
            type: 'OpenChannel',
            channel: channel.number,
            kind: channel.kind,
            id: channel.id,
            version: channel.version,
            audience: channel.audience,
        });
        this.openings.set(seq, channel);
    }

    private channelOpened(
        message: Extract<SessionDown, { type: 'ChannelOpened' }>,
        seq: number,
    ): void {
        this.openings.delete(seq);
        const channel = this.byNumber.get(message.channel);
        if (!channel) {
            return;
        }
        channel.phase = 'open';
        channel.audience = message.audience;
        channel.awaitsSnapshot = message.resumption === 'snapshot';
        if (channel.awaitsSnapshot) {
            channel.version = message.version;
        }
        const { audience, roles, participant } = message;
        channel.listener.opened({ audience, roles, participant });
        // Commands without an answer go again under their own ids: what happened is answered, not repeated.
        for (const command of channel.commands) {
            command.seq = this.send(channel, command.message);
        }
    }

    private openingRefused(seq: number, reason: string): void {
        const channel = this.openings.get(seq);
        this.openings.delete(seq);
        if (channel) {
            this.channelEnded(channel.number, endOfRefusal(reason));
        }
    }

    private channelEnded(number: number, reason: EndReason): void {
        const channel = this.byNumber.get(number);
        if (!channel) {
            return;
        }
        this.byNumber.delete(number);
        channel.detach();
        if (reason === 'closed_by_client') {
            return;
        }
        if (passing.includes(reason)) {
            this.later(RETRY_MS, () => this.openOnLine(channel));
            return;
        }
        channel.phase = 'ended';
        for (const command of channel.commands.splice(0)) {
            command.settle({ outcome: 'gone' });
        }
        this.changed();
        channel.listener.ended(reason);
    }

    private onChannel(channel: Channel<Kind>, frame: DownFrame): void {
        const message = frame.message as DownMessage<Kind>;
        switch (frame.form) {
            case 'notice':
                channel.listener.notice(message);
                return;
            case 'event':
                this.onEvent(channel, frame, message);
                return;
            case 'reply':
                if (frame.seq === 0) {
                    channel.awaitsSnapshot = false;
                    channel.listener.snapshot(message);
                } else {
                    this.onReply(channel, frame.seq, message);
                }
                return;
        }
    }

    private onEvent(
        channel: Channel<Kind>,
        frame: Extract<DownFrame, { form: 'event' }>,
        message: DownMessage<Kind>,
    ): void {
        switch (channel.place(frame.version, frame.previous)) {
            case 'seen':
                return;
            case 'gap':
                this.reopen(channel);
                return;
            case 'next':
                channel.version = frame.version;
                channel.listener.event(message, {
                    version: frame.version,
                    at: frame.at,
                    by: frame.by,
                });
        }
    }

    /** Something is missing: asks for it again from the version held. */
    private reopen(channel: Channel<Kind>): void {
        this.sendSession({ type: 'CloseChannel', channel: channel.number });
        this.byNumber.delete(channel.number);
        channel.detach();
        this.openOnLine(channel);
    }

    private onReply(channel: Channel<Kind>, seq: number, message: DownMessage<Kind>): void {
        const again = channel.answer(seq, message);
        if (again) {
            this.later(RETRY_MS, () => {
                if (channel.phase === 'open' && channel.commands.includes(again)) {
                    again.seq = this.send(channel, again.message);
                }
            });
        }
        this.changed();
    }

    private lost(code: number): void {
        this.drop();
        if (code === CLOSE_OUTDATED) {
            this.become({ at: 'outdated' });
        } else if (code === CLOSE_SIGNED_OUT) {
            this.become({ at: 'signed_out' });
        } else {
            this.wait();
        }
    }

    private wait(): void {
        const draining = this.drainDelay !== undefined;
        const delay = this.drainDelay ?? backoffDelay(this.attempt, this.around.random());
        this.drainDelay = undefined;
        this.become({
            at: 'waiting',
            attempt: this.attempt,
            until: this.around.now() + delay,
            draining,
        });
        this.attempt += 1;
        this.later(delay, () => void this.connect());
    }

    /** Leaves the present connection, if any; everything that belonged to it is void. */
    private drop(): void {
        this.epoch += 1;
        for (const stop of this.timers) {
            stop();
        }
        this.timers.clear();
        this.socket?.close();
        this.socket = undefined;
        this.byNumber.clear();
        this.openings.clear();
        for (const channel of this.channels) {
            channel.detach();
        }
    }

    /** A timer that dies with the present connection. */
    private later(milliseconds: number, run: () => void): void {
        const { epoch } = this;
        const stop = this.around.after(milliseconds, () => {
            this.timers.delete(stop);
            if (epoch === this.epoch) {
                run();
            }
        });
        this.timers.add(stop);
    }

    private become(state: LineState): void {
        this.state = state;
        this.changed();
    }

    private changed(): void {
        let count = 0;
        for (const channel of this.channels) {
            count += channel.commands.length;
        }
        this.unsavedShown = count;
        for (const watcher of this.watchers) {
            watcher();
        }
    }
}
