"""What delivering costs beside the bare clients: 1,000 mails and 1,000 webhooks to receivers on loopback.

The floor: each mail put together with email.message (text and HTML, the size of ours) and sent by smtplib over one
connection in each thread; each webhook posted with httpx.Client. No outbox, no templates, no signatures, nothing
remembered. Medians of several rounds, and ratios.

    python benchmarks/deliver.py [--messages 1000] [--rounds 3]
"""

import argparse
import json
import smtplib
import statistics
import tempfile
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import httpx

from loopback import running
from reformwatch.channels.webhook import new_secret
from reformwatch.documents.feed import make_entry
from reformwatch.matching.index import TopicIndex, compile_topic
from reformwatch.model.entry import ParsedFeed
from reformwatch.model.feed import Fetched, NewFeed, Validators
from reformwatch.model.subscriber import ChannelKind, NewSubscriber
from reformwatch.model.topic import NewTopic
from reformwatch.planning.poll_plan import Reply, plan_reply
from reformwatch.planning.schedule import PollPolicy
from reformwatch.planning.stories import stories_of
from reformwatch.settings import build_settings
from reformwatch.store import plans
from reformwatch.store.feeds import add_feed, claim
from reformwatch.store.subscribers import add_subscriber, find_subscriber, remove_subscriber
from reformwatch.store.topics import add_topic, list_topics
from reformwatch.wiring.basics import build_router, create_store, new_unsubscribe_token, utc_now
from reformwatch.wiring.tools import Tools

THREADS = 8
TEXT, HTML = "text " * 140, "<p>text</p>" * 190


def bare_mail(number: int) -> EmailMessage:
    """A mail as the standard library makes it."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = "a@reformwatch.example", "b@example.org"
    mail["Subject"], mail["Message-ID"] = f"Akims elected in village {number}", f"<{number}@reformwatch.example>"
    mail.set_content(TEXT)
    mail.add_alternative(HTML, subtype="html")
    return mail


def bare_mails(port: int, messages: int) -> float:
    """Seconds for the bare SMTP client."""
    local = threading.local()
    opened: list[smtplib.SMTP] = []

    def send(number: int) -> None:
        if not hasattr(local, "smtp"):
            local.smtp = smtplib.SMTP("127.0.0.1", port)
            opened.append(local.smtp)
        local.smtp.send_message(bare_mail(number))

    started = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(send, range(messages)))
    for smtp in opened:
        smtp.quit()
    return time.perf_counter() - started


def bare_hooks(port: int, messages: int) -> float:
    """Seconds for the bare HTTP client."""
    body = json.dumps({"type": "alert.story", "data": "x" * 2000}).encode()
    started = time.perf_counter()
    with httpx.Client(trust_env=False) as client, ThreadPoolExecutor(THREADS) as threads:
        list(
            threads.map(
                lambda _: client.post(f"http://127.0.0.1:{port}/", content=body).raise_for_status(), range(messages)
            )
        )
    return time.perf_counter() - started


def ours(channel: ChannelKind, told: dict[str, Any], messages: int) -> float:
    """Seconds for claim, render, sign, send and settle of as many deliveries to one subscriber."""
    with tempfile.TemporaryDirectory() as folder:
        settings = build_settings(
            {
                "database": {"url": f"sqlite:///{folder}/bench.sqlite"},
                "http": {"allow_private": ["127.0.0.0/8"]},
                "smtp": {"host": "127.0.0.1", "port": told["smtp"], "tls": "none", "from": "a@reformwatch.example"},
            }
        )
        store = create_store(settings)
        address = "b@example.org" if channel is ChannelKind.EMAIL else f"http://127.0.0.1:{told['hook']}/"
        now = utc_now()
        with store.write() as tx:
            remove_subscriber(tx, find_subscriber(tx, "console").id)
            new = NewSubscriber(
                name="B",
                channel=channel,
                address=address,
                secret=new_secret(),
                unsubscribe_token=new_unsubscribe_token(),
            )
            add_subscriber(tx, new, now=now)
            add_topic(tx, NewTopic(slug="akims", name="Akims", queries={"any": "akim*"}), now=now)
            add_feed(tx, NewFeed(url="http://example.org/feed", name="Feed", backfill_days=1), now=now)
            _add_alerts(tx, messages)
        assert build_router(store).route_all() == messages
        tools = Tools(settings, store, owner="cli")
        started = time.perf_counter()
        report = tools.deliverer.deliver_due()
        took = time.perf_counter() - started
        assert report.sent == messages, report
        tools.close()
        store.close()
        return took


def _add_alerts(tx: Any, messages: int) -> None:
    now = utc_now()
    feed = claim(tx, [1], token="cli:x:1", now=now, lease=PollPolicy().min_interval)[0]
    made = (
        make_entry(
            guid=f"g{i}", link=f"http://example.org/{i}", base="http://example.org/", title=f"Akims elected in village {i}",
            summary="The first direct election of the akim of the village was held on Sunday. " * 4, content="", author="",
            tags=[], published=now,
        )
        for i in range(messages)
    )  # fmt: skip
    parsed = ParsedFeed(format="rss20", title="Feed", site_url=None, language="en", entries=tuple(e for e in made if e))
    fetched = Fetched(body=b"", body_hash="", url=feed.url, content_type=None, validators=Validators())
    snapshot = plans.snapshot(tx, feed, parsed.entries, now=now, stories_of=stories_of)
    policy = PollPolicy(burst_limit=10**9)
    reply = Reply(fetched=fetched, parsed=parsed)
    compiled = [compile_topic(topic.id, topic.slug, topic.queries) for topic in list_topics(tx)]
    plan = plan_reply(snapshot, reply, TopicIndex.of(compiled), policy=policy, now=now, jitter=0)
    alerts = plans.apply(tx, plan, now=now)
    assert alerts is not None
    assert len(alerts) == messages


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    rows: dict[str, list[tuple[float, float]]] = {"mails": [], "webhooks": []}
    with running("sinks") as told:
        for _ in range(given.rounds):
            rows["mails"].append(
                (bare_mails(told["smtp"], given.messages), ours(ChannelKind.EMAIL, told, given.messages))
            )
            rows["webhooks"].append(
                (bare_hooks(told["hook"], given.messages), ours(ChannelKind.WEBHOOK, told, given.messages))
            )
        with urllib.request.urlopen(f"http://127.0.0.1:{told['hook']}/", timeout=10) as reply:
            counts = json.load(reply)
    assert counts == {"mails": 2 * given.messages * given.rounds, "hooks": 2 * given.messages * given.rounds}, counts
    print(f"{given.messages} messages, {THREADS} threads, medians of {given.rounds} rounds; all arrived, each once\n")
    print(f"{'':10} {'bare s':>8} {'ours s':>8} {'ratio':>6} {'ours a second':>14}")
    for name, pairs in rows.items():
        bare, mine = (statistics.median(pair[i] for pair in pairs) for i in (0, 1))
        print(f"{name:10} {bare:8.2f} {mine:8.2f} {mine / bare:6.2f} {given.messages / mine:14.0f}")


if __name__ == "__main__":
    main()
