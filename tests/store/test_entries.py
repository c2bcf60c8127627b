"""Store, the archive: text comes back as it went in, pages are found by any spelling of their address."""

from collections.abc import Callable
from datetime import timedelta, timezone

import pytest
import sqlalchemy as sa

from conftest import NOW
from reformwatch.errors import NotFound
from reformwatch.model.alert import AlertKind, NewAlert
from reformwatch.model.entry import Entry, EntryStatus, ParsedEntry
from reformwatch.model.feed import FeedKind, NewFeed, PollState
from reformwatch.model.notification import AlertTopic, Code, Suppressed
from reformwatch.model.plan import NewEntry, PollPlan
from reformwatch.model.subscriber import ChannelKind, NewSubscriber
from reformwatch.model.topic import Evidence, Match, NewTopic, Strength
from reformwatch.store import Store, Tx, plans, sql, tables
from reformwatch.store.entries import (
    all_entries,
    count_entries,
    entries_by_id,
    find_entries,
    matches_of,
    remove_entries_before,
    suppressed_of,
)
from reformwatch.store.feeds import add_feed, claim, find_feed
from reformwatch.store.subscribers import add_subscriber, remove_subscriber
from reformwatch.store.topics import add_topic
from routing_desk import a_router

FEED = NewFeed(url="https://egemen.kz/rss", name="Егемен Қазақстан", kind=FeedKind.OFFICIAL, language="kk")


def parsed(number: int, *, title: str = "", url: str | None = None, text: str = "") -> ParsedEntry:
    return ParsedEntry(
        key=f"guid:{number}",
        reuse_key=f"page:{number}",
        twin_key=f"twin:{number}",
        guid=f"guid-{number}",
        url=url,
        title=title or f"Title {number}",
        summary=text,
        content=text,
        author=text[:40],
        tags=(text[:20], "сайлау") if text else (),
        published=NOW - timedelta(hours=1),
        text_hash=f"hash-{number}",
    )


def archive(
    store: Store, *new: NewEntry, alerts: tuple[NewAlert, ...] = (), after: timedelta = timedelta()
) -> list[Entry]:
    """Store entries as a poll would; what is stored, oldest first."""
    now = NOW + after
    with store.write() as tx:
        add_feed(tx, FEED, now=now)
        feed_id = find_feed(tx, FEED.url).id
        [feed] = claim(tx, [feed_id], token=f"t:{after}", now=now, lease=timedelta(minutes=5))
        done = PollState(next_poll_at=now, last_polled_at=now, last_ok_at=now, last_new_at=now)
        plan = PollPlan(feed_id=feed_id, lease_token=feed.lease_token, after=done, entries=new, alerts=alerts)
        assert plans.apply(tx, plan, now=now) is not None
        return list(reversed(list(all_entries(tx))))


def news(entry: ParsedEntry, *, matches: tuple[Match, ...] = (), suppressed: tuple[Suppressed, ...] = ()) -> NewEntry:
    return NewEntry(entry=entry, status=EntryStatus.NEWS, matches=matches, suppressed=suppressed)


# -- text


@pytest.mark.parametrize(
    "text",
    [
        "Әкімдерді сайлау туралы заң: ғ ң ұ қ ө і ү һ",
        "Выборы акимов — «Новый Казахстан»; ё Ё № …",
        "قازاقستان جاڭالىقتارى",
        "האוטונומיה של אלמטי",
        "👩🏽‍⚖️ 🇰🇿 🗳️ 𝔄𝔟𝔠",
        "¿Qué pasó en Almatý? ñ Ñ á",
        "e\u0301 is not é, ｆｕｌｌ ｗｉｄｔｈ, ﬁ",
        "' \" \\ ; -- %s {0} $1 :name ?",
        "one line\nanother\n\nand a tab\there",
        " spaces around ",
        "х" * 200_000,
    ],
    ids=lambda text: f"{text[:12]!r}",
)
def test_text_of_every_script_comes_back_as_it_went_in(store: Store, text: str) -> None:  # trust: D09, G13
    [entry] = archive(store, news(parsed(1, title=text, text=text, url="https://egemen.kz/1")))
    assert (entry.title, entry.summary, entry.content) == (text, text, text)
    assert entry.tags == (text[:20], "сайлау")


def test_rows_that_go_in_together_are_what_sqlalchemy_would_have_stored(store: Store) -> None:
    common = {
        "feed_id": 1,
        "twin_key": "",
        "title": "Сайлау 🗳",
        "summary": "a\n'b'",
        "content": "%s ? :a",
        "author": "",
    }
    common |= {"status": EntryStatus.NEWS.value, "version": 1, "text_hash": "h", "first_seen": NOW}
    rows = [
        common | {"published": None, "tags": [], "url": None, "key": "a"},
        common | {"key": "b", "url": "https://x.example/ә", "tags": ["ә", '"'], "published": NOW - timedelta(days=9)},
        common | {"key": "c", "url": "", "tags": ["c"], "published": NOW.astimezone(timezone(timedelta(hours=5)))},
    ]
    insert = sa.insert(tables.entries)
    columns = [column for column in tables.entries.c if column.name not in {"id", "key", "feed_id"}]

    def stored(tx: Tx, feed_id: int) -> list[tuple[object, ...]]:
        mine = sa.select(*columns).where(tables.entries.c.feed_id == feed_id).order_by(tables.entries.c.key)
        as_text = sa.select(sa.cast(tables.entries.c.published, sa.Text)).where(tables.entries.c.feed_id == feed_id)
        return [tuple(row) for query in (mine, as_text) for row in tx.execute(query)]

    with store.write() as tx:
        for number in (1, 2):
            add_feed(tx, NewFeed(url=f"https://x.example/{number}", name="x"), now=NOW)
        sql.execute_many(tx, insert, rows)
        tx.execute(insert, [row | {"feed_id": 2} for row in rows])
        assert sql.execute_many(tx, insert, []) == 0
        assert stored(tx, 1) == stored(tx, 2)
        assert len(stored(tx, 1)) == 2 * len(rows)
        mine = tables.entries.c.key == sa.bindparam("which"), tables.entries.c.feed_id == 1
        update = sa.update(tables.entries).where(*mine).values(published=sa.bindparam("new"), author="me", guid=None)
        new = NOW.astimezone(timezone(timedelta(hours=-3)))
        assert sql.execute_many(tx, update, [{"which": key, "new": new} for key in "abx"]) == 2
        found = tx.execute(sa.select(tables.entries).where(tables.entries.c.author == "me"))
        assert [(row.key, row.published, row.tags) for row in found] == [("a", NOW, []), ("b", NOW, ["ә", '"'])]
    with pytest.raises(sa.exc.IntegrityError), store.write() as tx:
        sql.execute_many(tx, insert, [rows[0] | {"key": "new"}, rows[0]])
    with store.read() as tx:
        assert len(stored(tx, 1)) == 2 * len(rows), "all of them or none"


def test_an_entry_knows_its_feed_and_how_it_stood(store: Store) -> None:
    late = NewEntry(entry=parsed(1, url="https://egemen.kz/1"), status=EntryStatus.LATE)
    [entry] = archive(store, late)
    assert (entry.feed_name, entry.feed_kind, entry.language) == ("Егемен Қазақстан", "official", "kk")
    assert (entry.status, entry.version, entry.first_seen) == (EntryStatus.LATE, 1, NOW)
    assert entry.published == NOW - timedelta(hours=1)
    assert (entry.guid, entry.key, entry.text_hash) == ("guid-1", "guid:1", "hash-1")


# -- pages


def test_the_archive_is_read_newest_first_in_pages_that_miss_nothing(store: Store) -> None:
    archive(store, *(news(parsed(i)) for i in range(7)))
    with store.read() as tx:
        for page in (1, 2, 3, 6, 7, 8):
            assert [e.title for e in all_entries(tx, page=page)] == [f"Title {i}" for i in reversed(range(7))]
        assert count_entries(tx) == 7


def test_since_counts_from_when_an_entry_was_first_seen(store: Store) -> None:
    archive(store, news(parsed(1)))
    archive(store, news(parsed(2)), after=timedelta(days=1))
    with store.read() as tx:
        assert [e.title for e in all_entries(tx, since=NOW + timedelta(days=1))] == ["Title 2"]
        assert count_entries(tx, since=NOW + timedelta(days=1)) == 1
        assert count_entries(tx, since=NOW) == 2


def test_entries_are_found_by_many_ids_at_once(store: Store) -> None:
    some = archive(store, *(news(parsed(i)) for i in range(3)))
    with store.read() as tx:
        found = entries_by_id(tx, [e.id for e in some] + list(range(100_000, 112_000)))
        assert found == {e.id: e for e in some}
        assert entries_by_id(tx, []) == {}


# -- search


STORED = "https://www.example.org/news/akims-elected"


@pytest.mark.parametrize(
    "which",
    [
        STORED,
        "http://www.example.org/news/akims-elected",
        "https://example.org/news/akims-elected",
        "http://example.org/news/akims-elected/",
        "https://WWW.Example.ORG/news/akims-elected",
        "https://www.example.org:443/news/akims-elected",
        "https://www.example.org/news/akims-elected#comments",
        "https://www.example.org/news/akims-elected?utm_source=telegram&utm_medium=social",
        "https://www.example.org/news/akims-elected?fbclid=IwAR0&yclid=7",
    ],
)
def test_a_page_is_found_by_every_spelling_of_its_address(store: Store, which: str) -> None:
    archive(store, news(parsed(1, url=STORED)), news(parsed(2, url="https://www.example.org/news/other")))
    with store.read() as tx:
        assert [entry.url for entry in find_entries(tx, which)] == [STORED]


@pytest.mark.parametrize(
    ("stored", "which"),
    [
        ("http://example.org/a/", "https://www.example.org/a"),
        ("https://example.org/?p=123", "https://example.org/?p=123&utm_campaign=x"),
        ("https://example.org/a?id=5&lang=kk", "http://www.example.org/a?id=5&lang=kk"),
        ("https://example.org/әкім", "https://example.org/әкім"),
        ("https://example.org/a?q=%D2%9B%20a", "https://example.org/a?q=%D2%9B%20a"),
        ("https://example.org/#!/news/1", "https://www.example.org/#!/news/1"),
        ("https://example.org/news/?id=5", "https://www.example.org/news/?id=5"),
        ("https://example.org/a?q=%D2%9B%20a", "https://www.example.org/a?q=%D2%9B%20a"),
        ("https://example.org", "https://example.org/"),
    ],
)
def test_unusual_addresses_are_found_too(store: Store, stored: str, which: str) -> None:
    archive(store, news(parsed(1, url=stored)))
    with store.read() as tx:
        assert [entry.url for entry in find_entries(tx, which)] == [stored]


def test_all_entries_of_one_page_are_found(store: Store) -> None:
    archive(store, news(parsed(1, url=STORED)), news(parsed(2, url="http://example.org/news/akims-elected")))
    with store.read() as tx:
        assert [entry.title for entry in find_entries(tx, STORED)] == ["Title 1", "Title 2"]


def test_an_entry_is_found_by_its_number(store: Store) -> None:
    _, second = archive(store, news(parsed(1)), news(parsed(2)))
    with store.read() as tx:
        assert find_entries(tx, str(second.id)) == [second]


@pytest.mark.parametrize("which", ["0", "4711", "1" * 30, "https://example.org/none", "", "http://[", "%", "²"])
def test_what_is_not_in_the_archive_is_not_found(store: Store, which: str) -> None:
    archive(store, news(parsed(1, url=STORED)), news(parsed(2, url=None)))
    with store.read() as tx, pytest.raises(NotFound, match="the archive has none"):
        find_entries(tx, which)


# -- matches, suppressions


def test_a_match_comes_back_with_its_evidence(store: Store) -> None:
    with store.write() as tx:
        topics = [add_topic(tx, NewTopic(slug=slug, name=slug), now=NOW) for slug in ("b", "a")]
    evidence = (
        Evidence(field="title", start=0, end=5, word="Әкім", term="әкім*", how="prefix"),
        Evidence(field="summary", start=7, end=9, word="🗳️", term="🗳️", how="exact"),
    )
    matches = tuple(
        Match(topic_id=t.id, slug=t.slug, language="kk", strength=Strength.MENTION, evidence=evidence) for t in topics
    )
    first, second = archive(store, news(parsed(1), matches=matches), news(parsed(2)))
    with store.read() as tx:
        assert matches_of(tx, [first.id, second.id]) == {first.id: (matches[1], matches[0])}


def test_suppressions_are_kept_in_order_for_one_or_for_everybody(store: Store) -> None:
    with store.write() as tx:
        new = NewSubscriber(name="a", channel=ChannelKind.CONSOLE, address="-", unsubscribe_token="u")
        someone = add_subscriber(tx, new, now=NOW)
    why = (Suppressed(code=Code.NO_FOLLOWER), Suppressed(code=Code.PAUSED, subscriber_id=someone.id))
    [entry] = archive(store, news(parsed(1), suppressed=why))
    with store.read() as tx:
        assert suppressed_of(tx, entry.id) == list(why)
        assert suppressed_of(tx, entry.id + 1) == []


# -- tidying


def test_old_entries_leave_but_those_of_alerts_that_were_sent_or_wait(store: Store, new_id: Callable[[], str]) -> None:
    with store.write() as tx:
        topic = add_topic(tx, NewTopic(slug="a", name="a"), now=NOW)
    match = Match(topic_id=topic.id, slug="a", language="en", strength=Strength.ABOUT, evidence=())
    alert = NewAlert(
        kind=AlertKind.STORY,
        headline="told",
        entries=(0,),
        topics=(AlertTopic(topic_id=topic.id, strength=Strength.ABOUT),),
    )
    archive(store, news(parsed(1, title="told"), matches=(match,)), news(parsed(2, title="old")), alerts=(alert,))
    archive(store, news(parsed(3, title="young")), after=timedelta(days=2))
    later = NOW + timedelta(days=1)
    with store.write() as tx:
        assert remove_entries_before(tx, later) == 1
        assert sorted(entry.title for entry in all_entries(tx)) == ["told", "young"], "its alert waits for routing"
        reader = NewSubscriber(name="r", channel=ChannelKind.CONSOLE, address="-", unsubscribe_token="r")
        subscriber = add_subscriber(tx, reader, now=NOW)
    a_router(store, new_id).route_all()
    with store.write() as tx:
        assert remove_entries_before(tx, later) == 0, "somebody was sent its alert"
        assert remove_entries_before(tx, NOW + timedelta(days=2)) == 0, "the moment itself is not before it"
        remove_subscriber(tx, subscriber.id)
        assert remove_entries_before(tx, later) == 1, "nobody has it any more"
