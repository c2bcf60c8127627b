"""Porch: why an entry matched, why it did not, and what became of it."""

import click
from rich.text import Text

from reformwatch.cli.context import Invocation
from reformwatch.cli.output import emit_json, json_option, stdout
from reformwatch.cli.topic import show_match
from reformwatch.model.entry import Entry, EntryStatus
from reformwatch.model.topic import TopicState
from reformwatch.services.explain import explain as explain_entry
from reformwatch.services.views import Explanation, PartView, VerdictView
from reformwatch.text import printable

_STATUSES = {
    EntryStatus.NEWS: "news when it was first seen",
    EntryStatus.BASELINE: "there at the first poll of its feed: a baseline notifies nobody",
    EntryStatus.LATE: "late: its date was too old when it was first seen",
}
_MAX_PART = 160


@click.command()
@click.argument("which", metavar="ENTRY-or-URL")
@click.option("--topic", "slug", metavar="SLUG", help="Only this topic.")
@json_option
@click.pass_obj
def explain(invocation: Invocation, which: str, slug: str | None, as_json: bool) -> None:
    """Say why an entry matched a topic, or why not, who was notified of it, and who was not and why.

    Example: reformwatch explain https://example.org/news/1 --topic mayoral-elections
    """
    with invocation.store() as store:
        explained = explain_entry(store, which, slug=slug)
    if as_json:
        emit_json({"entries": explained})
        return
    for explanation in explained:
        _show(explanation)


def _show(explanation: Explanation) -> None:
    entry = explanation.entry.archived
    _show_entry(entry)
    for verdict in explanation.topics:
        _show_verdict(entry, verdict)
    _show_notified(explanation)


def _show_entry(entry: Entry) -> None:
    out = stdout()
    where = f"entry {entry.id} of {entry.feed_name}, {entry.url or 'no link'}"
    out.print(Text(printable(entry.title), style="bold"), soft_wrap=True)
    out.print(Text(printable(where), style="dim"), soft_wrap=True)
    out.print(f"first seen {entry.first_seen:%Y-%m-%d %H:%M}: {_STATUSES[entry.status]}", markup=False)
    out.print()


def _show_verdict(entry: Entry, verdict: VerdictView) -> None:
    paused = " (paused)" if verdict.state is TopicState.PAUSED else ""
    if verdict.match is None:
        stdout().print(Text.assemble(("does not match ", "dim"), (verdict.topic, "bold"), paused))
        _show_nearest(verdict)
        return
    stdout().print(Text.assemble(("matches ", "green"), (verdict.topic, "bold"), paused))
    show_match(entry, verdict.match)


def _show_nearest(verdict: VerdictView) -> None:
    """Write the parts of the query with the largest share of matching parts; nothing where no part of any matches."""
    nearest = max(verdict.missing.items(), key=lambda item: _share_met(item[1]), default=None)
    if nearest is None or not any(part.met for part in nearest[1]):
        return
    language, parts = nearest
    for part in parts:
        mark, style = ("has", "green") if part.met else ("lacks", "red")
        shown = part.part if len(part.part) <= _MAX_PART else f"{part.part[: _MAX_PART - 3]}..."
        words = f" ({printable(', '.join(part.words))})" if part.words else ""
        line = Text.assemble(f"  {language}: ", (mark, style), f" {printable(shown)}", words)
        stdout().print(line, soft_wrap=True)


def _share_met(parts: tuple[PartView, ...]) -> float:
    return sum(part.met for part in parts) / len(parts)


def _show_notified(explanation: Explanation) -> None:
    out = stdout()
    out.print()
    for delivery in explanation.deliveries:
        line = f"delivery {delivery.id} to {delivery.subscriber} ({delivery.channel}): {delivery.state}"
        error = f", {delivery.last_error}" if delivery.last_error else ""
        out.print(printable(line + error), markup=False, soft_wrap=True)
    for suppressed in explanation.suppressed:
        out.print(printable(f"not notified: {suppressed.reason}"), markup=False, soft_wrap=True)
    if not explanation.deliveries and not explanation.suppressed:
        out.print(
            "nobody was notified: it matched no topic when it was first seen, or it was not news then", markup=False
        )
