"""`reformwatch poll FEED` in a loop: a feed that was polled a moment ago is left out."""

from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from house import Desk, House
from reformwatch.model.feed import Feed, NewFeed
from reformwatch.store.feeds import add_feed, list_feeds
from reformwatch.store.tables import feeds
from reformwatch.wiring.basics import create_store, utc_now

PUBLIC = "http://feeds.invalid/news.xml"
OWN = "http://127.0.0.1:9/news.xml"


def desk_with_feeds(folder: Path, *, asked: datetime) -> Desk:
    """A public feed, and one on a host of the operator's, both last asked at that time."""
    desk = Desk(folder, House(smtp_port=25))
    store = create_store(desk.settings())
    with store.write() as tx:
        for name, url in (("public", PUBLIC), ("own", OWN)):
            add_feed(tx, NewFeed(url=url, name=name), now=asked)
        tx.execute(sa.update(feeds).values(last_polled_at=asked, next_poll_at=asked))
    store.close()
    return desk


def known(desk: Desk) -> dict[str, Feed]:
    store = create_store(desk.settings())
    with store.read() as tx:
        found = {feed.name: feed for feed in list_feeds(tx)}
    store.close()
    return found


def test_a_poll_by_hand_again_and_again_asks_nobody(tmp_path: Path) -> None:
    # trust: C27
    asked = utc_now()
    desk = desk_with_feeds(tmp_path, asked=asked)
    for _ in range(3):
        done = desk.run("poll", "public")
        assert "1 were polled within the last 5 min and are left out; --force polls them, too" in done.stderr
        assert "polled 0 feeds" in done.stdout + done.stderr
    feed = known(desk)["public"]
    assert (feed.poll.last_polled_at, feed.poll.failing_since) == (asked, None)


def test_force_asks_and_says_that_owners_may_mind(tmp_path: Path) -> None:
    # trust: C27
    desk = desk_with_feeds(tmp_path, asked=utc_now())
    done = desk.run("poll", "own", "public", "--force")
    assert "--force: 1 of these were asked within the last 5 min; their owners may mind" in done.stderr
    assert "polled 2 feeds" in done.stderr
