"""Porch: topics."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

import click

from reformwatch.cli.context import Invocation
from reformwatch.cli.output import emit_json, facts, highlighted, json_option, say, stdout, table, tracked
from reformwatch.errors import BadInput
from reformwatch.language.registry import LANGUAGES
from reformwatch.matching.snippets import marked, snippet
from reformwatch.model.entry import Entry
from reformwatch.model.topic import ANY_LANGUAGE, NewTopic, TopicKind
from reformwatch.services import topics
from reformwatch.services.views import ExplainedMatch, FeedCoverageView, MatchView, TrialView
from reformwatch.wiring.basics import utc_now

_MOST_UNREAD: Final = 8
_MOST_TERMS: Final = 12
_ON_ARCHIVE: Final = "trying it on the archive"


@click.group()
def topic() -> None:
    """Topics: what is tracked, and the queries that recognise it."""


def query_pairs(options: Sequence[str]) -> dict[str, str]:
    """Queries by language, from options written ``LANG=QUERY``. Raises BadInput."""
    pairs = {}
    for option in options:
        language, sign, query = option.partition("=")
        if not sign or language not in {*LANGUAGES, ANY_LANGUAGE}:
            known = ", ".join([*LANGUAGES, ANY_LANGUAGE])
            raise BadInput(f"--query {option[:60]!r}: it is written LANG=QUERY, LANG one of {known}")
        if language in pairs:
            raise BadInput(f"--query: {language} is given twice; join the two with OR")
        pairs[language] = query
    return pairs


@topic.command("add")
@click.argument("name")
@click.option(
    "--query",
    "queries",
    metavar="LANG=QUERY",
    multiple=True,
    required=True,
    help=f"May be repeated; LANG: {', '.join([*LANGUAGES, ANY_LANGUAGE])}.",
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
    pairs = query_pairs(queries)
    new = NewTopic(slug=slug or "", name=name, kind=TopicKind(kind), description=description, queries=pairs)
    limit, track = invocation.settings.alerts.burst_limit, tracked(_ON_ARCHIVE)
    with invocation.store() as store:
        added = topics.add(
            store, new, burst_limit=limit, now=utc_now(), is_forced=force, on_trial=_say_trial, track=track
        )
    say(f"tracking {added.slug}: `reformwatch topic test {added.slug}` shows what of the archive matches")


def _say_trial(trial: TrialView) -> None:
    """Write how many alerts the queries would have made in the last 30 and 90 days, and what is noticeable of them."""
    if not trial.entries:
        say("the archive is empty so far: what it would bring can't be said")
        return
    for window in trial.windows:
        say(f"the last {window.days} days: {window.about} about it, {window.mentions} only mention it")
    for hit in trial.examples:
        say(f"  {hit.moment:%Y-%m-%d}  {hit.title}")
    if trial.workhorse:
        say(f"one term is in nearly all of them: {trial.workhorse}")
    if trial.idle:
        more = f" and {len(trial.idle) - _MOST_TERMS} more" if len(trial.idle) > _MOST_TERMS else ""
        say(f"these terms are in none of them: {', '.join(trial.idle[:_MOST_TERMS])}{more}")
    if trial.is_common:
        share = f"{trial.evaluated / trial.entries:.0%} of all entries"
        say(f"note: its words are common: it is run on {share}, about {trial.evaluated_a_day:.0f} a day")


@topic.command("list")
@json_option
@click.pass_obj
def list_(invocation: Invocation, as_json: bool) -> None:
    """List topics.

    Example: reformwatch topic list
    """
    with invocation.store() as store:
        listed = topics.list_topics(store)
    if as_json:
        emit_json(listed)
        return
    table(
        ["slug", "name", "kind", "queries", "state"],
        ([t.slug, t.name, t.kind.value, " ".join(t.queries), t.state.value] for t in listed),
        empty="no topics yet: `reformwatch topic add NAME --query LANG=QUERY`",
    )


@topic.command("show")
@click.argument("slug")
@json_option
@click.pass_obj
def show(invocation: Invocation, slug: str, as_json: bool) -> None:
    """Show a topic with its queries.

    Example: reformwatch topic show mayoral-elections
    """
    with invocation.store() as store:
        view = topics.show(store, slug, now=utc_now())
    if as_json:
        emit_json(view)
        return
    feeds = view.coverage.feeds
    with_gaps = [feed for feed in feeds if feed.unread]
    coverage = f"{len(feeds) - len(with_gaps)} of {len(feeds)} feeds without a gap since {view.coverage.since:%d %B %Y}"
    facts(
        [
            ("topic", f"{view.slug}: {view.name}"),
            ("kind", view.kind.value),
            ("state", view.state.value),
            ("from pack", view.pack),
            ("follow-up", view.description or None),
            *((f"query {language}", query) for language, query in view.queries.items()),
            ("read", coverage),
            *(("not read", _unread_line(feed)) for feed in with_gaps[:_MOST_UNREAD]),
        ]
    )
    if len(with_gaps) > _MOST_UNREAD:
        say(f"and {len(with_gaps) - _MOST_UNREAD} more feeds with gaps; --json shows all")


def _unread_line(feed: FeedCoverageView) -> str:
    times = [f"{gap.since:%d %b %H:%M} to {gap.until:%d %b %H:%M} ({gap.why})" for gap in feed.unread[:3]]
    return f"{feed.name}: {', '.join(times)}"


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
    changes = topics.TopicEdit(
        name=name,
        kind=TopicKind(kind) if kind else None,
        description=description,
        queries=query_pairs(queries),
        dropped=dropped,
    )
    limit, track = invocation.settings.alerts.burst_limit, tracked(_ON_ARCHIVE)
    with invocation.store() as store:
        topics.edit(
            store, slug, changes, burst_limit=limit, now=utc_now(), is_forced=force, on_trial=_say_trial, track=track
        )
    say(f"changed {slug}; `reformwatch topic test {slug}` shows what of the archive matches now")


@topic.command("remove")
@click.argument("slug")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def remove(invocation: Invocation, slug: str, yes: bool) -> None:
    """Stop tracking a topic and forget its matches.

    Example: reformwatch topic remove mayoral-elections --yes
    """
    with invocation.store() as store:
        stored = topics.find(store, slug)
        if not yes:
            click.confirm(f"Remove {stored.slug} ({stored.name}) and its matches?", abort=True, err=True)
        topics.remove(store, slug, now=utc_now())
    say(f"removed {slug}")


@topic.command("pause")
@click.argument("slug")
@click.pass_obj
def pause(invocation: Invocation, slug: str) -> None:
    """Stop matching a topic for a while.

    Example: reformwatch topic pause mayoral-elections
    """
    with invocation.store() as store:
        changed = topics.pause(store, slug, now=utc_now())
    say(f"{changed.slug} is {changed.state.value}")


@topic.command("resume")
@click.argument("slug")
@click.pass_obj
def resume(invocation: Invocation, slug: str) -> None:
    """Match a topic again.

    Example: reformwatch topic resume mayoral-elections
    """
    with invocation.store() as store:
        changed = topics.resume(store, slug, now=utc_now())
    say(f"{changed.slug} is {changed.state.value}")


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
    begin = since.replace(tzinfo=UTC) if since else None
    with invocation.store() as store:
        view = topics.find_matches(store, slug, since=begin, track=tracked("matching the archive"))
    if as_json:
        emit_json(view)
        return
    matches = view.matches
    for match in matches[:limit]:
        show_match(match.archived, match)
    more = f", the {limit} newest shown" if len(matches) > limit else ""
    counted = "1 entry of the archive matches" if len(matches) == 1 else f"{len(matches)} entries of the archive match"
    say(f"{counted} {slug}{more}")


def show_match(entry: Entry, match: MatchView | ExplainedMatch) -> None:
    """Write a match: the entry's headline and its snippets with the matched words marked."""
    out = stdout()
    out.print(highlighted(marked(entry.title, match.evidence, field="title")), style="bold", soft_wrap=True)
    date = f"{entry.published:%Y-%m-%d}" if entry.published else "no date"
    out.print(
        f"  {entry.id} · {entry.feed_name} · {date} · {match.strength.value}", style="dim", markup=False, soft_wrap=True
    )
    for field in fields_with_hits(match):
        if pieces := snippet(getattr(entry, field), match.evidence, field=field):
            out.print("  ", highlighted(pieces), sep="", soft_wrap=True)


def fields_with_hits(match: MatchView | ExplainedMatch) -> Iterable[str]:
    """The text fields of an entry, without its title, that contain matched words."""
    return [field for field in ("summary", "content", "author") if any(e.field == field for e in match.evidence)]
