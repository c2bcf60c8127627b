"""Services: the views of entries and matches."""

from reformwatch.model.entry import Entry
from reformwatch.model.topic import Match
from reformwatch.services.views import EntryView, MatchView


def entry_view(entry: Entry) -> EntryView:
    """The view of an archived entry."""
    return EntryView(
        id=entry.id,
        url=entry.url,
        title=entry.title,
        feed=entry.feed_name,
        language=entry.language,
        published=entry.published,
    )


def match_view(entry: Entry, match: Match) -> MatchView:
    """The view of an entry with its matched words."""
    return MatchView(entry=entry_view(entry), strength=match.strength, evidence=match.evidence, archived=entry)
