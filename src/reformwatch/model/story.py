"""Ground: the keys by which the entries of the same story are recognised."""

from datetime import timedelta
from typing import Final

#: For how long entries with the same headline belong to the same story; with the same address they always do.
HEADLINE_WINDOW: Final = timedelta(days=3)
HEADLINE: Final = "headline:"
PAGE: Final = "page:"


def is_headline_key(key: str) -> bool:
    """Whether a key is a headline's, so that it is valid for :data:`HEADLINE_WINDOW` only."""
    return key.startswith(HEADLINE)
