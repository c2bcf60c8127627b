"""What the parser's worker processes are given to do in tests: a module of its own, so that a worker imports little."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reformwatch.documents.feed import parse_feed
from reformwatch.model.entry import ParsedFeed, Unreadable
from reformwatch.model.problem import Problem, ProblemCode

_Deeds = dict[bytes, Callable[[], object]]


def parse_as_told(body: bytes, *, url: str, content_type: str | None) -> ParsedFeed | Unreadable:
    """Does what the document says: hang, spin, die, hog, raise, tell who or of whom it is; else a feed so named."""
    deeds: _Deeds = {
        b"hang": lambda: threading.Event().wait(),
        b"spin": _spin,
        b"die": lambda: os.kill(os.getpid(), signal.SIGKILL),
        b"segfault": lambda: os.kill(os.getpid(), signal.SIGSEGV),
        b"exit": lambda: os._exit(3),
        b"hog": _hog,
        b"raise": _raise,
    }
    if body in deeds:
        deeds[body]()
    title = {b"who": str(os.getpid()), b"of whom": str(os.getppid())}.get(body, body.decode())
    return ParsedFeed(format="test", title=title, site_url=url, language=content_type, entries=())


def _spin() -> None:
    while True:
        time.perf_counter()


def _hog() -> None:
    held = []
    while True:
        held.append(bytearray(64 << 20))


def _raise() -> None:
    raise LookupError("a parser's bug")


_TOUCHED: list[str] = []


def parse_under_watch(body: bytes, *, url: str, content_type: str | None) -> ParsedFeed | Unreadable:
    """The real parser with an audit hook beside it; the outcome's reason says what it touched. # trust: D26."""
    parse_feed(b"<rss version='2.0'><channel/></rss>", url="http://example.org/", content_type=None)
    if not _TOUCHED:
        sys.addaudithook(_note)
    _TOUCHED[:] = ["watching"]
    if body == b"open a file, please":
        Path(os.devnull).read_bytes()
    outcome = parse_feed(body, url=url, content_type=content_type)
    touched = _TOUCHED[1:]
    said = outcome.problem.code.value if isinstance(outcome, Unreadable) else "a feed"
    return Unreadable(problem=Problem.of(ProblemCode.UNKNOWN, text=f"touched {touched}: {said}"))


def _note(event: str, args: tuple[Any, ...]) -> None:
    if event in {"open", "socket.connect", "socket.getaddrinfo", "os.listdir", "urllib.Request"}:
        _TOUCHED.append(f"{event} {str(args[0])!r}")
