"""Services: entries and matches as they are shown."""

from reformwatch.model.entry import Entry
from reformwatch.model.topic import Match
from reformwatch.services.views import EntryView, MatchView


def entry_view(entry: Entry) -> EntryView:
    """An archived entry."""
    return EntryView(
        id=entry.id,
        url=entry.url,
        title=entry.title,
        feed=entry.feed_name,
        language=entry.language,
        published=entry.published,
    )


def match_view(entry: Entry, match: Match) -> MatchView:
    """An entry with the words that matched."""
    return MatchView(entry=entry_view(entry), strength=match.strength, evidence=match.evidence, archived=entry)
