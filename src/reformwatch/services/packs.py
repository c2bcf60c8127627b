"""Services: packs: listed, shown, exported, installed. An installation never changes topics that somebody edited."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum, auto
from pathlib import Path

from msgspec.structs import asdict, replace

from reformwatch.errors import BadInput, NotFound
from reformwatch.model.topic import NewTopic
from reformwatch.packs import builtin_names, builtin_text
from reformwatch.services.pack_files import SLUG, Pack, fingerprint, read_pack, write_pack
from reformwatch.services.views import PackDetailView, PackFeedView, PackInstalledView, PackTopicView, PackView
from reformwatch.store import Store, Tx
from reformwatch.store.feeds import add_feed, list_feeds
from reformwatch.store.topics import add_topic, change_topic, find_topic, list_topics, pack_hash_of


def load_builtin(name: str) -> Pack:
    """A pack that comes with the program. Raises NotFound."""
    return read_pack(builtin_text(name), source=name)


def load(which: str) -> Pack:
    """A pack by its name, or by its file's path. Raises NotFound, BadInput or QueryError."""
    if which in builtin_names():
        return load_builtin(which)
    path = Path(which)
    if not path.is_file():
        raise NotFound(f"pack {which!r}: neither a file nor one of: {', '.join(builtin_names())}")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise BadInput(f"pack {which}: can't be read ({error})") from None
    return read_pack(text, source=which)


def list_builtin() -> list[PackView]:
    """The packs that come with the program."""
    packs = map(load_builtin, builtin_names())
    return [
        PackView(slug=p.slug, name=p.name, version=p.version, feeds=len(p.feeds), topics=len(p.topics)) for p in packs
    ]


def show(which: str) -> PackDetailView:
    """A pack's feeds and topics. Raises as :func:`load`."""
    pack = load(which)
    return PackDetailView(
        slug=pack.slug,
        name=pack.name,
        version=pack.version,
        description=pack.description,
        feeds=tuple(PackFeedView(name=f.name, url=f.url, kind=f.kind, language=f.language) for f in pack.feeds),
        topics=tuple(
            PackTopicView(slug=t.slug, name=t.name, kind=t.kind, queries=dict(t.queries)) for t in pack.topics
        ),
    )


def export(store: Store, slug: str, *, name: str | None = None, topics: Sequence[str] = ()) -> str:
    """All feeds, and these topics or all, as a pack's text. Raises BadInput for a bad slug, NotFound for a topic."""
    if not SLUG.fullmatch(slug):
        raise BadInput(f"{slug!r}: a pack's slug has small letters, digits and hyphens")
    with store.read() as tx:
        feeds, chosen = list_feeds(tx), [topic for topic in list_topics(tx) if not topics or topic.slug in topics]
    for topic_slug in topics:
        if topic_slug not in {topic.slug for topic in chosen}:
            raise NotFound(f"topic {topic_slug!r}: there is none; see `reformwatch topic list`")
    return write_pack(slug=slug, name=name or slug, feeds=feeds, topics=chosen)


def install(store: Store, pack: Pack, *, now: datetime) -> PackInstalledView:
    """Add a pack's new feeds and topics; update the topics that nobody has edited. A second call changes nothing."""
    with store.write() as tx:
        feeds = [feed.name or feed.url for feed in pack.feeds if add_feed(tx, feed, now=now)]
        outcomes = [(topic.slug, _install_topic(tx, topic, now=now)) for topic in pack.topics]
    return PackInstalledView(
        feeds_added=tuple(feeds),
        topics_added=_slugs(outcomes, _Outcome.ADDED),
        topics_updated=_slugs(outcomes, _Outcome.UPDATED),
        topics_kept=_slugs(outcomes, _Outcome.KEPT),
    )


class _Outcome(Enum):
    """The outcome of a topic's installation. KEPT: somebody has edited it; SAME: equal already."""

    ADDED = auto()
    UPDATED = auto()
    KEPT = auto()
    SAME = auto()


def _slugs(outcomes: Sequence[tuple[str, _Outcome]], which: _Outcome) -> tuple[str, ...]:
    return tuple(slug for slug, outcome in outcomes if outcome is which)


def _install_topic(tx: Tx, topic: NewTopic, *, now: datetime) -> _Outcome:
    pack_hash = fingerprint(topic)
    try:
        stored = find_topic(tx, topic.slug)
    except NotFound:
        add_topic(tx, topic, now=now, pack_hash=pack_hash)
        return _Outcome.ADDED
    current = fingerprint(stored)
    if current == pack_hash:
        return _Outcome.SAME
    if current != pack_hash_of(tx, topic.slug):
        return _Outcome.KEPT
    fields = {name: value for name, value in asdict(topic).items() if name != "pack"}
    change_topic(tx, replace(stored, **fields), now=now, pack_hash=pack_hash)
    return _Outcome.UPDATED
