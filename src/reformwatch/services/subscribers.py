"""Services: subscribers: who is notified, and where."""

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec.structs import replace

from reformwatch.channels import apprise as apprise_channel
from reformwatch.channels.email import valid_address
from reformwatch.channels.webhook import new_secret
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
from reformwatch.urls import safe_link


def address_of(*, email: str | None, webhook: str | None, channel: str | None) -> tuple[ChannelKind, str]:
    """The kind of address that was given, and the address. Raises BadInput where not exactly one was, or a bad one."""
    if sum(given is not None for given in (email, webhook, channel)) != 1:
        raise BadInput("give one of --email, --webhook, --channel")
    if email is not None:
        if not valid_address(email):
            raise BadInput(f"--email {email!r}: it is not one plain mail address")
        return ChannelKind.EMAIL, email
    if webhook is not None:
        return ChannelKind.WEBHOOK, _webhook_address(webhook)
    if channel == "console":
        return ChannelKind.CONSOLE, "-"
    if channel is None or not apprise_channel.is_known(channel):
        raise BadInput("--channel: Apprise does not know this kind of address")
    return ChannelKind.APPRISE, channel


def _webhook_address(webhook: str) -> str:
    address = safe_link(webhook, base="")
    if address is None or "://" not in webhook:
        raise BadInput(f"--webhook {webhook!r}: it is not an http or https address")
    return address


def add_subscriber(store: Store, new: NewSubscriber, *, now: datetime) -> Subscriber:
    """Store a subscriber; a webhook gets a secret, which is to be shown once.

    Raises BadInput where the name is taken, NotFound for an unknown topic.
    """
    secret = new_secret() if new.channel is ChannelKind.WEBHOOK else None
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
    """An address that may be shown; Apprise addresses hold passwords."""
    if one.channel is ChannelKind.APPRISE:
        return f"{one.address.partition('://')[0]}://…"
    return one.address


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
