"""Porch: topics held against the archive: before they are saved, and replayed as they would have been told."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from reformwatch.cli.context import Invocation
from reformwatch.cli.output import emit_json, json_option, progress, say, stdout, table
from reformwatch.cli.topic import entry_dict, query_pairs, topic
from reformwatch.errors import BadInput
from reformwatch.matching.index import CompiledTopic, compile_topic, match_entry
from reformwatch.matching.query import Document
from reformwatch.model.entry import Entry
from reformwatch.model.topic import Strength, Topic
from reformwatch.planning.backtest import (
    Difference,
    Hit,
    Replay,
    ReplayedAlert,
    Score,
    add_up,
    difference,
    find_hits,
    moment_of,
    replay,
)
from reformwatch.services.pack_files import check_queries
from reformwatch.store import Store
from reformwatch.store.entries import all_entries, count_entries
from reformwatch.store.topics import find_topic

_SHOWN = 5


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
    with invocation.store() as store:
        with store.read() as tx:
            stored = find_topic(tx, slug)
        versions = _versions(stored, query_pairs(queries))
        if labels is not None:
            _score(versions, labels, as_json=as_json)
            return
        window = _Window(
            since=since.replace(tzinfo=UTC) if since else None,
            until=until.replace(tzinfo=UTC) + timedelta(days=1) if until else None,
        )
        found = [find_hits(_entries(store, window), version) for version in versions]
    limit = invocation.settings.alerts.burst_limit
    replays = [replay(f.hits, entries=f.entries, burst_limit=limit, with_mentions=mentions) for f in found]
    changed = difference(found[0].hits, found[1].hits) if len(found) > 1 else None
    if as_json:
        emit_json(_as_json(slug, replays, changed))
    else:
        _show(slug, replays, changed)


def _versions(stored: Topic, changed: Mapping[str, str]) -> list[CompiledTopic]:
    versions = [compile_topic(stored.id, stored.slug, stored.queries)]
    if changed:
        checked = check_queries({**stored.queries, **changed}, where=f"topic {stored.slug}")
        versions.append(compile_topic(stored.id, stored.slug, checked))
    return versions


@dataclass(frozen=True)
class _Window:
    since: datetime | None
    until: datetime | None

    def has(self, entry: Entry) -> bool:
        moment = moment_of(entry)
        return (self.since is None or moment >= self.since) and (self.until is None or moment < self.until)


def _entries(store: Store, window: _Window) -> Iterator[Entry]:
    with store.read() as tx, progress("replaying the archive") as bar:
        for entry in bar.track(all_entries(tx), total=count_entries(tx)):
            if window.has(entry):
                yield entry


def _show(slug: str, replays: Sequence[Replay], changed: Difference | None) -> None:
    weeks = [Counter(alert.week for alert in one.alerts) for one in replays]
    heads = ["week", "alerts"] if changed is None else ["week", "alerts now", "alerts then"]
    first = {alert.week: alert for one in reversed(replays) for alert in reversed(one.alerts)}
    table(
        [*heads, "the first of them"],
        ([week, *(counts[week] for counts in weeks), _headline(first[week])] for week in sorted(first)),
        empty=f"{slug} would have brought no alert",
    )
    for one, name in zip(replays, ("", " with the new queries"), strict=False):
        quiet = ", ".join(f"{count} because {reason}" for reason, count in one.silences.items()) or "none"
        say(f"{len(one.alerts)} alerts of {one.entries} entries{name}; not told: {quiet}")
    if changed is not None:
        _show_hits("gained", changed.gained)
        _show_hits("lost", changed.lost)


def _headline(alert: ReplayedAlert) -> str:
    title = alert.hits[0].entry.title
    return f"{len(alert.hits)} at once: {title}" if len(alert.hits) > 1 else title


def _show_hits(name: str, hits: Sequence[Hit]) -> None:
    out = stdout()
    out.print(f"\n{name}: {len(hits)}", style="bold", markup=False)
    for hit in hits[:50]:
        out.print(f"  {hit.moment:%Y-%m-%d}  {hit.entry.title}  ({hit.entry.feed_name})", markup=False, soft_wrap=True)
    if len(hits) > 50:
        out.print(f"  … and {len(hits) - 50} more", markup=False)


def _as_json(slug: str, replays: Sequence[Replay], changed: Difference | None) -> dict[str, Any]:
    told: dict[str, Any] = {"topic": slug, **_replay_dict(replays[0])}
    if changed is not None:
        told["changed"] = _replay_dict(replays[1])
        told["gained"] = [entry_dict(hit.entry) for hit in changed.gained]
        told["lost"] = [entry_dict(hit.entry) for hit in changed.lost]
    return told


def _replay_dict(one: Replay) -> dict[str, Any]:
    weeks = Counter(alert.week.isoformat() for alert in one.alerts)
    return {
        "entries": one.entries,
        "alerts": [
            {
                "when": alert.moment.isoformat(),
                "week": alert.week.isoformat(),
                "strength": alert.hits[0].match.strength.value,
                "entries": [entry_dict(hit.entry) for hit in alert.hits],
            }
            for alert in one.alerts
        ],
        "weeks": [{"week": week, "alerts": count} for week, count in sorted(weeks.items())],
        "silences": dict(one.silences),
    }


def _score(versions: Sequence[CompiledTopic], labels: Path, *, as_json: bool) -> None:
    rows = list(_labelled(labels))
    verdicts = [[(row, _is_about(version, row)) for row in rows] for version in versions]
    languages = sorted({str(row.get("language", "")) for row in rows})
    told = []
    for version, judged in zip(versions, verdicts, strict=True):
        for language in [*languages, "all"]:
            pairs = [
                (version.slug in row["about"], is_told)
                for row, is_told in judged
                if language == "all" or row.get("language", "") == language
            ]
            told.append((version.slug, language, add_up(pairs)))
    if as_json:
        emit_json([_score_dict(slug, language, score) for slug, language, score in told])
        return
    table(
        ["topic", "language", "right", "false", "missed", "precision", "recall", "F1"],
        (
            [s, lang, c.right, c.false, c.missed, f"{c.precision:.3f}", f"{c.recall:.3f}", f"{c.f1:.3f}"]
            for s, lang, c in told
        ),
        empty="no rows",
    )


def _score_dict(slug: str, language: str, score: Score) -> dict[str, Any]:
    counts = {"right": score.right, "false": score.false, "missed": score.missed}
    return {"topic": slug, "language": language} | counts | {
        "precision": round(score.precision, 4), "recall": round(score.recall, 4), "f1": round(score.f1, 4),
    }  # fmt: skip


def _labelled(path: Path) -> Iterable[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError) as no:
        raise BadInput(f"--labels {path}: can't be read ({no})") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict) or not isinstance(row.get("about"), list) or not isinstance(row.get("title"), str):
            raise BadInput(f"--labels {path}: line {number} is no row with a title and a list about")
        if not row.get("context"):
            yield row


def _is_about(version: CompiledTopic, row: Mapping[str, Any]) -> bool:
    host = str(row.get("host") or "")
    document = Document(
        {
            "title": str(row["title"]),
            "summary": str(row.get("lead") or ""),
            "content": "",
            "author": "",
            "source": host,
            "tag": "",
            "url": f"https://{host}/" if host else "",
            "lang": str(row.get("language") or ""),
        }
    )
    return any(match.strength is Strength.ABOUT for match in match_entry(document, [version]))
