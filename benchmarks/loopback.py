"""What the benchmarks run against: a feed server, a mail sink and a webhook sink on loopback, each a process of its own.

``python loopback.py feeds N`` serves N feeds of 30 entries (40 to 80 kB) with ETags; ``GET /bump?percent=10`` adds two
entries to that share of them. ``python loopback.py sinks`` takes mails and webhooks and counts them. Both print one line
with their addresses when they are ready, and end with their standard input.
"""

import asyncio
import contextlib
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

ENTRIES = 30
PORTS = 40
_EPOCH = datetime.now(UTC) - timedelta(hours=6)
_WORDS = [
    "ministry",
    "parliament",
    "region",
    "budget",
    "rail",
    "harvest",
    "court",
    "budget",
    "energy",
    "school",
    "water",
    "border",
    "treaty",
    "export",
    "price",
    "bank",
    "выборы",
    "район",
    "закон",
    "министр",
    "совет",
    "суд",
    "дорога",
    "город",
    "область",
    "бюджет",
    "школа",
    "газ",
    "граница",
    "завод",
    "урожай",
    "банк",
    "аудан",
    "сайлау",
    "заң",
    "министр",
    "кеңес",
    "сот",
    "жол",
    "қала",
    "облыс",
    "бюджет",
    "мектеп",
    "газ",
    "шекара",
    "зауыт",
    "банк",
    "халық",
    "gobierno",
    "región",
    "ley",
    "elección",
    "consejo",
    "tribunal",
    "carretera",
    "ciudad",
    "frontera",
    "presupuesto",
    "escuela",
    "gas",
    "banco",
    "pueblo",
]

S = TypeVar("S")


def _entry(feed: int, number: int, base: str) -> str:
    rng = random.Random(feed * 1000 + number)  # noqa: S311 - the same text in every run, not a secret
    title = " ".join(rng.choices(_WORDS, k=9)) + f" f{feed}n{number}"
    text = " ".join(rng.choices(_WORDS, k=180))
    when = format_datetime(_EPOCH + timedelta(minutes=number))
    return (
        f"<item><title>{title}</title><link>{base}/{feed}/{number}</link><guid>f{feed}n{number}</guid>"
        f"<pubDate>{when}</pubDate><description>&lt;p&gt;{text}&lt;/p&gt;</description></item>"
    )


class FeedServer:
    """Feeds with ETags; every reply closes its connection, as if each feed were its own host."""

    def __init__(self, feeds: int) -> None:
        self.new = [0] * feeds
        self.bodies: dict[tuple[int, int], bytes] = {}

    def body(self, feed: int, port: int) -> bytes:
        """The present edition of a feed."""
        key = (feed, self.new[feed])
        if key not in self.bodies:
            base = f"http://127.0.0.1:{port}"
            items = "".join(_entry(feed, n, base) for n in range(ENTRIES + self.new[feed] - 1, self.new[feed] - 1, -1))
            self.bodies[key] = (
                f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Feed {feed}</title>{items}</channel></rss>'
            ).encode()
        return self.bodies[key]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = head.split(" ", 2)[1]
            writer.write(self.control(path) if path.startswith("/bump") else self.feed(path, head, writer))
            await writer.drain()
        writer.close()

    def feed(self, path: str, head: str, writer: asyncio.StreamWriter) -> bytes:
        """A feed or 304."""
        feed = int(path.strip("/"))
        etag = f'"{feed}-{self.new[feed]}"'
        if f"if-none-match: {etag}" in head.lower():
            return f"HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\nConnection: close\r\n\r\n".encode()
        body = self.body(feed, writer.get_extra_info("sockname")[1])
        kind = "Content-Type: application/rss+xml; charset=utf-8\r\nConnection: close"
        return f"HTTP/1.1 200 OK\r\nETag: {etag}\r\n{kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

    def control(self, path: str) -> bytes:
        """New entries in a share of the feeds."""
        step = round(100 / float(parse_qs(urlsplit(path).query)["percent"][0]))
        for feed in range(0, len(self.new), step):
            self.new[feed] += 2
        return b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"


async def _serve_feeds(feeds: int) -> None:
    server = FeedServer(feeds)
    listening = [await asyncio.start_server(server.answer, "127.0.0.1", 0, backlog=512) for _ in range(PORTS)]
    ports = [one.sockets[0].getsockname()[1] for one in listening]
    for feed in range(feeds):
        server.body(feed, ports[feed % PORTS])
    await _ready({"ports": ports})


async def _serve_sinks() -> None:
    counts = {"mails": 0, "hooks": 0}

    async def smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink\r\n")
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                word = line[:4].upper()
                if word == b"DATA":
                    writer.write(b"354 go on\r\n")
                    while (await reader.readline()) not in {b".\r\n", b""}:
                        pass
                    counts["mails"] += 1
                    writer.write(b"250 kept\r\n")
                elif word == b"QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                else:
                    writer.write(b"250 ok\r\n")
                await writer.drain()
        writer.close()

    async def hook(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                if head.startswith("get"):
                    said = json.dumps(counts).encode()
                    writer.write(
                        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(said) + said
                    )
                    break
                await reader.readexactly(int(head.split("content-length: ")[1].split("\r\n")[0]))
                counts["hooks"] += 1
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
                await writer.drain()
        writer.close()

    mail = await asyncio.start_server(smtp, "127.0.0.1", 0, backlog=512)
    web = await asyncio.start_server(hook, "127.0.0.1", 0, backlog=512)
    await _ready({"smtp": mail.sockets[0].getsockname()[1], "hook": web.sockets[0].getsockname()[1]})


async def _ready(told: dict[str, Any]) -> None:
    print(json.dumps(told), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


@contextlib.contextmanager
def running(*arguments: str) -> Iterator[dict[str, Any]]:
    """One of these servers as a process; what it printed."""
    with subprocess.Popen(
        [sys.executable, str(Path(__file__)), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()


def feed_urls(told: dict[str, Any], feeds: int) -> list[str]:
    """The addresses of the feeds."""
    ports = told["ports"]
    return [f"http://127.0.0.1:{ports[i % len(ports)]}/{i}" for i in range(feeds)]


if __name__ == "__main__":
    asyncio.run(_serve_feeds(int(sys.argv[2])) if sys.argv[1] == "feeds" else _serve_sinks())
