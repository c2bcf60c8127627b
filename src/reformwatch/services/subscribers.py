"""Services: subscribers: who is notified, and where."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from reformwatch.channels.base import declared
from reformwatch.errors import BadInput
from reformwatch.messages.catalogues import ENGLISH
from reformwatch.messages.reasons import why_paused
from reformwatch.model.alert import SendOutcome, Sent
from reformwatch.model.subscriber import ChannelKind, NewSubscriber, Pause, PauseCode, Subscriber
from reformwatch.model.topic import Topic
from reformwatch.services.views import SentTest, SubscriberView
from reformwatch.store import Store
from reformwatch.store import subscribers as stored
from reformwatch.store.notifications import hold_routing
from reformwatch.store.topics import list_topics


def address_options() -> dict[str, str]:
    """The options that take an address, each with what it takes."""
    found: dict[str, list[str]] = {}
    for kind in map(declared, ChannelKind):
        found.setdefault(kind.option, []).append(kind.help)
    return {option: f"{', or '.join(helps)}." for option, helps in found.items()}


def address_of(given: Mapping[str, str | None]) -> tuple[ChannelKind, str]:
    """The kind of address that was given by one of the options, and the address.

    Raises BadInput where not exactly one was given, or a bad one.
    """
    texts = [(option, text) for option, text in given.items() if text is not None]
    if len(texts) != 1:
        raise BadInput(f"give one of {', '.join(f'--{option}' for option in address_options())}")
    [(option, text)] = texts
    for kind in ChannelKind:
        if declared(kind).option == option and (address := declared(kind).address(text)) is not None:
            return kind, address
    raise BadInput(f"--{option}: this is no address that it takes")


def add_subscriber(store: Store, new: NewSubscriber, *, now: datetime) -> Subscriber:
    """Store a subscriber; where messages are signed, with a secret, which is to be shown once.

    Raises BadInput where the name is taken, NotFound for an unknown topic.
    """
    make_secret = declared(new.channel).new_secret
    secret = make_secret() if make_secret else None
    with store.write() as tx:
        return stored.add_subscriber(tx, replace(new, name=" ".join(new.name.split()), secret=secret), now=now)


def list_subscribers(store: Store) -> list[SubscriberView]:
    """All subscribers by name."""
    with store.read() as tx:
        found, topics = stored.list_subscribers(tx), list_topics(tx)
    return [_view(one, topics) for one in found]


def show_subscriber(store: Store, name: str) -> SubscriberView:
    """One subscriber. Raises NotFound."""
    with store.read() as tx:
        return _view(stored.find_subscriber(tx, name), list_topics(tx))


def remove_subscriber(store: Store, name: str, *, confirm: Callable[[Subscriber], None]) -> str:
    """Remove a subscriber with the record of what was sent; the name as it was stored.

    ``confirm`` raises where the operator does not want it after all. Raises NotFound.
    """
    with store.read() as tx:
        one = stored.find_subscriber(tx, name)
    confirm(one)
    with store.write() as tx:
        hold_routing(tx)  # a slice that is being routed must not meet a subscriber who has gone
        stored.remove_subscriber(tx, one.id)
    return one.name


def pause_subscriber(store: Store, name: str) -> tuple[str, int]:
    """Stop notifying a subscriber; the stored name, and how many waiting deliveries were closed. Raises NotFound."""
    with store.write() as tx:
        one = stored.find_subscriber(tx, name)
        return one.name, stored.pause(tx, one.id, because=Pause(code=PauseCode.OPERATOR))


def resume_subscriber(store: Store, name: str) -> str:
    """Notify a subscriber again; the stored name. Raises NotFound."""
    with store.write() as tx:
        one = stored.find_subscriber(tx, name)
        stored.resume(tx, one.id)
    return one.name


def send_test(store: Store, name: str, *, send: Callable[[Subscriber], SendOutcome]) -> SentTest:
    """Send a subscriber a test message, once; it is no alert, and nothing of it is stored. Raises NotFound."""
    with store.read() as tx:
        one = stored.find_subscriber(tx, name)
    outcome = send(one)
    if isinstance(outcome, Sent):
        return SentTest(subscriber=one.name, channel=one.channel.value, state="sent", detail=None)
    return SentTest(subscriber=one.name, channel=one.channel.value, state="failed", detail=outcome.reason)


def shown_address(one: Subscriber) -> str:
    """An address that may be shown, without what is secret in it."""
    return declared(one.channel).shown(one.address)


def _view(one: Subscriber, topics: Sequence[Topic]) -> SubscriberView:
    slugs = None if one.topic_ids is None else tuple(topic.slug for topic in topics if topic.id in one.topic_ids)
    return SubscriberView(
        name=one.name,
        channel=one.channel.value,
        address=shown_address(one),
        topics=slugs,
        mentions=one.wants_mentions,
        language=one.language,
        timezone=one.timezone,
        state=one.state.value,
        paused_code=one.pause.code.value if one.pause else None,
        paused_because=why_paused(one.pause, ENGLISH),
        created=one.created_at,
    )
