"""Services, unsubscribing: the link in a mail ends its reader's messages, once, and nobody else's."""

import pytest

from conftest import NOW
from reformwatch.model.subscriber import ChannelKind, NewSubscriber, PauseCode
from reformwatch.services.unsubscribing import find, unsubscribe
from reformwatch.store import Store
from reformwatch.store.subscribers import add_subscriber, list_subscribers


@pytest.fixture
def readers(store: Store) -> Store:
    with store.write() as tx:
        for name in ("Aliya", "Botagoz"):
            new = NewSubscriber(
                name=name, channel=ChannelKind.EMAIL, address="a@b.example", language="kk", unsubscribe_token=name
            )
            add_subscriber(tx, new, now=NOW)
    return store


def reasons(store: Store) -> dict[str, PauseCode | None]:
    with store.read() as tx:
        return {
            subscriber.name: subscriber.pause.code if subscriber.pause else None for subscriber in list_subscribers(tx)
        }


def test_a_reader_is_found_without_a_change(readers: Store) -> None:
    reader = find(readers, "Aliya")
    assert reader is not None
    assert (reader.name, reader.language, reader.paused_because) == ("Aliya", "kk", None)
    assert reasons(readers) == {"Aliya": None, "Botagoz": None}


def test_a_reader_unsubscribes_and_the_second_time_is_told_so(readers: Store) -> None:
    first, second = (unsubscribe(readers, "Aliya") for _ in range(2))
    assert first is not None
    assert second is not None
    assert (first.paused_because, second.paused_because) == (None, "unsubscribed by the reader")
    assert reasons(readers) == {"Aliya": PauseCode.UNSUBSCRIBED, "Botagoz": None}


def test_an_unknown_token_changes_nothing(readers: Store) -> None:
    assert find(readers, "nobody") is None
    assert unsubscribe(readers, "nobody") is None
    assert reasons(readers) == {"Aliya": None, "Botagoz": None}
