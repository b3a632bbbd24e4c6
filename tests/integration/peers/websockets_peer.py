"""One conversation with the server through Debian's python3-websockets, which shares no code with us.

    websockets_peer.py URL LOGIN PASSWORD CERTIFICATE CASE      CERTIFICATE is "" over plain HTTP

Ends with status 0 when everything was as it should be, else with what was not on standard error.
"""

import asyncio
import json
import ssl
import struct
import sys
import urllib.request
import uuid

import websockets

url, login, password, certificate, case = sys.argv[1:6]
trust = ssl.create_default_context(cafile=certificate) if certificate else None


def pack(value):
    """As much of msgpack as is said here."""
    if value is None:
        return b"\xc0"
    if isinstance(value, list):
        return bytes([0x90 | len(value)]) + b"".join(map(pack, value))
    if isinstance(value, bytes):
        return b"\xc4" + bytes([len(value)]) + value
    if isinstance(value, str):
        return bytes([0xA0 | len(value)]) + value.encode()
    return bytes([value]) if value < 128 else b"\xcf" + struct.pack(">Q", value)


def unpack_head(frame, count):
    """The first `count` small numbers of a frame, and how many members it has."""
    assert frame[0] & 0xF0 == 0x90, frame[:4]
    numbers = list(frame[1 : 1 + count])
    assert all(number < 128 for number in numbers), numbers
    return frame[0] & 0x0F, numbers


def ask(path, body=None, token=None):
    request = urllib.request.Request(url + path, method="POST", data=json.dumps(body).encode() if body else b"")
    if token:
        request.add_header("Authorization", "Bearer " + token)
    with urllib.request.urlopen(request, context=trust) as answer:
        return answer.status, json.loads(answer.read() or b"{}")


async def expect(socket, members, head):
    while True:
        frame = await asyncio.wait_for(socket.recv(), 10)
        assert isinstance(frame, bytes), "a text message"
        found = unpack_head(frame, len(head))
        if found == (members, head):
            return frame


async def converse():
    status, answer = ask("/api/sign-in", {"login": login, "password": password, "bearer": True})
    assert status == 200, status
    token = answer["token"]
    ticket = ask("/api/tickets", token=token)[1]["ticket"]
    address = url.replace("http", "ws", 1) + "/ws?ticket=" + ticket
    async with websockets.connect(address, ssl=trust, subprotocols=["consilium.1"]) as socket:
        assert socket.subprotocol == "consilium.1", socket.subprotocol
        await socket.send(pack([0, 1, 1, [1, "websockets"]]))
        await expect(socket, 4, [0, 72, 1])
        await socket.send(pack([0, 2, 2, [1, 2, uuid.UUID(case).bytes, 0, 0]]))
        await expect(socket, 4, [0, 73, 2])
        snapshot = await expect(socket, 4, [1])
        assert snapshot[3] == 0, "a snapshot has no number"
        await socket.send(pack([0, 4, 3, [1234567890123]]))
        assert pack(1234567890123) in await expect(socket, 4, [0, 74, 3])
        # A message in pieces, and the protocol's own ping between them (RFC 6455 5.4).
        whole = pack([0, 4, 4, [7]])
        await socket.send([whole[:2], whole[2:]])
        await expect(socket, 4, [0, 74, 4])
        await asyncio.wait_for(await socket.ping(b"are you there"), 10)
        await socket.close(1000)
        assert socket.close_code == 1000, socket.close_code

    # The end of the sign-in is the end of its WebSockets, for good.
    ticket = ask("/api/tickets", token=token)[1]["ticket"]
    address = url.replace("http", "ws", 1) + "/ws?ticket=" + ticket
    async with websockets.connect(address, ssl=trust, subprotocols=["consilium.1"]) as socket:
        await socket.send(pack([0, 1, 1, [1, "websockets"]]))
        await expect(socket, 4, [0, 72, 1])
        assert ask("/api/sign-out", token=token)[0] == 204
        await asyncio.wait_for(socket.wait_closed(), 10)
        assert socket.close_code == 4502, socket.close_code


asyncio.run(converse())
