"""Porch: feeds."""

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from reformwatch.cli.context import Invocation
from reformwatch.cli.output import ago, emit_json, facts, iso, json_option, say, table
from reformwatch.core.discover import FeedLink
from reformwatch.core.opml import read_opml, write_opml
from reformwatch.errors import BadInput, CantCreate
from reformwatch.model.feed import Feed, FeedKind, FeedState, NewFeed
from reformwatch.pipeline.subscribe import FeedChoice, add_feed_by_address, discover_feeds
from reformwatch.store.feeds import add_feed, find_feed, list_feeds, remove_feed, set_state
from reformwatch.store.status import counts_by_feed, languages_of_feed
from reformwatch.wiring import Tools, utc_now


@click.group()
def feed() -> None:
    """Feeds: the addresses that are polled."""


@feed.command("add")
@click.argument("urls", metavar="URL...", nargs=-1, required=True)
@click.option("--name", help="Name (default: the feed's own title).")
@click.option("--language", help="Language of its entries, such as kk (default: what the feed says).")
@click.option(
    "--kind", type=click.Choice([k.value for k in FeedKind]), default=FeedKind.INDEPENDENT.value, show_default=True
)
@click.option(
    "--backfill",
    "backfill_days",
    type=click.IntRange(1, 3650),
    metavar="DAYS",
    help="Alert on entries this young at the first poll.",
)
@click.pass_obj
def add(
    invocation: Invocation,
    urls: Sequence[str],
    name: str | None,
    language: str | None,
    kind: str,
    backfill_days: int | None,
) -> None:
    """Add a feed, by its address or by the address of a page that names it. It is read once, as a baseline.

    Example: reformwatch feed add https://astanatimes.com/feed/ --kind official --language en
    """
    if name and len(urls) > 1:
        raise BadInput("--name goes with one address")
    invocation.log_quietly()
    with invocation.store() as store:
        tools = Tools(invocation.settings, store, owner="cli")
        try:
            for url in urls:
                wanted = NewFeed(
                    url=url, name=name or "", kind=FeedKind(kind), language=language, backfill_days=backfill_days
                )
                outcome = add_feed_by_address(tools.door, tools.poller, wanted)
                if isinstance(outcome, FeedChoice):
                    _show_choices(outcome.links, page=url)
                    raise BadInput(f"{url}: a page with {len(outcome.links)} feeds; add the one that is meant")
                say(f"added feed {outcome.feed.id}: {outcome.feed.name} <{outcome.feed.url}>: {outcome.summary}")
        finally:
            tools.close()


def _show_choices(links: Sequence[FeedLink], *, page: str) -> None:
    say(f"{page} names these feeds:")
    for link in links:
        say(f"  reformwatch feed add {link.url}{f'    # {link.title}' if link.title else ''}")


@feed.command("discover")
@click.argument("url")
@json_option
@click.pass_obj
def discover(invocation: Invocation, url: str, as_json: bool) -> None:
    """Show the feeds that a page names, without adding any.

    Example: reformwatch feed discover https://www.example.org/
    """
    with invocation.store() as store:
        tools = Tools(invocation.settings, store, owner="cli")
        try:
            links = discover_feeds(tools.door, url)
        finally:
            tools.close()
    if as_json:
        emit_json([{"url": link.url, "title": link.title} for link in links])
        return
    table(["feed", "title"], ([link.url, link.title] for link in links), empty=f"{url} names no feed")


@feed.command("list")
@json_option
@click.pass_obj
def list_feeds_(invocation: Invocation, as_json: bool) -> None:
    """List feeds with their health.

    Example: reformwatch feed list --json
    """
    with invocation.store() as store, store.read() as tx:
        feeds, counts = list_feeds(tx), counts_by_feed(tx)
    now = utc_now()
    if as_json:
        emit_json([as_dict(one, counts.get(one.id, 0)) for one in feeds])
        return
    table(
        ["no", "name", "kind", "lang", "state", "read well", "next poll", "entries"],
        (
            [
                f.id,
                f.name or f.url,
                f.kind.value,
                f.language,
                health(f, now=now),
                ago(f.last_ok_at, now=now),
                ago(f.next_poll_at, now=now),
                counts.get(f.id, 0),
            ]
            for f in feeds
        ),
        empty="no feeds yet: `reformwatch feed add URL`",
    )


def health(one: Feed, *, now: datetime) -> str:
    """A feed's state in words."""
    if one.state is FeedState.ACTIVE and one.failing_since is not None:
        return f"failing since {ago(one.failing_since, now=now)}: {one.problem}"
    if one.state is FeedState.ACTIVE and one.last_ok_at is None:
        return "not read yet"
    return {FeedState.ACTIVE: "ok", FeedState.PAUSED: "paused", FeedState.GONE: f"gone: {one.problem}"}[one.state]


def as_dict(one: Feed, entries: int) -> dict[str, Any]:
    """A feed for JSON."""
    return {
        "id": one.id,
        "name": one.name,
        "url": one.url,
        "kind": one.kind.value,
        "language": one.language,
        "state": one.state.value,
        "site_url": one.site_url,
        "pack": one.pack,
        "entries": entries,
        "added": iso(one.added_at),
        "next_poll": iso(one.next_poll_at),
        "last_polled": iso(one.last_polled_at),
        "last_ok": iso(one.last_ok_at),
        "last_new": iso(one.last_new_at),
        "failing_since": iso(one.failing_since),
        "failures": one.failures,
        "problem": one.problem,
    }


@feed.command("show")
@click.argument("which", metavar="FEED")
@json_option
@click.pass_obj
def show(invocation: Invocation, which: str, as_json: bool) -> None:
    """Show one feed, by number, address or name.

    Example: reformwatch feed show Tengrinews
    """
    with invocation.store() as store, store.read() as tx:
        one = find_feed(tx, which)
        languages = languages_of_feed(tx, one.id)
    count = sum(languages.values())
    told = as_dict(one, count) | {"languages": languages}
    if as_json:
        emit_json(told)
        return
    now = utc_now()
    facts(
        [
            ("feed", f"{one.id}: {one.name}"),
            ("address", one.url),
            ("site", one.site_url),
            ("kind, language", f"{one.kind.value}, {one.language or 'not said'}"),
            ("health", health(one, now=now)),
            ("read well", ago(one.last_ok_at, now=now)),
            ("brought news", ago(one.last_new_at, now=now)),
            ("next poll", ago(one.next_poll_at, now=now)),
            ("entries", count),
            ("languages", ", ".join(f"{name} {n / count:.0%}" for name, n in languages.items()) or None),
            ("from pack", one.pack),
        ]
    )


@feed.command("remove")
@click.argument("which", metavar="FEED")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def remove(invocation: Invocation, which: str, yes: bool) -> None:
    """Remove a feed with its archived entries.

    Example: reformwatch feed remove 12 --yes
    """
    with invocation.store() as store:
        with store.read() as tx:
            one = find_feed(tx, which)
        if not yes:
            click.confirm(f"Remove {one.name} <{one.url}> and its entries?", abort=True, err=True)
        with store.write() as tx:
            remove_feed(tx, one.id)
    say(f"removed feed {one.id}: {one.name}")


def _set(invocation: Invocation, which: Sequence[str], state: FeedState, done: str) -> None:
    with invocation.store() as store, store.write() as tx:
        for name in which:
            one = find_feed(tx, name)
            set_state(tx, one.id, state, now=utc_now())
            say(f"{done} feed {one.id}: {one.name}")


@feed.command("pause")
@click.argument("which", metavar="FEED...", nargs=-1, required=True)
@click.pass_obj
def pause(invocation: Invocation, which: Sequence[str]) -> None:
    """Stop polling feeds.

    Example: reformwatch feed pause 12
    """
    _set(invocation, which, FeedState.PAUSED, "paused")


@feed.command("resume")
@click.argument("which", metavar="FEED...", nargs=-1, required=True)
@click.pass_obj
def resume(invocation: Invocation, which: Sequence[str]) -> None:
    """Poll feeds again, with a clean record.

    Example: reformwatch feed resume 12
    """
    _set(invocation, which, FeedState.ACTIVE, "resumed")


@feed.command("import")
@click.argument("file", type=click.File("rb"))
@click.pass_obj
def import_(invocation: Invocation, file: Any) -> None:
    """Add the feeds of an OPML file; those that are known stay as they are.

    Example: reformwatch feed import subscriptions.opml
    """
    found = read_opml(file.read())
    kinds = {kind.value for kind in FeedKind}
    added = 0
    with invocation.store() as store, store.write() as tx:
        for one in found:
            kind = FeedKind(one.kind) if one.kind in kinds else FeedKind.INDEPENDENT
            new = NewFeed(url=one.url, name=one.name, kind=kind, language=one.language, site_url=one.site_url)
            added += add_feed(tx, new, now=utc_now())
    say(f"{added} feeds added, {len(found) - added} known already")


@feed.command("export")
@click.option("--out", type=click.Path(path_type=Path), help="File to write (default: standard output).")
@json_option
@click.pass_obj
def export(invocation: Invocation, out: Path | None, as_json: bool) -> None:
    """Write the feeds as OPML 2.0.

    Example: reformwatch feed export > feeds.opml
    """
    with invocation.store() as store, store.read() as tx:
        feeds, counts = list_feeds(tx), counts_by_feed(tx)
    if as_json:
        text = (
            json.dumps([as_dict(one, counts.get(one.id, 0)) for one in feeds], ensure_ascii=False, indent=2).encode()
            + b"\n"
        )
    else:
        text = write_opml(feeds, title="reformwatch feeds")
    if out is None:
        sys.stdout.buffer.write(text)
        return
    try:
        out.write_bytes(text)
    except OSError as no:
        raise CantCreate(f"{out}: can't be written ({no.strerror})") from no
    say(f"wrote {len(feeds)} feeds to {out}")
