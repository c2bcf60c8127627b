"""Porch: topics replayed on the archive, compared with another version, scored on labelled rows."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import click

from reformwatch.cli.context import Invocation
from reformwatch.cli.output import emit_json, json_option, say, stdout, table, tracked
from reformwatch.cli.topic import query_pairs, topic
from reformwatch.errors import BadInput
from reformwatch.messages.catalogues import ENGLISH
from reformwatch.messages.reasons import why_not_replayed
from reformwatch.model.notification import Code
from reformwatch.services.backtest import Window, replay, score
from reformwatch.services.views import (
    BacktestView,
    ComparisonView,
    HitView,
    ReplayedAlertView,
    ReplayView,
    ScoreView,
)

_MOST_HITS: Final = 50


@topic.command("backtest")
@click.argument("slug")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="From this day on.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Until the end of this day.")
@click.option("--query", "queries", metavar="LANG=QUERY", multiple=True, help="Compare with this version; not saved.")
@click.option("--mentions", is_flag=True, help="As a subscriber who wants mentions, too.")
@click.option("--labels", type=click.Path(path_type=Path), help="Score on labelled rows instead of the archive.")
@json_option
@click.pass_obj
def backtest(
    invocation: Invocation, slug: str, since: datetime | None, until: datetime | None, queries: Sequence[str],
    mentions: bool, labels: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Replay the archive: the alerts a topic would have brought, by week; with --query, what a new version changes.

    --labels takes a JSON Lines file: title, lead, language, and about (a list of topic slugs) in each row.

    Example: reformwatch topic backtest mayoral-elections --since 2022-01-01 --query 'en="akim election"'
    """
    changed = query_pairs(queries)
    if labels is not None:
        rows, where = _text_of(labels), f"--labels {labels}"
        with invocation.store() as store:
            _show_scores(score(store, slug, changed=changed, rows=rows, where=where), as_json=as_json)
        return
    window = Window(
        since=since.replace(tzinfo=UTC) if since else None,
        until=until.replace(tzinfo=UTC) + timedelta(days=1) if until else None,
    )
    limit, track = invocation.settings.alerts.burst_limit, tracked("replaying the archive")
    with invocation.store() as store:
        view = replay(
            store, slug, changed=changed, window=window, burst_limit=limit, wants_mentions=mentions, track=track
        )
    if as_json:
        emit_json(view)
    else:
        _show(view)


def _text_of(labels: Path) -> str:
    try:
        return labels.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise BadInput(f"--labels {labels}: can't be read ({error})") from None


def _show(view: BacktestView | ComparisonView) -> None:
    versions: list[BacktestView | ReplayView] = [view]
    heads = ["week", "alerts"]
    if isinstance(view, ComparisonView):
        versions, heads = [view, view.changed], ["week", "alerts now", "alerts then"]
    weeks = [{week.week: week.alerts for week in version.weeks} for version in versions]
    first = {alert.week: alert for version in reversed(versions) for alert in reversed(version.alerts)}
    table(
        [*heads, "the first of them"],
        ([week, *(counts.get(week, 0) for counts in weeks), _headline(first[week])] for week in sorted(first)),
        empty=f"{view.topic} would have brought no alert",
    )
    for version, name in zip(versions, ("", " with the new queries"), strict=False):
        reasons = (
            f"{count} because {why_not_replayed(Code(code), ENGLISH)}" for code, count in version.suppressed.items()
        )
        suppressed = ", ".join(reasons) or "none"
        alerts = f"{len(version.alerts)} alert{'' if len(version.alerts) == 1 else 's'}"
        say(f"{alerts} of {version.entries} entries{name}; not notified: {suppressed}")
    if isinstance(view, ComparisonView):
        _show_hits("gained", view.gained)
        _show_hits("lost", view.lost)


def _headline(alert: ReplayedAlertView) -> str:
    title = alert.entries[0].title
    return f"{len(alert.entries)} at once: {title}" if len(alert.entries) > 1 else title


def _show_hits(name: str, hits: Sequence[HitView]) -> None:
    out = stdout()
    out.print(f"\n{name}: {len(hits)}", style="bold", markup=False)
    for hit in hits[:_MOST_HITS]:
        out.print(f"  {hit.moment:%Y-%m-%d}  {hit.title}  ({hit.feed})", markup=False, soft_wrap=True)
    if len(hits) > _MOST_HITS:
        out.print(f"  … and {len(hits) - _MOST_HITS} more", markup=False)


def _show_scores(scores: Sequence[ScoreView], *, as_json: bool) -> None:
    if as_json:
        emit_json(scores)
        return
    table(
        ["topic", "language", "right", "false", "missed", "precision", "recall", "F1"],
        ([s.topic, s.language, s.right, s.false, s.missed, *(f"{share:.3f}" for share in s.exact)] for s in scores),
        empty="no rows",
    )
