"""Services: packs: listed, shown, exported; installed: new things added, what nobody edited updated, the rest kept."""

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
    except (OSError, UnicodeError) as no:
        raise BadInput(f"pack {which}: can't be read ({no})") from None
    return read_pack(text, source=which)


def list_builtin() -> list[PackView]:
    """The packs that come with the program."""
    packs = map(load_builtin, builtin_names())
    return [
        PackView(slug=p.slug, name=p.name, version=p.version, feeds=len(p.feeds), topics=len(p.topics)) for p in packs
    ]


def show(which: str) -> PackDetailView:
    """What a pack holds. Raises as :func:`load`."""
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
    for wanted in topics:
        if wanted not in {topic.slug for topic in chosen}:
            raise NotFound(f"topic {wanted!r}: there is none; see `reformwatch topic list`")
    return write_pack(slug=slug, name=name or slug, feeds=feeds, topics=chosen)


def install(store: Store, pack: Pack, *, now: datetime) -> PackInstalledView:
    """Install or update a pack; a second time changes nothing. What somebody has edited stays as it is."""
    with store.write() as tx:
        feeds = [feed.name or feed.url for feed in pack.feeds if add_feed(tx, feed, now=now)]
        deeds = [(topic.slug, _install_topic(tx, topic, now=now)) for topic in pack.topics]
    return PackInstalledView(
        feeds_added=tuple(feeds),
        topics_added=_done(deeds, _Deed.ADDED),
        topics_updated=_done(deeds, _Deed.UPDATED),
        topics_kept=_done(deeds, _Deed.KEPT),
    )


class _Deed(Enum):
    """What became of a pack's topic."""

    ADDED = auto()
    UPDATED = auto()
    KEPT = auto()
    SAME = auto()


def _done(deeds: Sequence[tuple[str, _Deed]], wanted: _Deed) -> tuple[str, ...]:
    return tuple(slug for slug, deed in deeds if deed is wanted)


def _install_topic(tx: Tx, topic: NewTopic, *, now: datetime) -> _Deed:
    wanted = fingerprint(topic)
    try:
        stored = find_topic(tx, topic.slug)
    except NotFound:
        add_topic(tx, topic, now=now, pack_hash=wanted)
        return _Deed.ADDED
    current = fingerprint(stored)
    if current == wanted:
        return _Deed.SAME
    if current != pack_hash_of(tx, topic.slug):
        return _Deed.KEPT
    fields = {name: value for name, value in asdict(topic).items() if name != "pack"}
    change_topic(tx, replace(stored, **fields), now=now, pack_hash=wanted)
    return _Deed.UPDATED
