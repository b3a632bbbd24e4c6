// The browser's side of the connection: its WebSocket, clock and chance.
import { decodeDown, encodeUp } from '../protocol';
import type { SocketEvents, Surroundings } from './line';
import { ticket } from './http';

function connect(oneTime: string, events: SocketEvents) {
    const scheme = window.location.protocol === 'https:' ? 'wss:' : 'ws:';
    const address = `${scheme}//${window.location.host}/ws?ticket=${encodeURIComponent(oneTime)}`;
    const socket = new WebSocket(address, 'consilium.1');
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => events.opened();
    socket.onclose = (event) => events.closed(event.code);
    socket.onmessage = (event: MessageEvent<unknown>) => {
        if (event.data instanceof ArrayBuffer) {
            events.received(new Uint8Array(event.data));
        }
    };
    return {
        send: (bytes: Uint8Array) => {
            if (socket.readyState === WebSocket.OPEN) {
                socket.send(bytes as Uint8Array<ArrayBuffer>);
            }
        },
        close: () => socket.close(),
    };
}

export const browserSurroundings = (windowNumber: number): Surroundings => ({
    ticket,
    connect,
    encode: encodeUp,
    decode: decodeDown,
    now: () => performance.timeOrigin + performance.now(),
    after: (milliseconds, run) => {
        const timer = window.setTimeout(run, milliseconds);
        return () => window.clearTimeout(timer);
    },
    random: Math.random,
    commandId: () => crypto.randomUUID(),
    client: 'consilium-web 0.1.0',
    window: windowNumber,
});
