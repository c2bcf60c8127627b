"""Every evil reply at once, read by the real poller beside good feeds: nobody else notices, and nothing is left over.

Each kind has a server of its own, so that none waits for another one's host. The program is a process of its own
(``evil_runner.py``), so that what it holds can be told from what the servers hold.
"""

import contextlib
import gzip
import itertools
import json
import os
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from reformwatch.model.feed import Feed, NewFeed, Validators
from reformwatch.store import Store
from reformwatch.store.feeds import add_feed, list_feeds
from reformwatch.wiring.basics import utc_now
from servers import Answer, Asked, HttpServer, Wire, gzip_bomb, many_member_bomb, redirect, reply, sending
from spoken import sentence

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory and files are counted in /proc"),
]

MIB = 1 << 20
ROUNDS = 3
GROWTH_BYTES = 64 * MIB
RUNNER = Path(__file__).with_name("evil_runner.py")
HEADERS = {"Content-Type": "application/rss+xml", "ETag": '"evil"', "Last-Modified": "Sat, 12 Mar 2022 09:00:00 GMT"}


# --- documents --------------------------------------------------------------------------------------------------------


def rss(items: str, *, before: str = "") -> bytes:
    channel = f"<channel><title>A feed</title>{items}</channel>"
    return f'<?xml version="1.0"?>{before}<rss version="2.0">{channel}</rss>'.encode()


def item(number: int, text: str = "") -> str:
    return f"<item><title>News {number}</title><guid>{number}</guid><description>{text}</description></item>"


def laughing() -> bytes:
    """A billion laughs."""
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return rss("<item><title>&l9;</title></item>", before=f'<!DOCTYPE rss [<!ENTITY l0 "lol">{entities}]>')


def quadratic() -> bytes:
    """One long entity, many times."""
    return rss(f"<item><title>{'&a;' * 20_000}</title></item>", before=f'<!DOCTYPE rss [<!ENTITY a "{"a" * 50_000}">]>')


def external(target: str) -> bytes:
    """An entity that is a file, or a page."""
    return rss("<item><title>&x;</title></item>", before=f'<!DOCTYPE rss [<!ENTITY x SYSTEM "{target}">]>')


def wide() -> bytes:
    attributes = " ".join(f'a{n}="1"' for n in range(100_000))
    return rss(f"<item {attributes}><title>x</title></item>")


def deep() -> bytes:
    return rss("<item><title>" + "<b>" * 200_000)


def deflate_bomb() -> bytes:
    deflater = zlib.compressobj(9)
    return b"".join([*(deflater.compress(bytes(MIB)) for _ in range(64)), deflater.flush()])


# --- what a server may do with a connection ---------------------------------------------------------------------------


def drip_headers(wire: Wire, _asked: Asked) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    wire.drip(b"a" * 2_000, every_s=0.1)


def drip_body(wire: Wire, _asked: Asked) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n")
    wire.drip(b"a" * 2_000, every_s=0.1)


def endless_body(wire: Wire, _asked: Asked) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\n\r\n")
    wire.pour(b"<item>" * 10_000)


def endless_chunks(wire: Wire, _asked: Asked) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    wire.pour(b"8\r\n<item>  \r\n" * 1_000)


def endless_headers(wire: Wire, _asked: Asked) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\n")
    wire.pour(b"X-More: and more\r\n" * 100)


def silence(wire: Wire, _asked: Asked) -> None:
    wire.wait_for_hangup()


def early_close(wire: Wire, _asked: Asked) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Le")


def bomb(encoding: str, body: bytes) -> bytes:
    return reply(200, body, {**HEADERS, "Content-Encoding": encoding})


def evil_replies(elsewhere: str) -> dict[str, Answer]:
    """Every kind; ``elsewhere`` is an address that nobody may ask."""
    whole = rss(item(1))
    many = [("X-Header", "v" * 40)] * 5_000
    return {
        # trust: D05
        "headers drip": drip_headers, "body drips": drip_body, "body without end": endless_body,
        "chunks without end": endless_chunks, "headers without end": endless_headers, "silence": silence,
        "header of 2 MB": reply(200, whole, {"X-Long": "a" * 2 * MIB}), "5,000 headers": reply(200, whole, many),
        # trust: D04
        "gzip bomb": bomb("gzip", gzip_bomb(2_000)), "members of gzip": bomb("gzip", many_member_bomb(500)),
        "gzip twice": bomb("gzip, gzip", gzip.compress(gzip_bomb(64))), "deflate bomb": bomb("deflate", deflate_bomb()),
        "brotli": bomb("br", b"\x5b\xff\xff\x03\x00" * 1_000), "zstd": bomb("zstd", b"\x28\xb5\x2f\xfd" * 1_000),
        # trust: D03
        "larger than the limit": reply(200, b" " * 11 * MIB, HEADERS),
        "longer than it says": reply(200, whole + b"x" * MIB, HEADERS, length=20),
        "shorter than it says": reply(200, whole, HEADERS, length=len(whole) + 1_000),
        # trust: C12, D06
        "redirects to itself": redirect(302, "/"), "redirect to a private address": redirect(301, elsewhere),
        "redirect to a file": redirect(301, "file:///etc/passwd"),
        # not HTTP
        "HTTP 0.9": whole, "garbage": sending(os.urandom(2_000) + b"\r\n\r\n"), "nothing at all": b"",
        "closed early": early_close,
        # trust: D12, D26
        "empty": reply(200, b"", HEADERS), "a file's name": reply(200, b"/etc/passwd", HEADERS),
        "a device's name": reply(200, b"/dev/zero", HEADERS), "an address": reply(200, elsewhere.encode(), HEADERS),
        "a web page": reply(200, b"<!doctype html><html><title>Hello</title></html>", HEADERS),
        "an error in JSON": reply(200, b'{"error": "no such feed"}', HEADERS),
        "a wrong charset": reply(200, whole, {**HEADERS, "Content-Type": "text/xml; charset=utf-7"}),
        # trust: D01, D02
        "billion laughs": reply(200, laughing(), HEADERS), "quadratic entities": reply(200, quadratic(), HEADERS),
        "entity of a file": reply(200, external("file:///etc/passwd"), HEADERS),
        "entity of a page": reply(200, external(elsewhere), HEADERS),
        "100,000 attributes": reply(200, wide(), HEADERS), "depth of 200,000": reply(200, deep(), HEADERS),
    }  # fmt: skip


def new_each_time(document: Callable[[int], bytes]) -> Answer:
    """A server's answer: another document at each request, with its own ETag."""
    numbers = itertools.count(1)

    def answer(wire: Wire, _asked: Asked) -> None:
        number = next(numbers)
        wire.send(reply(200, document(number), {**HEADERS, "ETag": f'"{number}"'}))

    return answer


def good_replies() -> dict[str, Answer]:
    """Feeds that have something new at each request."""
    return {f"good {n}": new_each_time(lambda number: rss(item(number))) for n in range(5)}


def large_replies() -> dict[str, Answer]:
    """Within the limits, at least of bytes: read, or refused in a sentence."""
    return {
        "9 MB": new_each_time(lambda n: rss("".join(item(i, f"{n} " + "text " * 18_000) for i in range(100)))),
        "50,000 items": new_each_time(lambda n: rss("".join(item(i, str(n)) for i in range(50_000)))),
    }


# --- a run of all -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Exhibition:
    """What is known after the rounds: the feeds' rows, and what the program held after each round."""

    feeds: dict[str, Feed]
    held: list[dict[str, int]]
    evil: list[str]
    was_asked_elsewhere: bool


@pytest.fixture(scope="module")
def shown(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Exhibition:
    return exhibit(sqlite_template, tmp_path_factory.mktemp("evil"))


def exhibit(template: Path, folder: Path) -> Exhibition:
    """All kinds, read in one round and in some more."""
    database = folder / "evil.sqlite"
    shutil.copyfile(template, database)
    store = Store(f"sqlite:///{database}")
    with contextlib.ExitStack() as stack:
        elsewhere = stack.enter_context(HttpServer())
        evil = evil_replies(f"http://127.0.0.2:{elsewhere.port}/secret")
        with store.write() as tx:
            for name, answer in {**evil, **large_replies(), **good_replies()}.items():
                url = stack.enter_context(HttpServer()).on("/", answer)
                add_feed(tx, NewFeed(url=url, name=name), now=utc_now())
        held = run_rounds(database)
        with store.read() as tx:
            feeds = {feed.name: feed for feed in list_feeds(tx)}
        store.close()
        return Exhibition(feeds, held, list(evil), bool(elsewhere.asked))


def run_rounds(database: Path) -> list[dict[str, int]]:
    """The program."""
    done = subprocess.run(
        [sys.executable, str(RUNNER), str(database), str(ROUNDS + 1)],
        env=dict(os.environ), capture_output=True, text=True, timeout=800, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_evil_reply_ends_in_one_sentence(shown: Exhibition) -> None:
    # trust: D01, D02, D03, D04, D05, D06, D12, D26
    for name in shown.evil:
        feed = shown.feeds[name]
        assert feed.poll.failing_since is not None, f"{name}: was read as a feed"
        assert feed.poll.problem, name
        said = sentence(feed.poll.problem)
        assert len(said.splitlines()) == 1, f"{name}: {said}"
        assert len(said) < 300, f"{name}: {said}"


def test_no_evil_reply_s_validators_are_kept(shown: Exhibition) -> None:
    # trust: D12
    kept = {
        name: shown.feeds[name].poll.validators
        for name in shown.evil
        if shown.feeds[name].poll.validators != Validators()
    }
    assert not kept
    assert not [name for name in shown.evil if shown.feeds[name].poll.body_hash]


def test_the_good_feeds_beside_them_are_read_in_every_round(shown: Exhibition) -> None:
    # trust: D07
    for name in good_replies():
        feed = shown.feeds[name]
        assert feed.poll.problem is None, feed.poll.problem
        assert feed.poll.validators.etag == f'"{ROUNDS + 1}"', "not read in every round"


def test_large_feeds_are_read_or_refused_in_a_sentence(shown: Exhibition) -> None:
    # trust: D03
    for name in large_replies():
        feed = shown.feeds[name]
        assert feed.poll.validators.etag == f'"{ROUNDS + 1}"' or feed.poll.problem, name


def test_no_address_out_of_a_document_or_a_redirect_is_asked(shown: Exhibition) -> None:
    # trust: D01, D06, D26
    assert not shown.was_asked_elsewhere


def test_nothing_is_left_over_after_more_rounds(shown: Exhibition) -> None:
    # trust: D04, F07
    first, *_, last = shown.held
    assert len(shown.held) == ROUNDS + 1
    assert last["threads"] <= first["threads"]
    assert last["files"] <= first["files"]
    growth = last["memory"] - first["memory"]
    assert growth < GROWTH_BYTES, f"memory after each round, MiB: {[one['memory'] // MIB for one in shown.held]}"
