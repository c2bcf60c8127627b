"""Services: subscribers: added, listed, shown, paused, removed, sent a test message."""

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
    """The options of ``subscriber add`` that take an address, with their help texts."""
    helps_of: dict[str, list[str]] = {}
    for kind in map(declared, ChannelKind):
        helps_of.setdefault(kind.option, []).append(kind.help)
    return {option: f"{', or '.join(helps)}." for option, helps in helps_of.items()}


def address_of(options: Mapping[str, str | None]) -> tuple[ChannelKind, str]:
    """The channel and the address from the values of the options; None: the option is not used.

    Raises BadInput where not exactly one option is used, or its address is not valid.
    """
    texts = [(option, text) for option, text in options.items() if text is not None]
    if len(texts) != 1:
        raise BadInput(f"give one of {', '.join(f'--{option}' for option in address_options())}")
    [(option, text)] = texts
    for kind in ChannelKind:
        if declared(kind).option == option and (address := declared(kind).address(text)) is not None:
            return kind, address
    raise BadInput(f"--{option}: this is no address that it takes")


def add_subscriber(store: Store, new: NewSubscriber, *, now: datetime) -> Subscriber:
    """Store a subscriber; with a new secret where the channel signs messages. The caller shows it, once.

    Raises BadInput where the name is in use, NotFound for an unknown topic.
    """
    make_secret = declared(new.channel).new_secret
    secret = make_secret() if make_secret else None
    with store.write() as tx:
        return stored.add_subscriber(tx, replace(new, name=" ".join(new.name.split()), secret=secret), now=now)


def list_subscribers(store: Store) -> list[SubscriberView]:
    """All subscribers by name."""
    with store.read() as tx:
        listed, topics = stored.list_subscribers(tx), list_topics(tx)
    return [_view(subscriber, topics) for subscriber in listed]


def show_subscriber(store: Store, name: str) -> SubscriberView:
    """One subscriber. Raises NotFound."""
    with store.read() as tx:
        return _view(stored.find_subscriber(tx, name), list_topics(tx))


def remove_subscriber(store: Store, name: str, *, confirm: Callable[[Subscriber], None]) -> str:
    """Remove a subscriber with the notifications and deliveries; returns the stored name. Raises NotFound.

    ``confirm`` is called before; it raises where the operator declines.
    """
    with store.read() as tx:
        subscriber = stored.find_subscriber(tx, name)
    confirm(subscriber)
    with store.write() as tx:
        hold_routing(tx)  # routing that is under way must not read a subscriber who is then removed
        stored.remove_subscriber(tx, subscriber.id)
    return subscriber.name


def pause_subscriber(store: Store, name: str) -> tuple[str, int]:
    """Stop notifying a subscriber; returns the stored name and how many deliveries were closed. Raises NotFound."""
    with store.write() as tx:
        subscriber = stored.find_subscriber(tx, name)
        return subscriber.name, stored.pause(tx, subscriber.id, because=Pause(code=PauseCode.OPERATOR))


def resume_subscriber(store: Store, name: str) -> str:
    """Notify a subscriber again; returns the stored name. Raises NotFound."""
    with store.write() as tx:
        subscriber = stored.find_subscriber(tx, name)
        stored.resume(tx, subscriber.id)
    return subscriber.name


def send_test(store: Store, name: str, *, send: Callable[[Subscriber], SendOutcome]) -> SentTest:
    """Send a subscriber a test message, once. It is not stored. Raises NotFound."""
    with store.read() as tx:
        subscriber = stored.find_subscriber(tx, name)
    outcome = send(subscriber)
    channel = subscriber.channel.value
    if isinstance(outcome, Sent):
        return SentTest(subscriber=subscriber.name, channel=channel, state="sent", detail=None)
    return SentTest(subscriber=subscriber.name, channel=channel, state="failed", detail=outcome.reason)


def shown_address(subscriber: Subscriber) -> str:
    """A subscriber's address without its secrets."""
    return declared(subscriber.channel).shown(subscriber.address)


def _view(subscriber: Subscriber, topics: Sequence[Topic]) -> SubscriberView:
    ids = subscriber.topic_ids
    return SubscriberView(
        name=subscriber.name,
        channel=subscriber.channel.value,
        address=shown_address(subscriber),
        topics=None if ids is None else tuple(topic.slug for topic in topics if topic.id in ids),
        mentions=subscriber.wants_mentions,
        language=subscriber.language,
        timezone=subscriber.timezone,
        state=subscriber.state.value,
        paused_code=subscriber.pause.code.value if subscriber.pause else None,
        paused_because=why_paused(subscriber.pause, ENGLISH),
        created=subscriber.created_at,
    )
