"""An asyncio client that upgrades by `loop.start_tls`."""

import asyncio

from harness import equal, tls_case
from mail_sink import ENVELOPE, HELLO, stuffed, text


class Replies(asyncio.Protocol):
    """Collects replies, of one line each."""

    def __init__(self):
        self.buffer = b""
        self.came = asyncio.Event()
        self.lost = asyncio.get_running_loop().create_future()

    def data_received(self, data):
        self.buffer += data
        self.came.set()

    def connection_lost(self, error):
        self.lost.set_result(error)
        self.came.set()

    async def codes(self, count):
        """The codes of the next replies; EHLO's has several lines."""
        codes = []
        while len(codes) < count:
            while b"\r\n" not in self.buffer:
                if self.lost.done():
                    raise EOFError(f"ended after {codes}")
                self.came.clear()
                await self.came.wait()
            line, self.buffer = self.buffer.split(b"\r\n", 1)
            if line[3:4] != b"-":
                codes.append(int(line[:3]))
        return codes


async def deliver(sink, mail):
    loop = asyncio.get_running_loop()
    transport, replies = await loop.create_connection(Replies, "127.0.0.1", sink.server.port)
    equal(await replies.codes(1), [220])
    transport.write(HELLO + b"STARTTLS\r\n")
    equal(await replies.codes(2), [250, 220])
    secure = await loop.start_tls(
        transport, replies, sink.context(), server_hostname="localhost"
    )
    secure.write(HELLO + ENVELOPE + b"DATA\r\n" + stuffed(mail) + b"QUIT\r\n")
    equal(await replies.codes(6), [250, 250, 250, 354, 250, 221])
    equal(await replies.lost, None, "connection_lost")
    return secure.get_extra_info("ssl_object").version()


@tls_case
def asyncio_delivers(sink):
    mail = text(21, 5 << 20)
    version = asyncio.run(asyncio.wait_for(deliver(sink, mail), 30))
    equal(sink.arrived(), [mail])
    return version


@tls_case
def asyncio_delivers_many_at_once(sink):
    async def all_of(mails):
        await asyncio.gather(*[deliver(sink, mail) for mail in mails])

    mails = [text(100 + number, 30_000) for number in range(40)]
    asyncio.run(asyncio.wait_for(all_of(mails), 30))
    equal(sorted(sink.arrived()), sorted(mails))
