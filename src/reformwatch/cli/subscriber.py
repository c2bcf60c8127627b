"""Porch: subscribers."""

import sys
from collections.abc import Sequence
from typing import Any

import click

from reformwatch.channels import apprise as apprise_channel
from reformwatch.channels.email import valid_address
from reformwatch.channels.webhook import new_secret
from reformwatch.cli.context import Invocation
from reformwatch.cli.output import emit_json, facts, iso, json_option, say, table
from reformwatch.errors import BadInput, NotPermitted, ReformwatchError
from reformwatch.messages.phrases import phrase
from reformwatch.model.delivery import DeliveryState
from reformwatch.model.feed import FailureKind
from reformwatch.model.subscriber import ChannelKind, NewSubscriber, Subscriber
from reformwatch.model.topic import LANGUAGES, Topic
from reformwatch.settings import Settings
from reformwatch.store import outbox
from reformwatch.store.subscribers import add_subscriber, find_subscriber, list_subscribers, remove_subscriber
from reformwatch.store.subscribers import pause as pause_subscriber
from reformwatch.store.subscribers import resume as resume_subscriber
from reformwatch.store.topics import list_topics
from reformwatch.urls import safe_link
from reformwatch.wiring.basics import new_message_id, new_unsubscribe_token, utc_now, zone


@click.group()
def subscriber() -> None:
    """Subscribers: who is told, and where."""


@subscriber.command("add")
@click.argument("name")
@click.option("--email", help="Mail address.")
@click.option("--webhook", help="Address that gets signed JSON by POST.")
@click.option("--channel", help="`console`, or an Apprise address (needs the extra reformwatch[apprise]).")
@click.option(
    "--topic", "topics", metavar="SLUG", multiple=True, help="Topic to follow; may be repeated. Without: all topics."
)
@click.option("--mentions", is_flag=True, help="Tell also of entries that only mention a topic.")
@click.option(
    "--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Language of the messages."
)
@click.option("--timezone", default="UTC", show_default=True, help="For the dates, such as Asia/Almaty.")
@click.pass_obj
def add(
    invocation: Invocation,
    name: str,
    email: str | None,
    webhook: str | None,
    channel: str | None,
    topics: Sequence[str],
    mentions: bool,
    language: str,
    timezone: str,
) -> None:
    """Tell somebody of new entries, by e-mail, webhook, on the console, or through Apprise.

    Example: reformwatch subscriber add Aliya --email aliya@example.org --topic mayoral-elections --language kk
    """
    kind, address = _address(invocation.settings, email=email, webhook=webhook, channel=channel)
    zone(timezone)
    secret = new_secret() if kind is ChannelKind.WEBHOOK else None
    new = NewSubscriber(
        name=" ".join(name.split()),
        channel=kind,
        address=address,
        secret=secret,
        language=language,
        timezone=timezone,
        topics=tuple(dict.fromkeys(topics)),
        wants_mentions=mentions,
        unsubscribe_token=new_unsubscribe_token(),
    )
    with invocation.store() as store, store.write() as tx:
        added = add_subscriber(tx, new, now=utc_now())
    say(f"added {added.name}: {kind.value} {address if kind is not ChannelKind.APPRISE else ''}".rstrip())
    if secret:
        say("the secret to check signatures with, shown this once:")
        click.echo(secret)
    if kind is ChannelKind.EMAIL and not invocation.settings.smtp.host:
        say("note: no mail server is configured yet; set [smtp] host and from, then `reformwatch subscriber test`")


def _address(
    settings: Settings, *, email: str | None, webhook: str | None, channel: str | None
) -> tuple[ChannelKind, str]:
    if sum(given is not None for given in (email, webhook, channel)) != 1:
        raise BadInput("give one of --email, --webhook, --channel")
    if email is not None:
        if not valid_address(email):
            raise BadInput(f"--email {email!r}: it is not one plain mail address")
        return ChannelKind.EMAIL, email
    if webhook is not None:
        return ChannelKind.WEBHOOK, _webhook_address(settings, webhook)
    if channel == "console":
        return ChannelKind.CONSOLE, "-"
    assert channel is not None  # noqa: S101 - counted above
    if not apprise_channel.is_known(channel):
        raise BadInput("--channel: Apprise does not know this kind of address")
    return ChannelKind.APPRISE, channel


def _webhook_address(settings: Settings, webhook: str) -> str:
    address = safe_link(webhook, base="")
    if address is None or "://" not in webhook:
        raise BadInput(f"--webhook {webhook!r}: it is not an http or https address")
    from reformwatch.net.client import RequestFailed
    from reformwatch.wiring.delivery import build_webhook_door

    with build_webhook_door(settings) as door:
        try:
            door.check(address)
        except RequestFailed as no:
            if no.kind is FailureKind.REFUSED_ADDRESS:
                raise NotPermitted(f"--webhook: {no.reason}") from no
            say(f"note: {no.reason}; it is stored all the same")
    return address


@subscriber.command("list")
@json_option
@click.pass_obj
def list_(invocation: Invocation, as_json: bool) -> None:
    """List subscribers.

    Example: reformwatch subscriber list
    """
    with invocation.store() as store, store.read() as tx:
        found, topics = list_subscribers(tx), list_topics(tx)
    if as_json:
        emit_json([as_dict(one, topics) for one in found])
        return
    table(
        ["name", "channel", "address", "topics", "language", "state"],
        (
            [s.name, s.channel.value, shown_address(s), ", ".join(_slugs(s, topics) or ["all"]), s.language, _state(s)]
            for s in found
        ),
        empty="no subscribers yet: `reformwatch subscriber add NAME --email ADDRESS`",
    )


def shown_address(one: Subscriber) -> str:
    """An address that may be shown; Apprise addresses hold passwords."""
    if one.channel is ChannelKind.APPRISE:
        return f"{one.address.partition('://')[0]}://…"
    return one.address


def _slugs(one: Subscriber, topics: Sequence[Topic]) -> list[str]:
    """The topics by name; empty where all are meant."""
    return [] if one.topic_ids is None else [topic.slug for topic in topics if topic.id in one.topic_ids]


def _state(one: Subscriber) -> str:
    return f"{one.state.value}: {one.paused_because}" if one.paused_because else one.state.value


def as_dict(one: Subscriber, topics: Sequence[Topic]) -> dict[str, Any]:
    """A subscriber for JSON, without secrets."""
    return {
        "name": one.name,
        "channel": one.channel.value,
        "address": shown_address(one),
        "topics": None if one.topic_ids is None else _slugs(one, topics),
        "mentions": one.wants_mentions,
        "language": one.language,
        "timezone": one.timezone,
        "state": one.state.value,
        "paused_because": one.paused_because,
        "created": iso(one.created_at),
    }


@subscriber.command("show")
@click.argument("name")
@json_option
@click.pass_obj
def show(invocation: Invocation, name: str, as_json: bool) -> None:
    """Show one subscriber.

    Example: reformwatch subscriber show Aliya
    """
    with invocation.store() as store, store.read() as tx:
        one, topics = find_subscriber(tx, name), list_topics(tx)
    if as_json:
        emit_json(as_dict(one, topics))
        return
    facts(
        [
            ("subscriber", one.name),
            ("channel", f"{one.channel.value} {shown_address(one)}"),
            ("topics", ", ".join(_slugs(one, topics)) or "all"),
            ("told of", "what is about a topic, and mentions" if one.wants_mentions else "what is about a topic"),
            ("language", one.language),
            ("time zone", one.timezone),
            ("state", _state(one)),
            ("since", one.created_at),
        ]
    )


@subscriber.command("remove")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def remove(invocation: Invocation, name: str, yes: bool) -> None:
    """Remove a subscriber, with the record of what they were told.

    Example: reformwatch subscriber remove Aliya --yes
    """
    with invocation.store() as store:
        with store.read() as tx:
            one = find_subscriber(tx, name)
        if not yes:
            click.confirm(f"Remove {one.name} and the record of what they were told?", abort=True, err=True)
        with store.write() as tx:
            remove_subscriber(tx, one.id)
    say(f"removed {one.name}")


@subscriber.command("pause")
@click.argument("name")
@click.pass_obj
def pause(invocation: Invocation, name: str) -> None:
    """Tell a subscriber nothing for a while; what happens meanwhile is not sent later.

    Example: reformwatch subscriber pause Aliya
    """
    with invocation.store() as store, store.write() as tx:
        one = find_subscriber(tx, name)
        closed = pause_subscriber(tx, one.id, because="paused by the operator")
    say(f"paused {one.name}; {closed} waiting deliveries closed")


@subscriber.command("resume")
@click.argument("name")
@click.pass_obj
def resume(invocation: Invocation, name: str) -> None:
    """Tell a subscriber again; `reformwatch delivery retry` sends what was closed.

    Example: reformwatch subscriber resume Aliya
    """
    with invocation.store() as store, store.write() as tx:
        one = find_subscriber(tx, name)
        resume_subscriber(tx, one.id)
    say(f"resumed {one.name}")


@subscriber.command("test")
@click.argument("name")
@json_option
@click.pass_obj
def test(invocation: Invocation, name: str, as_json: bool) -> None:
    """Send a subscriber a test message now, and say what came of it.

    Example: reformwatch subscriber test Aliya
    """
    from reformwatch.wiring.delivery import DeliverTools  # with all that sends, which other commands do without

    invocation.log_quietly()
    with invocation.store() as store:
        with store.write() as tx:
            one = find_subscriber(tx, name)
            headline = phrase("test", one.language)
            number = outbox.queue_test(tx, one, message_id=new_message_id(), headline=headline, now=utc_now())
        tools = DeliverTools(invocation.settings, store, owner="cli", stdout=sys.stderr if as_json else None)
        try:
            tools.deliverer.deliver_due()
        finally:
            tools.close()
        with store.read() as tx:
            delivery = outbox.find_delivery(tx, number)
    if as_json:
        emit_json({"subscriber": one.name, "state": delivery.state.value, "detail": delivery.last_error})
    if delivery.state is not DeliveryState.SENT:
        raise ReformwatchError(f"{one.name}: the test message was not taken: {delivery.last_error or 'not tried yet'}")
    if not as_json:
        say(f"{one.name}: the test message was taken ({delivery.channel.value})")
