"""Services: a pack into the database: new things added, what nobody edited brought up to date, the rest kept."""

from dataclasses import dataclass, field
from datetime import datetime

from msgspec.structs import asdict, replace

from reformwatch.errors import NotFound
from reformwatch.model.topic import NewTopic
from reformwatch.services.pack_files import Pack, fingerprint
from reformwatch.store import Tx
from reformwatch.store.feeds import add_feed
from reformwatch.store.topics import add_topic, change_topic, find_topic, pack_hash_of


@dataclass(kw_only=True)
class PackReport:
    """What an installation did, by name."""

    feeds_added: list[str] = field(default_factory=list)
    topics_added: list[str] = field(default_factory=list)
    topics_updated: list[str] = field(default_factory=list)
    topics_kept: list[str] = field(default_factory=list)

    @property
    def has_changed(self) -> bool:
        """Whether anything was written."""
        return bool(self.feeds_added or self.topics_added or self.topics_updated)


def install_pack(tx: Tx, pack: Pack, *, now: datetime) -> PackReport:
    """Install or update a pack; a second time changes nothing."""
    report = PackReport()
    for feed in pack.feeds:
        if add_feed(tx, feed, now=now):
            report.feeds_added.append(feed.name or feed.url)
    for topic in pack.topics:
        _install_topic(tx, topic, report, now=now)
    return report


def _install_topic(tx: Tx, topic: NewTopic, report: PackReport, *, now: datetime) -> None:
    wanted = fingerprint(topic)
    try:
        stored = find_topic(tx, topic.slug)
    except NotFound:
        add_topic(tx, topic, now=now, pack_hash=wanted)
        report.topics_added.append(topic.slug)
        return
    current = fingerprint(stored)
    if current == wanted:
        return
    if current != pack_hash_of(tx, topic.slug):
        report.topics_kept.append(topic.slug)
        return
    told = {name: value for name, value in asdict(topic).items() if name != "pack"}
    change_topic(tx, replace(stored, **told), now=now, pack_hash=wanted)
    report.topics_updated.append(topic.slug)
