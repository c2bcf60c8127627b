"""A small world on loopback for end-to-end tests: feeds, a webhook receiver, a mail server; and the daemon in it."""

import contextlib
import email
import hashlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default as default_policy
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from reformwatch.channels.webhook import new_secret
from reformwatch.model.feed import NewFeed
from reformwatch.model.subscriber import ChannelKind, NewSubscriber, Pause, PauseCode
from reformwatch.model.topic import NewTopic
from reformwatch.settings import Settings, load_settings
from reformwatch.store.feeds import add_feed
from reformwatch.store.subscribers import add_subscriber, find_subscriber, pause
from reformwatch.store.topics import add_topic
from reformwatch.wiring.basics import create_store, new_unsubscribe_token, utc_now
from reformwatch.wiring.tools import Tools
from servers import SmtpOnSocket


@dataclass
class Hit:
    """A request that arrived."""

    path: str
    headers: dict[str, str]
    status: int


@dataclass
class House:
    """Feeds by path (title of entries), and all that was received."""

    feeds: dict[str, list[str]] = field(default_factory=dict)
    hits: list[Hit] = field(default_factory=list)
    hooks: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    hook_status: int = 200
    hold: threading.Event = field(default_factory=threading.Event)
    base: str = ""
    smtp_port: int = 0

    def document(self, path: str) -> bytes:
        """The feed at a path as RSS."""
        items = "".join(
            f"<item><title>{escape(title)}</title><guid>{path}-{i}</guid><link>{self.base}{path}/{i}</link></item>"
            for i, title in enumerate(self.feeds[path])
        )
        channel = f"<channel><title>Feed {path}</title>{items}</channel>"
        return f'<?xml version="1.0"?><rss version="2.0">{channel}</rss>'.encode()

    def hook_ids(self) -> Counter[str]:
        """How often each webhook-id was received."""
        return Counter(headers["webhook-id"] for headers, _ in self.hooks)

    def mail_ids(self) -> Counter[str]:
        """How often each Message-ID was received."""
        return Counter(str(mail["Message-ID"]) for mail in self.parsed_mails())

    def parsed_mails(self) -> list[EmailMessage]:
        """The mails, parsed."""
        found = []
        for raw in list(self.mails):
            mail = email.message_from_bytes(raw, policy=default_policy)
            assert isinstance(mail, EmailMessage)
            found.append(mail)
        return found

    def hook_headlines(self) -> set[str]:
        """The headlines the webhook was told."""
        return {json.loads(body)["data"]["story"]["headline"] for _, body in list(self.hooks)}

    def mail_subjects(self) -> set[str]:
        """The subjects of the mails."""
        return {str(mail["Subject"]) for mail in self.parsed_mails()}


#: Ports of this process of tests alone, below those that a system gives to whoever asks for any.
_OWN_PORTS = itertools.cycle(20_000 + os.getpid() % 100 * 100 + number for number in range(100))


def free_port() -> int:
    """A port that is free, for a daemon that will listen on it: nobody else will be given it by chance meanwhile."""
    for port in itertools.islice(_OWN_PORTS, 100):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


@contextlib.contextmanager
def open_house() -> Iterator[House]:
    """Serve it."""
    house = House()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = house.document(self.path) if self.path in house.feeds else b"not here"
            etag = f'"{hashlib.sha256(body).hexdigest()[:12]}"'
            status = 404 if self.path not in house.feeds else 304 if self.headers.get("If-None-Match") == etag else 200
            house.hits.append(Hit(self.path, {k.lower(): v for k, v in self.headers.items()}, status))
            shown = b"" if status == 304 else body
            self.send_response(status)
            if status != 404:
                self.send_header("ETag", etag)
            self.send_header("Content-Length", str(len(shown)))
            self.end_headers()
            self.wfile.write(shown)

        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length", "0"))
            body = self.rfile.read(size)
            if len(body) < size:
                return  # whoever sent it was killed in the middle
            if self.path == "/held":
                house.hold.wait(60)
            house.hooks.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(house.hook_status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
            """Quiet."""

    class Mailbox:
        async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
            house.mails.append(bytes(envelope.content))
            return "250 kept"

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that was killed is no error of ours."""

    server = Server(("127.0.0.1", 0), Handler)
    house.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    smtp = SmtpOnSocket(Mailbox(), listener=socket.create_server(("127.0.0.1", 0)))
    smtp.start()
    house.smtp_port = smtp.port
    try:
        yield house
    finally:
        house.hold.set()
        smtp.stop()
        server.shutdown()
        server.server_close()


@dataclass
class Desk:
    """A folder with a configuration, and commands run in it as a person would."""

    folder: Path
    house: House
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """No setting but ours."""
        base = {name: value for name, value in os.environ.items() if not name.startswith("REFORMWATCH_")}
        return base | {
            "HOME": str(self.folder),
            "NO_COLOR": "1",
            "REFORMWATCH_DATABASE__URL": f"sqlite:///{self.folder / 'db.sqlite'}",
            "REFORMWATCH_HTTP__ALLOW_PRIVATE": '["127.0.0.0/8"]',
            "REFORMWATCH_HTTP__PER_HOST_GAP_S": "0",
            "REFORMWATCH_POLL__TICK_S": "0.2",
            "REFORMWATCH_POLL__MIN_INTERVAL_S": "0.25",  # less than a start takes: what was polled is due again
            "REFORMWATCH_POLL__MAX_INTERVAL_S": "0.25",
            "REFORMWATCH_ALERTS__BURST_LIMIT": "1000",
            "REFORMWATCH_SMTP__HOST": "127.0.0.1",
            "REFORMWATCH_SMTP__PORT": str(self.house.smtp_port),
            "REFORMWATCH_SMTP__TLS": "none",
            "REFORMWATCH_SMTP__FROM": "alerts@reformwatch.example",
            **self.extra,
        }

    def settings(self) -> Settings:
        """What the daemon will read."""
        before = dict(os.environ)
        os.environ |= self.environment
        try:
            return load_settings(None)
        finally:
            os.environ.clear()
            os.environ |= before

    def run(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command; its exit code must be the expected one."""
        done = subprocess.run(
            [sys.executable, "-m", "reformwatch", *arguments],
            env=self.environment, cwd=self.folder, capture_output=True, text=True, timeout=200, check=False,
        )  # fmt: skip
        assert done.returncode == code, f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def json(self, *arguments: str) -> Any:
        """What a command prints with --json."""
        return json.loads(self.run(*arguments, "--json").stdout)

    @contextlib.contextmanager
    def daemon(self, *arguments: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
        """A daemon under way; killed at the end if it still runs."""
        log = (self.folder / f"daemon-{time.monotonic_ns()}.log").open("w", encoding="utf-8")
        with log:
            process = subprocess.Popen(
                [sys.executable, "-m", "reformwatch", "run", *arguments],
                env=self.environment | variables, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=log, text=True,
            )  # fmt: skip
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGKILL)
                process.wait(60)

    def log(self) -> str:
        """All that daemons wrote so far."""
        return "".join(path.read_text(encoding="utf-8") for path in sorted(self.folder.glob("daemon-*.log")))


def until(condition: Callable[[], bool], *, what: str, within_s: float = 120) -> None:
    """Wait for something to become true; it is an error if it does not in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s} s: {what}")
        time.sleep(0.02)


def set_up(desk: Desk, *, feeds: int = 1, hook: str = "/hook") -> None:
    """Feeds with one old entry each, a topic, a mail and a webhook subscriber, and the baseline taken.

    In this process, with the program's own parts: the commands that do the same have tests of their own.
    """
    settings = desk.settings()
    store = create_store(settings)
    now = utc_now()
    with store.write() as tx:
        pause(tx, find_subscriber(tx, "console").id, because=Pause(code=PauseCode.OPERATOR))
        add_topic(tx, NewTopic(slug="akims", name="Akims", queries={"any": "akim*"}), now=now)
        for name, channel, address, secret in (
            ("Mail", ChannelKind.EMAIL, "reader@example.org", None),
            ("Hook", ChannelKind.WEBHOOK, f"{desk.house.base}{hook}", new_secret()),
        ):
            token = new_unsubscribe_token()
            new = NewSubscriber(name=name, channel=channel, address=address, secret=secret, unsubscribe_token=token)
            add_subscriber(tx, new, now=now)
        for i in range(feeds):
            desk.house.feeds[f"/feed{i}"] = [f"An old entry of feed {i} about nothing"]
            add_feed(tx, NewFeed(url=f"{desk.house.base}/feed{i}", name=f"f{i}"), now=now)
    tools = Tools(settings, store, owner="cli")
    tools.poller.poll_due(is_once=True)  # where polling takes longer than the interval, something is always due
    tools.close()
    store.close()


def publish(house: House, count: int, *, feeds: int = 1, word: str = "Akims") -> set[str]:
    """Put new matching entries into the feeds; their titles."""
    titles = {f"{word} elected in village number {i} of the region" for i in range(count)}
    for i, title in enumerate(sorted(titles)):
        path = f"/feed{i % feeds}"
        house.feeds[path] = [*house.feeds[path], title]
    return titles
