"""Porch: feeds."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import UNSET
from msgspec.structs import replace

from reformwatch.cli.context import Invocation
from reformwatch.cli.output import ago, duration, emit_json, facts, json_option, json_text, say, table
from reformwatch.cli.parameters import Length
from reformwatch.errors import BadInput, CantCreate
from reformwatch.model.feed import MIN_INTERVAL, FeedKind, NewFeed, SourceType
from reformwatch.model.health import HealthState
from reformwatch.services import feeds
from reformwatch.services.views import (
    FeedChoiceView,
    FeedDetailView,
    FeedNameView,
    FeedView,
    GapView,
    HubView,
    IntervalCostView,
)
from reformwatch.wiring.basics import utc_now

if TYPE_CHECKING:
    from reformwatch.wiring.polling import PollTools

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
    new = NewFeed(
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
    invocation.log_quietly()
    with _poll_tools(invocation) as tools:
        for url in urls:
            _add(tools, replace(new, url=url))


@contextmanager
def _poll_tools(invocation: Invocation) -> Iterator["PollTools"]:
    from reformwatch.wiring.polling import PollTools  # imports fetching and parsing, which few commands need

    with invocation.store() as store:
        tools = PollTools(invocation.settings, store, owner="cli")
        try:
            yield tools
        finally:
            tools.close()


def _add(tools: "PollTools", new: NewFeed) -> None:
    from reformwatch.services import new_feeds

    added = new_feeds.add(tools.client, tools.poller, new)
    if isinstance(added, FeedChoiceView):
        is_index = new.source_type is SourceType.SITEMAP
        _show_choices(added, page=new.url, option=" --sitemap" if is_index else "")
        what = f"an index of {len(added.links)} sitemaps" if is_index else f"a page with {len(added.links)} feeds"
        raise BadInput(f"{new.url}: {what}; add the one that is meant")
    say(f"added feed {added.feed.id}: {added.feed.name} <{added.feed.url}>: {added.summary}")
    _say_cost(added.cost)


def _source_type(*, is_sitemap: bool, is_page: bool, selector: str | None) -> SourceType:
    if is_sitemap and is_page:
        raise BadInput("an address is a --sitemap or a --page, not both")
    if is_page and not selector:
        raise BadInput("--page needs --item: the CSS selector of its items, such as --item 'article.news'")
    if selector and not is_page:
        raise BadInput("--item goes with --page")
    if is_page:
        return SourceType.PAGE
    return SourceType.SITEMAP if is_sitemap else SourceType.FEED


def _say_cost(cost: IntervalCostView | None) -> None:
    """Write how many requests a day the operator's interval makes, and whether the server demands a longer one."""
    if cost is None:
        return
    a_day = cost.requests_a_day
    words = f"it is asked every {duration(cost.interval)}, about {a_day:,.0f} requests a day" if a_day >= 1 else ""
    if a_day > cost.usual_a_day:
        words += f" where at most {cost.usual_a_day:,.0f} are usual; owners of feeds mind that"
    if cost.server_wish is not None:
        words += (
            f"{'; ' if words else ''}its server asks for {duration(cost.server_wish)} between two, and that is kept"
        )
    if words:
        say(words)


def _show_choices(choice: FeedChoiceView, *, page: str, option: str = "") -> None:
    say(f"{page} names these{' sitemaps' if option else ' feeds'}:")
    for link in choice.links:
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
    changes = feeds.FeedEdit(
        name=name,
        language=language,
        kind=FeedKind(kind) if kind else None,
        full_text=full_text,
        interval=None if no_interval else interval or UNSET,
        item_selector=selector,
    )
    usual = timedelta(seconds=invocation.settings.poll.min_interval_s)
    with invocation.store() as store:
        changed = feeds.edit(store, which, changes, usual_interval=usual, now=utc_now())
    say(f"changed feed {changed.feed.id}: {changed.feed.name}")
    _say_cost(changed.cost)


@feed.command("discover")
@click.argument("url")
@json_option
@click.pass_obj
def discover(invocation: Invocation, url: str, as_json: bool) -> None:
    """Show the feeds that a page names, without adding any.

    Example: reformwatch feed discover https://www.example.org/
    """
    from reformwatch.services import new_feeds

    with _poll_tools(invocation) as tools:
        links = new_feeds.discover(tools.client, tools.poller, url)
    if as_json:
        emit_json(links)
        return
    table(["feed", "title"], ([link.url, link.title] for link in links), empty=f"{url} names no feed")


@feed.command("list")
@json_option
@click.pass_obj
def list_feeds_(invocation: Invocation, as_json: bool) -> None:
    """List feeds with their health.

    Example: reformwatch feed list --json
    """
    now = utc_now()
    with invocation.store() as store:
        listed = feeds.list_feeds(store, now=now)
    if as_json:
        emit_json(listed)
        return
    table(
        ["no", "name", "kind", "lang", "state", "read well", "next poll", "entries"],
        (
            [
                f.id,
                f.name or f.url,
                f.kind.value,
                f.language,
                health_words(f.health, f.health_sentence, failing_since=f.failing_since, now=now),
                ago(f.last_ok, now=now),
                ago(f.next_poll, now=now),
                f.entries,
            ]
            for f in listed
        ),
        empty="no feeds yet: `reformwatch feed add URL`",
    )


def health_words(state: HealthState, sentence: str, *, failing_since: datetime | None, now: datetime) -> str:
    """A feed's health in English."""
    match state:
        case HealthState.OK:
            return "ok"
        case HealthState.NEW:
            return "not read yet"
        case HealthState.FAILING:
            return f"failing since {ago(failing_since, now=now)}: {sentence}"
        case HealthState.PAUSED:
            return "paused"
        case HealthState.QUIET | HealthState.GONE:
            return f"{state.value}: {sentence}"


@feed.command("show")
@click.argument("which", metavar="FEED")
@json_option
@click.pass_obj
def show(invocation: Invocation, which: str, as_json: bool) -> None:
    """Show one feed, by number, address or name.

    Example: reformwatch feed show Tengrinews
    """
    now = utc_now()
    with invocation.store() as store:
        view = feeds.show(store, which, now=now)
    if as_json:
        emit_json(view)
        return
    facts(
        [
            ("feed", f"{view.id}: {view.name}"),
            ("address", view.url),
            ("site", view.site_url),
            ("kind, language", f"{view.kind.value}, {view.language or 'not said'}"),
            ("health", health_words(view.health, view.health_sentence, failing_since=view.failing_since, now=now)),
            ("read well", ago(view.last_ok, now=now)),
            ("brought news", ago(view.last_new, now=now)),
            ("next poll", ago(view.next_poll, now=now)),
            ("rhythm", f"an entry every {duration(view.usual_gap)}" if view.usual_gap is not None else None),
            ("interval", f"every {duration(view.interval_s)}, as you chose" if view.interval_s else None),
            ("read as", _read_as(view)),
            ("entries", view.entries),
            ("languages", _shares(view)),
            ("from pack", view.pack),
            ("hub", _hub_line(view.hub, now) if view.hub else None),
            *(("gap", gap_line(gap)) for gap in view.gaps[:_MOST_GAPS]),
        ]
    )


def _shares(view: FeedDetailView) -> str | None:
    return ", ".join(f"{name} {count / view.entries:.0%}" for name, count in view.languages.items()) or None


def _hub_line(hub: HubView, now: datetime) -> str:
    words = f"{hub.hub}: {hub.state.value}"
    if hub.is_active:
        words += f", the lease ends {ago(hub.lease_until, now=now)}, last push {ago(hub.pushed, now=now)}"
    return f"{words} ({hub.problem})" if hub.problem else words


def _read_as(view: FeedView) -> str:
    read_as = {SourceType.FEED: "feed", SourceType.SITEMAP: "news sitemap"}.get(view.source_type)
    words = read_as or f"page, items {view.item}"
    return f"{words}, with the pages of its entries" if view.full_text else words


def gap_line(gap: GapView) -> str:
    """A gap in English."""
    words = f"{gap.since:%Y-%m-%d %H:%M} to {gap.until:%Y-%m-%d %H:%M} UTC: all its entries had changed"
    if gap.recovered is not None:
        return f"{words}; filled from {gap.pages} older page{'s' if gap.pages != 1 else ''}, {gap.found} found"
    on_older_pages = f" ({gap.found} found on older pages)" if gap.found else ""
    return f"{words}; some may have been missed{on_older_pages}"


@feed.command("remove")
@click.argument("which", metavar="FEED")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def remove(invocation: Invocation, which: str, yes: bool) -> None:
    """Remove a feed with its archived entries.

    Example: reformwatch feed remove 12 --yes
    """
    with invocation.store() as store:
        stored = feeds.find(store, which)
        if not yes:
            click.confirm(f"Remove {stored.name} <{stored.url}> and its entries?", abort=True, err=True)
        removed = feeds.remove(store, str(stored.id), now=utc_now())
    say(f"removed feed {removed.id}: {removed.name}")


def _say_each(done: str, changed: Sequence[FeedNameView]) -> None:
    for feed_name in changed:
        say(f"{done} feed {feed_name.id}: {feed_name.name}")


@feed.command("pause")
@click.argument("which", metavar="FEED...", nargs=-1, required=True)
@click.pass_obj
def pause(invocation: Invocation, which: Sequence[str]) -> None:
    """Stop polling feeds.

    Example: reformwatch feed pause 12
    """
    with invocation.store() as store:
        _say_each("paused", feeds.pause(store, which, now=utc_now()))


@feed.command("resume")
@click.argument("which", metavar="FEED...", nargs=-1, required=True)
@click.pass_obj
def resume(invocation: Invocation, which: Sequence[str]) -> None:
    """Poll feeds again, with a clean record.

    Example: reformwatch feed resume 12
    """
    with invocation.store() as store:
        _say_each("resumed", feeds.resume(store, which, now=utc_now()))


@feed.command("import")
@click.argument("file", type=click.File("rb"))
@click.pass_obj
def import_(invocation: Invocation, file: Any) -> None:
    """Add the feeds of an OPML file; those that are known stay as they are.

    Example: reformwatch feed import subscriptions.opml
    """
    with invocation.store() as store:
        imported = feeds.import_opml(store, file.read(), now=utc_now())
    say(f"{imported.added} feeds added, {imported.known} known already")


@feed.command("export")
@click.option("--out", type=click.Path(path_type=Path), help="File to write (default: standard output).")
@json_option
@click.pass_obj
def export(invocation: Invocation, out: Path | None, as_json: bool) -> None:
    """Write the feeds as OPML 2.0.

    Example: reformwatch feed export > feeds.opml
    """
    with invocation.store() as store:
        if as_json:
            listed = feeds.list_feeds(store, now=utc_now())
            text, count = f"{json_text(listed)}\n".encode(), len(listed)
        else:
            exported = feeds.export_opml(store)
            text, count = exported.text, exported.feeds
    if out is None:
        sys.stdout.buffer.write(text)
        return
    try:
        out.write_bytes(text)
    except OSError as error:
        raise CantCreate(f"{out}: can't be written ({error.strerror})") from error
    say(f"wrote {count} feeds to {out}")
