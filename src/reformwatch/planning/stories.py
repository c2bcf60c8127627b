"""Planning: which entries report the same story.

Two entries report the same story if they link to the same page (tracking aside), or have the same headline of at least
four words within three days: an outlet's two feeds, a mirror, an agency's text taken over.
"""

import hashlib
from typing import Final

from reformwatch.language.words import WORD, fold
from reformwatch.model.entry import ParsedEntry
from reformwatch.model.story import HEADLINE, PAGE
from reformwatch.urls import canonical_url

_MIN_WORDS: Final = 4


def story_keys(*, url: str | None, title: str) -> tuple[str, ...]:
    """The keys of an entry's story: its page's, then its headline's; each only where it identifies a story."""
    keys = [f"{PAGE}{_digest(canonical_url(url))}"] if url and has_own_page(url) else []
    forms = [fold(word) for word in WORD.findall(title)]
    if len(forms) >= _MIN_WORDS:
        keys.append(f"{HEADLINE}{_digest(' '.join(forms))}")
    return tuple(keys)


def stories_of(entry: ParsedEntry) -> tuple[str, ...]:
    """The story keys of an entry. They are computed only for entries that match and are news."""
    return story_keys(url=entry.url, title=entry.title)


def has_own_page(url: str) -> bool:
    """False for the front page of a site, to which many entries of a poor feed link."""
    _, _, rest = canonical_url(url).removeprefix("//").partition("/")
    return bool(rest)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
