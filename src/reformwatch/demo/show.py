"""Porch: the demo's steps, and what it writes to the terminal."""

import email
import json
import os
import shutil
import socket
import sys
import tempfile
import threading
import time
from email.message import EmailMessage
from email.policy import default as default_policy
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from reformwatch.channels.webhook import new_secret, sign
from reformwatch.demo.newsroom import OUTLETS, Newsroom
from reformwatch.messages.catalogues import ENGLISH
from reformwatch.messages.log_lines import poll_line
from reformwatch.messages.reasons import why_suppressed
from reformwatch.model.entry import EntryStatus
from reformwatch.model.feed import Feed, FeedKind, NewFeed
from reformwatch.model.plan import NewEntry, PollPlan
from reformwatch.model.subscriber import ChannelKind, NewSubscriber
from reformwatch.services.demo import set_up
from reformwatch.services.feeds import list_feeds
from reformwatch.services.packs import load_builtin
from reformwatch.settings import build_settings
from reformwatch.text import printable
from reformwatch.wiring.basics import DEFAULT_SUBSCRIBER, create_store, new_unsubscribe_token, utc_now
from reformwatch.wiring.tools import Tools

_READER = "aliya@newsdesk.example"
_SENDER = "alerts@reformwatch.example"


class _Mailbox:
    """A handler for aiosmtpd that stores all mails."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.mails.append(bytes(envelope.content))
        return "250 kept"


def run_demo(*, keep: bool) -> None:
    """Poll the demo's feeds, match, alert and deliver, and write each step to standard output."""
    started = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="reformwatch-demo-"))
    newsroom, mailbox = Newsroom(), _Mailbox()
    smtp = Controller(mailbox, hostname="127.0.0.1", port=_free_port())
    smtp.start()
    try:
        _Demo(folder, newsroom, mailbox, smtp.port).run(keep=keep, started=started)
    finally:
        smtp.stop()
        newsroom.close()
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    """A TCP port that is free at the moment: aiosmtpd takes no port 0."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _Demo:
    def __init__(self, folder: Path, newsroom: Newsroom, mailbox: _Mailbox, smtp_port: int) -> None:
        self.out = Console(file=sys.stdout, highlight=False, soft_wrap=True)
        self.folder, self.newsroom, self.mailbox, self.smtp_port = folder, newsroom, mailbox, smtp_port
        self.settings = build_settings(
            {
                "database": {"url": f"sqlite:///{folder / 'reformwatch.sqlite'}"},
                "http": {
                    "contact": "mailto:demo@reformwatch.example",
                    "allow_private": ["127.0.0.0/8"],
                    "per_host_gap_s": 0,
                },
                "smtp": {"host": "127.0.0.1", "port": smtp_port, "tls": "none", "from": _SENDER},
            }
        )
        self.secret = new_secret()
        self.store = create_store(self.settings)
        self.alerts = 0

    def run(self, *, keep: bool, started: float) -> None:
        self._act("1", f"A newsroom opens on {self.newsroom.base}: five invented outlets in four languages")
        tools = Tools(self.settings, self.store, owner="daemon", on_polled=self._on_polled)
        try:
            self._set_up()
            self._act("3", "First poll: the baseline. What is there already is stored, nobody is notified")
            tools.poller.poll_due(threading.Event())
            self.newsroom.edition = 2
            self._act("4", "News comes in. Second poll: new entries are held against the eight topics")
            ids = sorted(feed.id for feed in list_feeds(self.store, now=utc_now()))
            for feed_id in ids:  # one by one, so that the lines come in the same order each time
                tools.poller.poll_feeds([feed_id])
            self._act("5", "The outbox is delivered")
            tools.deliverer.deliver_due(threading.Event())
            self._show_mails()
            self._show_webhooks()
            self._act("6", "Third poll: the newsroom has nothing new, and says so with 304; nobody is notified twice")
            tools.poller.poll_feeds(ids)
            report = tools.deliverer.deliver_due(threading.Event())
            self._say(f"{self._count(304)} conditional requests answered 304, {report.sent} messages sent")
        finally:
            tools.close()
            self.store.close()
        self._end(keep=keep, took_s=time.monotonic() - started)

    def _set_up(self) -> None:
        feeds = [
            NewFeed(
                url=f"{self.newsroom.base}/{outlet.path}.rss",
                name=outlet.name,
                kind=FeedKind(outlet.kind),
                language=outlet.language,
            )
            for outlet in OUTLETS
        ]
        set_up(
            self.store,
            load_builtin("kazakhstan"),
            feeds=feeds,
            subscribers=self._subscribers(),
            instead_of=DEFAULT_SUBSCRIBER,
            now=utc_now(),
        )
        self._act("2", "Two subscribers: Aliya by e-mail on all topics, a bot by webhook on mayoral elections")

    def _subscribers(self) -> tuple[NewSubscriber, NewSubscriber]:
        reader = NewSubscriber(
            name="Aliya",
            channel=ChannelKind.EMAIL,
            address=_READER,
            timezone="Asia/Almaty",
            unsubscribe_token=new_unsubscribe_token(),
        )
        bot = NewSubscriber(
            name="newsdesk bot",
            channel=ChannelKind.WEBHOOK,
            address=f"{self.newsroom.base}/hook",
            secret=self.secret,
            topics=("mayoral-elections",),
            unsubscribe_token=new_unsubscribe_token(),
        )
        return reader, bot

    def _on_polled(self, feed: Feed, plan: PollPlan) -> None:
        self.out.print(Text.assemble(("    GET ", "cyan"), f"{feed.name}: {poll_line(feed, plan)}"))
        for new in plan.entries:
            if new.status is not EntryStatus.BASELINE:
                self._show_entry(new)
        self.alerts += len(plan.alerts)

    def _show_entry(self, new: NewEntry) -> None:
        if not new.matches:
            self.out.print(Text(f"        · {printable(new.entry.title)}: matches no topic", style="dim"))
            return
        style = "bold yellow" if not new.suppressed else "dim"
        self.out.print(Text.assemble("        ", ("● ", style), (printable(new.entry.title), style)))
        for match in new.matches:
            words = ", ".join(dict.fromkeys(e.word for e in match.evidence))
            self.out.print(
                Text.assemble(
                    "          matches ", (match.slug, "green"), f" ({match.strength.value}): {printable(words)}"
                )
            )
        for code in dict.fromkeys(suppression.code for suppression in new.suppressed):
            why = why_suppressed(code, ENGLISH, published=new.entry.published, first_seen=utc_now())
            self.out.print(Text(f"          not notified: {why}", style="magenta"))

    def _show_mails(self) -> None:
        for raw in self.mailbox.mails:
            mail = email.message_from_bytes(raw, policy=default_policy)
            assert isinstance(mail, EmailMessage)  # noqa: S101 - what the default policy makes
            self.out.print(
                Text.assemble(("    MAIL ", "green"), f"to {mail['To']}: ", (printable(str(mail["Subject"])), "bold"))
            )
        if self.mailbox.mails:
            mail = email.message_from_bytes(self.mailbox.mails[0], policy=default_policy)
            assert isinstance(mail, EmailMessage)  # noqa: S101 - what the default policy makes
            body = mail.get_body(("plain",))
            text = body.get_content().replace("\r", "") if body else ""
            title = f"the first of {len(self.mailbox.mails)} mails"
            width = min(100, self.out.width)
            framed = Console(file=sys.stdout, highlight=False, width=width)
            framed.print(Panel(Text(printable(text.strip())), title=title, width=width))
        for i, raw in enumerate(self.mailbox.mails, 1):
            (self.folder / f"mail-{i}.eml").write_bytes(raw)

    def _show_webhooks(self) -> None:
        for i, (headers, body) in enumerate(self.newsroom.received, 1):
            expected = sign(self.secret, headers["webhook-id"], int(headers["webhook-timestamp"]), body)
            verdict = (
                ("signature verified", "green")
                if headers["webhook-signature"] == expected
                else ("signature WRONG", "bold red")
            )
            payload = json.loads(body)
            headline = printable(payload["data"]["story"]["headline"])
            self.out.print(
                Text.assemble(("    HOOK ", "blue"), f"{payload['type']}: ", (headline, "bold"), " · ", verdict)
            )
            (self.folder / f"webhook-{i}.json").write_bytes(body)

    def _count(self, status: int) -> int:
        return sum(s == status for _, s in self.newsroom.requests)

    def _end(self, *, keep: bool, took_s: float) -> None:
        mails, hooks = len(self.mailbox.mails), len(self.newsroom.received)
        self.out.print()
        self._say(f"Done in {took_s:.1f} s: {self.alerts} alerts, {mails} mails, {hooks} webhooks, each story once.")
        if keep:
            database = f"REFORMWATCH_DATABASE__URL=sqlite:///{self.folder}/reformwatch.sqlite"
            self._say(f"Kept in {self.folder}: mail-*.eml, webhook-*.json, and the database. Look around:")
            for command in ("status", "alert list", "topic test mayoral-elections", "explain 7"):
                self._say(f"  {database} {_program()} {command}")
        else:
            self._say(
                f"Nothing is left behind; `{_program()} demo --keep` keeps mails, webhooks and database to look at."
            )
        self._say(f"For real: `{_program()} init` writes a configuration and installs the starter pack.")

    def _act(self, number: str, title: str) -> None:
        self.out.print()
        self.out.print(Text.assemble((f" {number} ", "reverse"), (f" {title}", "bold")))

    def _say(self, text: str) -> None:
        self.out.print(Text(f"    {text}"))


def _program() -> str:
    """The command's name or path, as it was typed."""
    typed = Path(sys.argv[0])
    on_path = shutil.which("reformwatch")
    if on_path and Path(on_path).resolve() == typed.resolve():
        return "reformwatch"
    return os.path.relpath(typed) if typed.name == "reformwatch" else "reformwatch"
