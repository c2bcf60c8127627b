"""Porch: feeds."""

import json
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from reformwatch.cli.context import Invocation
from reformwatch.cli.output import ago, duration, emit_json, facts, iso, json_option, say, seconds, table
from reformwatch.cli.parameters import Length
from reformwatch.documents.discovery import FeedLink
from reformwatch.documents.opml import read_opml, write_opml
from reformwatch.errors import BadInput, CantCreate
from reformwatch.model.feed import MIN_INTERVAL, Feed, FeedKind, FeedState, Gap, NewFeed, SourceType
from reformwatch.model.health import HealthState
from reformwatch.model.websub import HubSubscription
from reformwatch.planning.feed_health import health_of
from reformwatch.settings import Settings
from reformwatch.store import websub
from reformwatch.store.feeds import add_feed, change_feed, find_feed, list_feeds, remove_feed, set_state
from reformwatch.store.gaps import gaps_since
from reformwatch.store.status import counts_by_feed, languages_of_feed
from reformwatch.wiring.basics import utc_now

if TYPE_CHECKING:
    from reformwatch.wiring.polling import PollTools

_GAPS_SHOWN = timedelta(days=90)
_MOST_GAPS = 5


@click.group()
def feed() -> None:
    """Feeds: the addresses that are polled."""


_Interval = Length(least=MIN_INTERVAL, most=timedelta(days=30))


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
@click.option("--sitemap", "is_sitemap", is_flag=True, help="The address is a news sitemap.")
@click.option("--page", "is_page", is_flag=True, help="The address is a web page without a feed; needs --item.")
@click.option(
    "--item", "selector", metavar="CSS", help="CSS selector of the items of a --page, such as 'article.news'."
)
@click.option("--full-text", is_flag=True, help="Fetch the pages of new entries and match their text, too.")
@click.option("--interval", type=_Interval, metavar="LENGTH", help="Poll at this interval, such as 15m or 6h.")
@click.pass_obj
def add(
    invocation: Invocation,
    urls: Sequence[str],
    name: str | None,
    language: str | None,
    kind: str,
    backfill_days: int | None,
    is_sitemap: bool,
    is_page: bool,
    selector: str | None,
    full_text: bool,
    interval: timedelta | None,
) -> None:
    """Add a feed, by its address or by the address of a page that names it. It is read once, as a baseline.

    Sources without a feed: a news sitemap (--sitemap), or a web page whose listed links become entries (--page --item).

    Example: reformwatch feed add https://astanatimes.com/feed/ --kind official --language en
    """
    if name and len(urls) > 1:
        raise BadInput("--name goes with one address")
    wanted = NewFeed(
        url="",
        name=name or "",
        kind=FeedKind(kind),
        language=language,
        backfill_days=backfill_days,
        source_type=_source_type(is_sitemap=is_sitemap, is_page=is_page, selector=selector),
        item_selector=selector,
        full_text=full_text,
        interval=interval,
    )
    from reformwatch.wiring.polling import PollTools  # with all that polls, which most commands do without

    invocation.log_quietly()
    with invocation.store() as store:
        tools = PollTools(invocation.settings, store, owner="cli")
        try:
            for url in urls:
                _add_one(tools, replace(wanted, url=url))
        finally:
            tools.close()


def _add_one(tools: "PollTools", wanted: NewFeed) -> None:
    from reformwatch.pipeline.subscribe import FeedChoice, add_feed_by_address

    outcome = add_feed_by_address(tools.door, tools.poller, wanted)
    if isinstance(outcome, FeedChoice):
        is_index = wanted.source_type is SourceType.SITEMAP
        _show_choices(outcome.links, page=wanted.url, option=" --sitemap" if is_index else "")
        what = f"an index of {len(outcome.links)} sitemaps" if is_index else f"a page with {len(outcome.links)} feeds"
        raise BadInput(f"{wanted.url}: {what}; add the one that is meant")
    added = outcome.feed
    say(f"added feed {added.id}: {added.name} <{added.url}>: {outcome.summary}")
    _say_cost(added, tools.settings)


def _source_type(*, is_sitemap: bool, is_page: bool, selector: str | None) -> SourceType:
    if is_sitemap and is_page:
        raise BadInput("an address is a --sitemap or a --page, not both")
    if is_page and not selector:
        raise BadInput("--page needs --item: the CSS selector of its items, such as --item 'article.news'")
    if selector and not is_page:
        raise BadInput("--item goes with --page")
    if selector:
        _check(selector)
    if is_page:
        return SourceType.PAGE
    return SourceType.SITEMAP if is_sitemap else SourceType.FEED


def _check(selector: str) -> None:
    from reformwatch.documents.page import check_selector  # with the HTML parser, which few commands need

    check_selector(selector)


def _say_cost(one: Feed, settings: Settings) -> None:
    """What an interval of the operator's own costs the feed's owner, and where it will not be kept."""
    if one.interval is None:
        return
    a_day = timedelta(days=1) / one.interval
    usual = 86_400 / settings.poll.min_interval_s
    told = f"it is asked every {duration(one.interval)}, about {a_day:,.0f} requests a day" if a_day >= 1 else ""
    if a_day > usual:
        told += f" where at most {usual:,.0f} are usual; owners of feeds mind that"
    wishes = [wish for wish in (one.poll.max_age, one.poll.hints.ttl) if wish is not None and wish > one.interval]
    if wishes:
        told += f"{'; ' if told else ''}its server asks for {duration(max(wishes))} between two, and that is kept"
    if told:
        say(told)


def _show_choices(links: Sequence[FeedLink], *, page: str, option: str = "") -> None:
    say(f"{page} names these{' sitemaps' if option else ' feeds'}:")
    for link in links:
        say(f"  reformwatch feed add {link.url}{option}{f'    # {link.title}' if link.title else ''}")


@feed.command("edit")
@click.argument("which", metavar="FEED")
@click.option("--name", help="New name.")
@click.option("--language", help="Language of its entries, such as kk.")
@click.option("--kind", type=click.Choice([k.value for k in FeedKind]))
@click.option("--full-text/--no-full-text", default=None, help="Whether the pages of new entries are fetched.")
@click.option("--interval", type=_Interval, metavar="LENGTH", help="Poll at this interval, such as 15m or 6h.")
@click.option("--no-interval", is_flag=True, help="Let its rhythm and its server decide again.")
@click.option("--item", "selector", metavar="CSS", help="CSS selector of the items of a page.")
@click.pass_obj
def edit(
    invocation: Invocation,
    which: str,
    name: str | None,
    language: str | None,
    kind: str | None,
    full_text: bool | None,
    interval: timedelta | None,
    no_interval: bool,
    selector: str | None,
) -> None:
    """Change a feed: its name, how often it is polled, whether the pages of its entries are read.

    Example: reformwatch feed edit 12 --interval 30m --full-text
    """
    if not any((name, language, kind, interval, no_interval, selector)) and full_text is None:
        raise BadInput("nothing to change: give --name, --language, --kind, --full-text, --interval or --item")
    if interval and no_interval:
        raise BadInput("--interval and --no-interval contradict each other")
    now = utc_now()
    with invocation.store() as store, store.write() as tx:
        one = find_feed(tx, which)
        if selector:
            if one.source_type is not SourceType.PAGE:
                raise BadInput(f"--item goes with a page; feed {one.id} is a {one.source_type.value}")
            _check(selector)
        changed = replace(
            one,
            name=name or one.name,
            language=language or one.language,
            kind=FeedKind(kind) if kind else one.kind,
            full_text=one.full_text if full_text is None else full_text,
            interval=None if no_interval else interval or one.interval,
            item_selector=selector or one.item_selector,
        )
        sooner = (one.poll.last_polled_at or now) + changed.interval if changed.interval else None
        change_feed(tx, changed, due_at=sooner)
    say(f"changed feed {changed.id}: {changed.name}")
    _say_cost(changed, invocation.settings)


@feed.command("discover")
@click.argument("url")
@json_option
@click.pass_obj
def discover(invocation: Invocation, url: str, as_json: bool) -> None:
    """Show the feeds that a page names, without adding any.

    Example: reformwatch feed discover https://www.example.org/
    """
    from reformwatch.pipeline.subscribe import discover_feeds
    from reformwatch.wiring.polling import PollTools

    with invocation.store() as store:
        tools = PollTools(invocation.settings, store, owner="cli")
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
        emit_json([as_dict(one, counts.get(one.id, 0), now=now) for one in feeds])
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
                ago(f.poll.last_ok_at, now=now),
                ago(f.poll.next_poll_at, now=now),
                counts.get(f.id, 0),
            ]
            for f in feeds
        ),
        empty="no feeds yet: `reformwatch feed add URL`",
    )


def health(one: Feed, *, now: datetime) -> str:
    """A feed's health in words."""
    told = health_of(one, now=now)
    match told.state:
        case HealthState.OK:
            return "ok"
        case HealthState.NEW:
            return "not read yet"
        case HealthState.FAILING:
            return f"failing since {ago(told.since, now=now)}: {told.sentence}"
        case HealthState.PAUSED:
            return "paused"
        case HealthState.QUIET | HealthState.GONE:
            return f"{told.state.value}: {told.sentence}"


def as_dict(one: Feed, entries: int, *, now: datetime) -> dict[str, Any]:
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
        "next_poll": iso(one.poll.next_poll_at),
        "last_polled": iso(one.poll.last_polled_at),
        "last_ok": iso(one.poll.last_ok_at),
        "last_new": iso(one.poll.last_new_at),
        "failing_since": iso(one.poll.failing_since),
        "failures": one.poll.failures,
        "problem": one.poll.problem,
        "health": health_of(one, now=now).state.value,
        "source_type": one.source_type.value,
        "item": one.item_selector,
        "full_text": one.full_text,
        "interval_s": seconds(one.interval),
    }


@feed.command("show")
@click.argument("which", metavar="FEED")
@json_option
@click.pass_obj
def show(invocation: Invocation, which: str, as_json: bool) -> None:
    """Show one feed, by number, address or name.

    Example: reformwatch feed show Tengrinews
    """
    now = utc_now()
    with invocation.store() as store, store.read() as tx:
        one = find_feed(tx, which)
        languages = languages_of_feed(tx, one.id)
        gaps = gaps_since(tx, now - _GAPS_SHOWN, feed_id=one.id)
        hub = websub.find(tx, one.id)
    count = sum(languages.values())
    if as_json:
        told = {"languages": languages, "gaps": [gap_dict(gap) for gap in gaps], "hub": _hub_dict(hub)}
        emit_json(as_dict(one, count, now=now) | told)
        return
    facts(
        [
            ("feed", f"{one.id}: {one.name}"),
            ("address", one.url),
            ("site", one.site_url),
            ("kind, language", f"{one.kind.value}, {one.language or 'not said'}"),
            ("health", health(one, now=now)),
            ("read well", ago(one.poll.last_ok_at, now=now)),
            ("brought news", ago(one.poll.last_new_at, now=now)),
            ("next poll", ago(one.poll.next_poll_at, now=now)),
            ("rhythm", _rhythm(one)),
            ("interval", f"every {duration(one.interval)}, as you chose" if one.interval else None),
            ("read as", _read_as(one)),
            ("entries", count),
            ("languages", ", ".join(f"{name} {n / count:.0%}" for name, n in languages.items()) or None),
            ("from pack", one.pack),
            ("hub", _hub_line(hub, now) if hub else None),
            *(("gap", gap_line(gap)) for gap in gaps[:_MOST_GAPS]),
        ]
    )


def _hub_line(hub: HubSubscription, now: datetime) -> str:
    told = f"{hub.hub}: {hub.state.value}"
    if hub.is_active(now):
        told += f", the lease ends {ago(hub.lease_until, now=now)}, last push {ago(hub.pushed_at, now=now)}"
    return f"{told} ({hub.problem})" if hub.problem else told


def _hub_dict(hub: HubSubscription | None) -> dict[str, Any] | None:
    if hub is None:
        return None
    return {
        "hub": hub.hub,
        "topic": hub.topic,
        "state": hub.state.value,
        "lease_until": iso(hub.lease_until),
        "pushed": iso(hub.pushed_at),
        "problem": hub.problem,
    }


def _rhythm(one: Feed) -> str | None:
    usual = one.poll.rhythm.usual_gap
    return f"an entry every {duration(usual)}" if usual is not None else None


def _read_as(one: Feed) -> str:
    read_as = {SourceType.FEED: "feed", SourceType.SITEMAP: "news sitemap"}.get(one.source_type)
    told = read_as or f"page, items {one.item_selector}"
    return f"{told}, with the pages of its entries" if one.full_text else told


def gap_line(gap: Gap) -> str:
    """A gap in words."""
    told = f"{gap.since:%Y-%m-%d %H:%M} to {gap.until:%Y-%m-%d %H:%M} UTC: all its entries had changed"
    if gap.recovered_at is not None:
        return f"{told}; filled from {gap.pages} older page{'s' if gap.pages != 1 else ''}, {gap.found} found"
    found = f" ({gap.found} found on older pages)" if gap.found else ""
    return f"{told}; some may have been missed{found}"


def gap_dict(gap: Gap) -> dict[str, Any]:
    """A gap for JSON."""
    return {
        "feed_id": gap.feed_id,
        "since": iso(gap.since),
        "until": iso(gap.until),
        "pages": gap.pages,
        "found": gap.found,
        "recovered": iso(gap.recovered_at),
    }


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
            websub.leave(tx, one.id, now=utc_now())
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
            json.dumps(
                [as_dict(one, counts.get(one.id, 0), now=utc_now()) for one in feeds], ensure_ascii=False, indent=2
            ).encode()
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
