"""Services: stored feeds: listed, shown, changed, paused, removed, exported, chosen for a manual poll."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import UNSET, UnsetType
from msgspec.structs import asdict, replace

from reformwatch.errors import BadInput
from reformwatch.messages.catalogues import ENGLISH
from reformwatch.messages.problems import document_phrase, problem_sentence
from reformwatch.messages.sentences import health_sentence
from reformwatch.model.feed import Feed, FeedAddress, FeedKind, FeedState, Gap, NewFeed, SourceType
from reformwatch.model.problem import Problem
from reformwatch.model.value import Value
from reformwatch.model.websub import HubSubscription
from reformwatch.planning.feed_health import health_of
from reformwatch.planning.schedule import LEAST_INTERVAL
from reformwatch.services.views import (
    FeedChangedView,
    FeedDetailView,
    FeedNameView,
    FeedsExportedView,
    FeedsImportedView,
    FeedView,
    GapView,
    HubView,
    IntervalCostView,
    ManualPollView,
)
from reformwatch.store import Store, Tx, feeds, websub
from reformwatch.store.gaps import gaps_since
from reformwatch.store.status import counts_by_feed, languages_of_feed
from reformwatch.urls import host_of

_GAPS_SHOWN: Final = timedelta(days=90)


class FeedEdit(Value, frozen=True, kw_only=True):
    """Changes of a feed; None, for ``interval`` UNSET: unchanged. ``interval`` None: by the feed's rhythm again."""

    name: str | None = None
    language: str | None = None
    kind: FeedKind | None = None
    full_text: bool | None = None
    interval: timedelta | UnsetType | None = UNSET
    item_selector: str | None = None


def list_feeds(store: Store, *, now: datetime) -> list[FeedView]:
    """All feeds by name, with their health."""
    with store.read() as tx:
        listed, counts = feeds.list_feeds(tx), counts_by_feed(tx)
    return [_view(feed, counts.get(feed.id, 0), now=now) for feed in listed]


def find(store: Store, which: str) -> FeedNameView:
    """A feed by number, address or name. Raises NotFound, or BadInput where a name is not unique."""
    with store.read() as tx:
        return name_view(feeds.find_feed(tx, which))


def show(store: Store, which: str, *, now: datetime) -> FeedDetailView:
    """A feed with its languages, gaps and hub. Raises as :func:`find`."""
    with store.read() as tx:
        feed = feeds.find_feed(tx, which)
        languages = languages_of_feed(tx, feed.id)
        gaps = gaps_since(tx, now - _GAPS_SHOWN, feed_id=feed.id)
        hub = websub.find(tx, feed.id)
    view = _view(feed, sum(languages.values()), now=now)
    hub_view = _hub_view(hub, now=now) if hub else None
    return FeedDetailView(**asdict(view), languages=languages, gaps=tuple(map(gap_view, gaps)), hub=hub_view)


def edit(store: Store, which: str, changes: FeedEdit, *, usual_interval: timedelta, now: datetime) -> FeedChangedView:
    """Change a feed; a shorter interval makes its next poll earlier. Raises as :func:`find`; BadInput for a selector.

    ``usual_interval`` is the shortest interval of feeds for which the operator has set none.
    """
    with store.write() as tx:
        feed = feeds.find_feed(tx, which)
        if changes.item_selector:
            _check_selector(feed, changes.item_selector)
        changed = replace(
            feed,
            name=changes.name or feed.name,
            language=changes.language or feed.language,
            kind=changes.kind or feed.kind,
            full_text=feed.full_text if changes.full_text is None else changes.full_text,
            interval=feed.interval if isinstance(changes.interval, UnsetType) else changes.interval,
            item_selector=changes.item_selector or feed.item_selector,
        )
        due_at = (feed.poll.last_polled_at or now) + changed.interval if changed.interval else None
        feeds.change_feed(tx, changed, due_at=due_at)
    return FeedChangedView(feed=name_view(changed), cost=interval_cost(changed, usual_interval=usual_interval))


def _check_selector(feed: Feed, selector: str) -> None:
    if feed.source_type is not SourceType.PAGE:
        raise BadInput(f"--item goes with a page; feed {feed.id} is a {feed.source_type.value}")
    from reformwatch.documents.page import selector_problem  # imports the HTML parser, which few commands need

    if (problem := selector_problem(selector)) is not None:
        raise BadInput(document_phrase(problem, ENGLISH))


def interval_cost(feed: Feed, *, usual_interval: timedelta) -> IntervalCostView | None:
    """The load that the operator's interval for a feed puts on its server; None where the operator has set none."""
    if feed.interval is None:
        return None
    wishes = [wish for wish in (feed.poll.max_age, feed.poll.hints.ttl) if wish is not None and wish > feed.interval]
    a_day = timedelta(days=1)
    return IntervalCostView(
        interval=feed.interval,
        requests_a_day=a_day / feed.interval,
        usual_a_day=a_day / usual_interval,
        server_wish=max(wishes, default=None),
    )


def remove(store: Store, which: str, *, now: datetime) -> FeedNameView:
    """Remove a feed with its entries. Its hub subscription, deleted with the feed's row, is ended before that."""
    with store.write() as tx:
        feed = feeds.find_feed(tx, which)
        websub.leave(tx, feed.id, now=now)
        feeds.remove_feed(tx, feed.id)
    return name_view(feed)


def pause(store: Store, which: Sequence[str], *, now: datetime) -> list[FeedNameView]:
    """Stop polling these feeds: all, or none where NotFound or BadInput is raised for one."""
    return _set_state(store, which, FeedState.PAUSED, now=now)


def resume(store: Store, which: Sequence[str], *, now: datetime) -> list[FeedNameView]:
    """Poll these feeds again, due now and without their failures. Raises as :func:`pause`."""
    return _set_state(store, which, FeedState.ACTIVE, now=now)


def _set_state(store: Store, which: Sequence[str], state: FeedState, *, now: datetime) -> list[FeedNameView]:
    with store.write() as tx:
        chosen = [feeds.find_feed(tx, name) for name in which]
        for feed in chosen:
            feeds.set_state(tx, feed.id, state, now=now)
    return [name_view(feed) for feed in chosen]


def import_opml(store: Store, text: bytes, *, now: datetime) -> FeedsImportedView:
    """Add the feeds of an OPML document; stored feeds are not changed. Raises BadInput where it can't be read."""
    from reformwatch.documents.limits import RefusedMarkup
    from reformwatch.documents.opml import read_opml  # imports an XML parser, which few commands need

    try:
        listed = read_opml(text)
    except RefusedMarkup as refused:
        raise BadInput(f"OPML: {document_phrase(refused.problem, ENGLISH)}") from None
    kinds = {kind.value for kind in FeedKind}
    added = 0
    with store.write() as tx:
        for outline in listed:
            kind = FeedKind(outline.kind) if outline.kind in kinds else FeedKind.INDEPENDENT
            new = NewFeed(
                url=outline.url, name=outline.name, kind=kind, language=outline.language, site_url=outline.site_url
            )
            added += feeds.add_feed(tx, new, now=now)
    return FeedsImportedView(added=added, known=len(listed) - added)


def export_opml(store: Store) -> FeedsExportedView:
    """The feeds as OPML 2.0."""
    from reformwatch.documents.opml import write_opml

    with store.read() as tx:
        listed = feeds.list_feeds(tx)
    return FeedsExportedView(text=write_opml(listed, title="reformwatch feeds"), feeds=len(listed))


def feeds_to_poll(
    store: Store, which: Sequence[str], *, is_own_host: Callable[[str], bool], now: datetime, is_forced: bool = False
) -> ManualPollView:
    """The feeds that a manual poll requests: of the named ones, or of all where none is named. # trust: C27.

    A feed that was polled within the last ``LEAST`` is left out, unless its host is the operator's own or the poll is
    forced. Paused feeds and feeds that are gone are never polled.
    """
    with store.read() as tx:
        chosen = _named(tx, which) if which else feeds.list_addresses(tx)
    polled_lately = {
        feed.id
        for feed in chosen
        if feed.last_polled_at is not None
        and feed.last_polled_at > now - LEAST_INTERVAL
        and not is_own_host(host_of(feed.url))
    }
    ids = tuple(feed.id for feed in chosen if is_forced or feed.id not in polled_lately)
    return ManualPollView(feed_ids=ids, asked_lately=len(polled_lately), least_gap=LEAST_INTERVAL)


def _named(tx: Tx, which: Sequence[str]) -> list[FeedAddress]:
    chosen = [feeds.find_feed(tx, name) for name in which]
    return [
        FeedAddress(id=feed.id, url=feed.url, last_polled_at=feed.poll.last_polled_at)
        for feed in chosen
        if feed.state is FeedState.ACTIVE
    ]


def name_view(feed: Feed) -> FeedNameView:
    """The view of a feed's number, name and address."""
    return FeedNameView(id=feed.id, name=feed.name, url=feed.url)


def gap_view(gap: Gap) -> GapView:
    """The view of a gap."""
    return GapView(
        feed_id=gap.feed_id,
        since=gap.since,
        until=gap.until,
        pages=gap.pages,
        found=gap.found,
        recovered=gap.recovered_at,
    )


def sentence_of(problem: Problem | None) -> str | None:
    """The sentence of a problem in English; None for None."""
    return None if problem is None else problem_sentence(problem, ENGLISH)


def _hub_view(hub: HubSubscription, *, now: datetime) -> HubView:
    return HubView(
        hub=hub.hub,
        topic=hub.topic,
        state=hub.state,
        lease_until=hub.lease_until,
        pushed=hub.pushed_at,
        problem=sentence_of(hub.problem),
        problem_code=hub.problem.code if hub.problem else None,
        is_active=hub.is_active(now),
    )


def _view(feed: Feed, entries: int, *, now: datetime) -> FeedView:
    health = health_of(feed, now=now)
    return FeedView(
        id=feed.id,
        name=feed.name,
        url=feed.url,
        kind=feed.kind,
        language=feed.language,
        state=feed.state,
        site_url=feed.site_url,
        pack=feed.pack,
        entries=entries,
        added=feed.added_at,
        next_poll=feed.poll.next_poll_at,
        last_polled=feed.poll.last_polled_at,
        last_ok=feed.poll.last_ok_at,
        last_new=feed.poll.last_new_at,
        failing_since=feed.poll.failing_since,
        failures=feed.poll.failures,
        problem=sentence_of(feed.poll.problem),
        problem_code=feed.poll.problem.code if feed.poll.problem else None,
        health=health.state,
        source_type=feed.source_type,
        item=feed.item_selector,
        full_text=feed.full_text,
        interval_s=feed.interval,
        health_sentence=health_sentence(health, ENGLISH),
        usual_gap=feed.poll.rhythm.usual_gap,
    )
