"""Services, feeds that are not stored yet: what is refused before anybody is asked."""

from collections.abc import Iterator

import pytest

from reformwatch.errors import BadInput, NotPermitted
from reformwatch.model.feed import NewFeed, SourceType
from reformwatch.services import new_feeds
from reformwatch.settings import Settings
from reformwatch.store import Store
from reformwatch.store.feeds import list_feeds
from reformwatch.wiring.polling import PollTools


@pytest.fixture
def tools(sqlite_store: Store) -> Iterator[PollTools]:
    made = PollTools(Settings(), sqlite_store, owner="test")
    yield made
    made.close()


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (NewFeed(url="ftp://news.example/rss", name=""), BadInput),
        (NewFeed(url="http://127.0.0.1:9/rss", name=""), NotPermitted),  # where nothing listens: it is not even dialled
        (NewFeed(url="http://127.0.0.1:9/", name="", source_type=SourceType.PAGE, item_selector="li[["), BadInput),
    ],
    ids=["no address", "private address", "bad selector"],
)
def test_what_can_not_be_a_feed_is_refused_and_nothing_is_stored(
    tools: PollTools, sqlite_store: Store, wanted: NewFeed, error: type[Exception]
) -> None:
    with pytest.raises(error):
        new_feeds.add(tools.client, tools.poller, wanted)
    with sqlite_store.read() as tx:
        assert list_feeds(tx) == []
