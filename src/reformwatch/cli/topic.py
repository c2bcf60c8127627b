"""Porch: topics."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from msgspec.structs import asdict, replace

from reformwatch.cli.context import Invocation
from reformwatch.cli.output import emit_json, facts, highlighted, iso, json_option, progress, say, stdout, table
from reformwatch.errors import BadInput
from reformwatch.language.names import transliterated
from reformwatch.matching.index import CompiledTopic, compile_topic, document_of, match_entry
from reformwatch.matching.snippets import marked, snippet
from reformwatch.model.entry import Entry
from reformwatch.model.health import Coverage, FeedCoverage
from reformwatch.model.topic import ANY_LANGUAGE, LANGUAGES, Match, NewTopic, Topic, TopicKind, TopicState
from reformwatch.planning.backtest import Hit, find_hits, report_terms, try_out
from reformwatch.planning.coverage import coverage
from reformwatch.services.pack_files import SLUG, check_queries
from reformwatch.settings import Settings
from reformwatch.store import Store
from reformwatch.store.entries import all_entries, count_entries
from reformwatch.store.gaps import readings_of
from reformwatch.store.topics import add_topic, change_topic, find_topic, list_topics, remove_topic, require_free_slug
from reformwatch.wiring.basics import utc_now

#: A topic that would bring more than this is refused unless it is forced: nobody reads so many.
MAX_ALERTS_A_DAY = 20
_BROAD = 0.05
_ENOUGH_TO_TELL = 200
_COVERAGE_SHOWN = timedelta(days=30)
_MOST_UNREAD = 8


@click.group()
def topic() -> None:
    """Topics: what is tracked, and the queries that recognise it."""


def query_pairs(given: Sequence[str]) -> dict[str, str]:
    """``LANG=QUERY`` options as a mapping. Raises BadInput."""
    pairs = {}
    for one in given:
        language, sign, query = one.partition("=")
        if not sign or language not in {*LANGUAGES, ANY_LANGUAGE}:
            known = ", ".join([*LANGUAGES, ANY_LANGUAGE])
            raise BadInput(f"--query {one[:60]!r}: it is written LANG=QUERY, LANG one of {known}")
        if language in pairs:
            raise BadInput(f"--query: {language} is given twice; join the two with OR")
        pairs[language] = query
    return pairs


def slug_of(name: str) -> str:
    """A slug from a name: Latin letters, digits, hyphens."""
    plain = unicodedata.normalize("NFKD", transliterated(name)).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")


@topic.command("add")
@click.argument("name")
@click.option(
    "--query",
    "queries",
    metavar="LANG=QUERY",
    multiple=True,
    required=True,
    help="May be repeated; LANG: en, ru, kk, es, any.",
)
@click.option(
    "--kind", type=click.Choice([k.value for k in TopicKind]), default=TopicKind.CUSTOM.value, show_default=True
)
@click.option("--slug", help="Short name (default: made from the name).")
@click.option("--description", default="", help="What a follow-up is.")
@click.option("--force", is_flag=True, help="Save it even if it would bring very many alerts.")
@click.pass_obj
def add(
    invocation: Invocation,
    name: str,
    queries: Sequence[str],
    kind: str,
    slug: str | None,
    description: str,
    force: bool,
) -> None:
    """Track a topic; it is matched from the next poll on.

    Example: reformwatch topic add "Akims" --query 'en=akim NEAR/5 elect*' --query 'ru="выборы акимов"'
    """
    slug = slug or slug_of(name)
    if not SLUG.fullmatch(slug):
        raise BadInput(f"--slug {slug!r}: small letters, digits and hyphens")
    checked = check_queries(query_pairs(queries), where=f"topic {slug}")
    new = NewTopic(
        slug=slug, name=" ".join(name.split()), kind=TopicKind(kind), description=description, queries=checked
    )
    with invocation.store() as store:
        with store.read() as tx:
            require_free_slug(tx, slug)
        try_on_archive(store, compile_topic(0, slug, checked), invocation.settings, force=force)
        with store.write() as tx:
            add_topic(tx, new, now=utc_now())
    say(f"tracking {slug}: `reformwatch topic test {slug}` shows what of the archive matches")


def try_on_archive(store: Store, compiled: CompiledTopic, settings: Settings, *, force: bool) -> None:
    """Say what the last 30 and 90 days would have brought, and refuse a query that would bring too much."""
    now = utc_now()
    since = now - timedelta(days=90)
    with store.read() as tx, progress("trying it on the archive") as bar:
        entries = bar.track(all_entries(tx, since=since), total=count_entries(tx, since=since))
        found = find_hits(entries, compiled)
    hits = found.hits
    if not found.entries:
        say("the archive is empty so far: what it would bring can't be said")
        return
    limit = settings.alerts.burst_limit
    trials = [try_out(hits, now=now, days=days, burst_limit=limit) for days in (30, 90)]
    for trial in trials:
        say(f"the last {trial.days} days: {trial.about} about it, {trial.mentions} only mention it")
    for hit in trials[1].examples:
        say(f"  {hit.moment:%Y-%m-%d}  {hit.entry.title}")
    _say_terms(compiled, hits)
    if found.entries >= _ENOUGH_TO_TELL and found.evaluated > _BROAD * found.entries:
        share = f"{found.evaluated / found.entries:.0%} of all entries"
        say(f"note: its words are common: it is run on {share}, about {found.evaluated / 90:.0f} a day")
    if trials[0].alerts_a_day > MAX_ALERTS_A_DAY and not force:
        many = f"{trials[0].alerts_a_day:.0f} alerts a day, more than {MAX_ALERTS_A_DAY}"
        raise BadInput(f"topic {compiled.slug}: it would bring {many}; narrow it, or add --force; nothing was stored")


def _say_terms(compiled: CompiledTopic, hits: Sequence[Hit]) -> None:
    if not hits:
        return
    report = report_terms(compiled, hits)
    if report.workhorse:
        say(f"one term is in nearly all of them: {report.workhorse}")
    if report.idle:
        more = f" and {len(report.idle) - 12} more" if len(report.idle) > 12 else ""
        say(f"these terms are in none of them: {', '.join(report.idle[:12])}{more}")


@topic.command("list")
@json_option
@click.pass_obj
def list_(invocation: Invocation, as_json: bool) -> None:
    """List topics.

    Example: reformwatch topic list
    """
    with invocation.store() as store, store.read() as tx:
        topics = list_topics(tx)
    if as_json:
        emit_json([as_dict(one) for one in topics])
        return
    table(
        ["slug", "name", "kind", "queries", "state"],
        ([t.slug, t.name, t.kind.value, " ".join(t.queries), t.state.value] for t in topics),
        empty="no topics yet: `reformwatch topic add NAME --query LANG=QUERY`",
    )


def as_dict(one: Topic) -> dict[str, Any]:
    """A topic for JSON."""
    return {
        "slug": one.slug,
        "name": one.name,
        "names": dict(one.names),
        "kind": one.kind.value,
        "description": one.description,
        "state": one.state.value,
        "pack": one.pack,
        "queries": dict(one.queries),
        "created": iso(one.created_at),
        "updated": iso(one.updated_at),
    }


@topic.command("show")
@click.argument("slug")
@json_option
@click.pass_obj
def show(invocation: Invocation, slug: str, as_json: bool) -> None:
    """Show a topic with its queries.

    Example: reformwatch topic show mayoral-elections
    """
    now = utc_now()
    with invocation.store() as store, store.read() as tx:
        one = find_topic(tx, slug)
        since = max(now - _COVERAGE_SHOWN, one.created_at)
        view = coverage(readings_of(tx, one, since=since), since=since, until=now, now=now)
    if as_json:
        emit_json(as_dict(one) | {"coverage": coverage_dict(view)})
        return
    facts(
        [
            ("topic", f"{one.slug}: {one.name}"),
            ("kind", one.kind.value),
            ("state", one.state.value),
            ("from pack", one.pack),
            ("follow-up", one.description or None),
            *((f"query {language}", query) for language, query in one.queries.items()),
            ("read", f"{len(view.whole)} of {len(view.feeds)} feeds without a gap since {since:%d %B %Y}"),
            *(("not read", _unread_line(feed)) for feed in view.holed[:_MOST_UNREAD]),
        ]
    )
    if len(view.holed) > _MOST_UNREAD:
        say(f"and {len(view.holed) - _MOST_UNREAD} more feeds with gaps; --json shows all")


def _unread_line(feed: FeedCoverage) -> str:
    told = [f"{hole.since:%d %b %H:%M} to {hole.until:%d %b %H:%M} ({hole.why})" for hole in feed.unread[:3]]
    return f"{feed.name}: {', '.join(told)}"


def coverage_dict(view: Coverage) -> dict[str, Any]:
    """What of a topic's sources was read, for JSON."""
    return {
        "since": iso(view.since),
        "until": iso(view.until),
        "complete": view.is_complete,
        "blind": view.is_blind,
        "feeds": [
            {
                "id": feed.feed_id,
                "name": feed.name,
                "unread": [{"since": iso(h.since), "until": iso(h.until), "why": h.why} for h in feed.unread],
            }
            for feed in view.feeds
        ],
    }


@topic.command("edit")
@click.argument("slug")
@click.option("--name", help="New name.")
@click.option("--query", "queries", metavar="LANG=QUERY", multiple=True, help="Replaces the query of that language.")
@click.option("--drop-query", "dropped", metavar="LANG", multiple=True, help="Removes the query of that language.")
@click.option("--kind", type=click.Choice([k.value for k in TopicKind]))
@click.option("--description")
@click.option("--force", is_flag=True, help="Save it even if it would bring very many alerts.")
@click.pass_obj
def edit(
    invocation: Invocation,
    slug: str,
    name: str | None,
    queries: Sequence[str],
    dropped: Sequence[str],
    kind: str | None,
    description: str | None,
    force: bool,
) -> None:
    """Change a topic; it takes effect at the next poll.

    Example: reformwatch topic edit mayoral-elections --query 'es="elección de akims"'
    """
    if not (name or queries or dropped or kind or description is not None):
        raise BadInput("nothing to change: give --name, --query, --drop-query, --kind or --description")
    with invocation.store() as store:
        with store.read() as tx:
            one = find_topic(tx, slug)
        changed = replace(
            one,
            name=name or one.name,
            kind=TopicKind(kind) if kind else one.kind,
            description=one.description if description is None else description,
            queries=_changed_queries(one, query_pairs(queries), dropped),
        )
        if changed.queries != one.queries:
            try_on_archive(store, compile_topic(one.id, slug, changed.queries), invocation.settings, force=force)
        with store.write() as tx:
            change_topic(tx, changed, now=utc_now())
    say(f"changed {slug}; `reformwatch topic test {slug}` shows what of the archive matches now")


def _changed_queries(one: Topic, given: dict[str, str], dropped: Sequence[str]) -> dict[str, str]:
    for language in dropped:
        if language not in one.queries:
            raise BadInput(f"--drop-query {language}: the topic has no query in this language")
    kept = {language: query for language, query in one.queries.items() if language not in dropped}
    return check_queries({**kept, **given}, where=f"topic {one.slug}")


@topic.command("remove")
@click.argument("slug")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def remove(invocation: Invocation, slug: str, yes: bool) -> None:
    """Stop tracking a topic and forget its matches.

    Example: reformwatch topic remove mayoral-elections --yes
    """
    with invocation.store() as store:
        with store.read() as tx:
            one = find_topic(tx, slug)
        if not yes:
            click.confirm(f"Remove {one.slug} ({one.name}) and its matches?", abort=True, err=True)
        with store.write() as tx:
            remove_topic(tx, one.id, now=utc_now())
    say(f"removed {slug}")


def _set(invocation: Invocation, slug: str, state: TopicState) -> None:
    with invocation.store() as store, store.write() as tx:
        change_topic(tx, replace(find_topic(tx, slug), state=state), now=utc_now())
    say(f"{slug} is {state.value}")


@topic.command("pause")
@click.argument("slug")
@click.pass_obj
def pause(invocation: Invocation, slug: str) -> None:
    """Stop matching a topic for a while.

    Example: reformwatch topic pause mayoral-elections
    """
    _set(invocation, slug, TopicState.PAUSED)


@topic.command("resume")
@click.argument("slug")
@click.pass_obj
def resume(invocation: Invocation, slug: str) -> None:
    """Match a topic again.

    Example: reformwatch topic resume mayoral-elections
    """
    _set(invocation, slug, TopicState.ACTIVE)


@topic.command("test")
@click.argument("slug")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only entries first seen from this day on.")
@click.option(
    "--limit", type=click.IntRange(1), default=20, show_default=True, help="Show at most so many (not with --json)."
)
@json_option
@click.pass_obj
def test(invocation: Invocation, slug: str, since: datetime | None, limit: int, as_json: bool) -> None:
    """Show which archived entries match a topic, with the words that matched.

    Example: reformwatch topic test mayoral-elections --limit 5
    """
    with invocation.store() as store:
        with store.read() as tx:
            one = find_topic(tx, slug)
        found = matches_in_archive(store, one, since=since.replace(tzinfo=UTC) if since else None)
    if as_json:
        emit_json({"topic": slug, "matches": [match_dict(entry, match) for entry, match in found]})
        return
    for entry, match in found[:limit]:
        show_match(entry, match)
    more = f", the {limit} newest shown" if len(found) > limit else ""
    counted = "1 entry of the archive matches" if len(found) == 1 else f"{len(found)} entries of the archive match"
    say(f"{counted} {slug}{more}")


def matches_in_archive(store: Store, one: Topic, *, since: datetime | None = None) -> list[tuple[Entry, Match]]:
    """The archived entries that match a topic, newest first."""
    compiled = (compile_topic(one.id, one.slug, one.queries),)
    found: list[tuple[Entry, Match]] = []
    with store.read() as tx, progress("matching the archive") as bar:
        for entry in bar.track(all_entries(tx, since=since), total=count_entries(tx, since=since)):
            document = document_of(entry, source=entry.feed_name, language=entry.language)
            found.extend((entry, match) for match in match_entry(document, compiled))
    return found


def match_dict(entry: Entry, match: Match) -> dict[str, Any]:
    """A match for JSON, as the command line's contract has it."""
    return {
        "entry": entry_dict(entry),
        "strength": match.strength.value,
        "evidence": [asdict(evidence) for evidence in match.evidence],
    }


def entry_dict(entry: Entry) -> dict[str, Any]:
    """An entry for JSON."""
    return {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title,
        "feed": entry.feed_name,
        "language": entry.language,
        "published": iso(entry.published),
    }


def show_match(entry: Entry, match: Match) -> None:
    """A match for a person: headline and snippets with the words marked."""
    out = stdout()
    out.print(highlighted(marked(entry.title, match.evidence, field="title")), style="bold", soft_wrap=True)
    date = f"{entry.published:%Y-%m-%d}" if entry.published else "no date"
    out.print(
        f"  {entry.id} · {entry.feed_name} · {date} · {match.strength.value}", style="dim", markup=False, soft_wrap=True
    )
    for field in fields_with_hits(match):
        if pieces := snippet(getattr(entry, field), match.evidence, field=field):
            out.print("  ", highlighted(pieces), sep="", soft_wrap=True)


def fields_with_hits(match: Match) -> Iterable[str]:
    """The text fields of an entry, apart from its title, in which words matched."""
    return [field for field in ("summary", "content", "author") if any(e.field == field for e in match.evidence)]
