"""Porch: subscribers."""

import sys
from collections.abc import Callable, Sequence

import click

from reformwatch.cli.context import Invocation
from reformwatch.cli.output import emit_json, facts, json_option, say, table
from reformwatch.errors import ReformwatchError
from reformwatch.language.registry import LANGUAGES
from reformwatch.model.subscriber import ChannelKind, NewSubscriber, Subscriber
from reformwatch.services import subscribers as services
from reformwatch.services.views import SubscriberView
from reformwatch.wiring.basics import new_unsubscribe_token, utc_now, zone


def _address_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add an option for each kind of address to a command."""
    for option, text in reversed(services.address_options().items()):
        command = click.option(f"--{option}", help=text)(command)
    return command


@click.group()
def subscriber() -> None:
    """Subscribers: who is notified, and where."""


@subscriber.command("add")
@click.argument("name")
@_address_options
@click.option(
    "--topic", "topics", metavar="SLUG", multiple=True, help="Topic to follow; may be repeated. Without: all topics."
)
@click.option("--mentions", is_flag=True, help="Notify also of entries that only mention a topic.")
@click.option(
    "--language", type=click.Choice(list(LANGUAGES)), default="en", show_default=True, help="Language of the messages."
)
@click.option("--timezone", default="UTC", show_default=True, help="For the dates, such as Asia/Almaty.")
@click.pass_obj
def add(
    invocation: Invocation,
    /,
    name: str,
    topics: Sequence[str],
    mentions: bool,
    language: str,
    timezone: str,
    **addresses: str | None,
) -> None:
    """Notify somebody of new entries, by e-mail, webhook, on the console, or through Apprise.

    Example: reformwatch subscriber add Aliya --email aliya@example.org --topic mayoral-elections --language kk
    """
    kind, address = services.address_of(addresses)
    if kind is ChannelKind.WEBHOOK:
        _check_reachable(invocation, address)
    zone(timezone)
    new = NewSubscriber(
        name=name,
        channel=kind,
        address=address,
        language=language,
        timezone=timezone,
        topics=tuple(dict.fromkeys(topics)),
        wants_mentions=mentions,
        unsubscribe_token=new_unsubscribe_token(),
    )
    with invocation.store() as store:
        added = services.add_subscriber(store, new, now=utc_now())
    say(f"added {added.name}: {kind.value} {services.shown_address(added)}")
    if added.secret:
        say("the secret to check signatures with, shown this once:")
        click.echo(added.secret)
    if kind is ChannelKind.EMAIL and not invocation.settings.smtp.host:
        say("note: no mail server is configured yet; set [smtp] host and from, then `reformwatch subscriber test`")


def _check_reachable(invocation: Invocation, address: str) -> None:
    """Raise NotPermitted for a private address; write a note where an address can't be reached at the moment."""
    from reformwatch.wiring.delivery import check_webhook  # imports an HTTP client, which few commands need

    if (problem := check_webhook(invocation.settings, address)) is not None:
        say(f"note: {problem}; it is stored all the same")


@subscriber.command("list")
@json_option
@click.pass_obj
def list_(invocation: Invocation, as_json: bool) -> None:
    """List subscribers.

    Example: reformwatch subscriber list
    """
    with invocation.store() as store:
        listed = services.list_subscribers(store)
    if as_json:
        emit_json(listed)
        return
    table(
        ["name", "channel", "address", "topics", "language", "state"],
        ([s.name, s.channel, s.address, _topics(s), s.language, _state(s)] for s in listed),
        empty="no subscribers yet: `reformwatch subscriber add NAME --email ADDRESS`",
    )


def _topics(view: SubscriberView) -> str:
    return ", ".join(view.topics or ()) or "all"


def _state(view: SubscriberView) -> str:
    return f"{view.state}: {view.paused_because}" if view.paused_because else view.state


@subscriber.command("show")
@click.argument("name")
@json_option
@click.pass_obj
def show(invocation: Invocation, name: str, as_json: bool) -> None:
    """Show one subscriber.

    Example: reformwatch subscriber show Aliya
    """
    with invocation.store() as store:
        view = services.show_subscriber(store, name)
    if as_json:
        emit_json(view)
        return
    facts(
        [
            ("subscriber", view.name),
            ("channel", f"{view.channel} {view.address}"),
            ("topics", _topics(view)),
            ("notified of", "what is about a topic, and mentions" if view.mentions else "what is about a topic"),
            ("language", view.language),
            ("time zone", view.timezone),
            ("state", _state(view)),
            ("since", view.created),
        ]
    )


@subscriber.command("remove")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def remove(invocation: Invocation, name: str, yes: bool) -> None:
    """Remove a subscriber, with the record of what they were notified of.

    Example: reformwatch subscriber remove Aliya --yes
    """

    def confirm(stored: Subscriber) -> None:
        if not yes:
            click.confirm(f"Remove {stored.name} and the record of what they were notified of?", abort=True, err=True)

    with invocation.store() as store:
        removed = services.remove_subscriber(store, name, confirm=confirm)
    say(f"removed {removed}")


@subscriber.command("pause")
@click.argument("name")
@click.pass_obj
def pause(invocation: Invocation, name: str) -> None:
    """Stop notifying a subscriber for a while; what happens meanwhile is not sent later.

    Example: reformwatch subscriber pause Aliya
    """
    with invocation.store() as store:
        paused, closed = services.pause_subscriber(store, name)
    say(f"paused {paused}; {closed} waiting deliveries closed")


@subscriber.command("resume")
@click.argument("name")
@click.pass_obj
def resume(invocation: Invocation, name: str) -> None:
    """Notify a subscriber again; `reformwatch delivery retry` sends what was closed.

    Example: reformwatch subscriber resume Aliya
    """
    with invocation.store() as store:
        resumed = services.resume_subscriber(store, name)
    say(f"resumed {resumed}")


@subscriber.command("test")
@click.argument("name")
@json_option
@click.pass_obj
def test(invocation: Invocation, name: str, as_json: bool) -> None:
    """Send a subscriber a test message now, and say what came of it.

    Example: reformwatch subscriber test Aliya
    """
    from reformwatch.wiring.delivery import TestTools  # imports the channels, which few commands need

    invocation.log_quietly()
    with invocation.store() as store, TestTools(invocation.settings, stdout=sys.stderr if as_json else None) as tools:
        sent = services.send_test(store, name, send=tools.send)
    if as_json:
        emit_json({"subscriber": sent.subscriber, "state": sent.state, "detail": sent.detail})
    if sent.state != "sent":
        raise ReformwatchError(f"{sent.subscriber}: the test message was not taken: {sent.detail}")
    if not as_json:
        say(f"{sent.subscriber}: the test message was taken ({sent.channel})")
