"""Ground: the names under which a story is found again."""

from datetime import timedelta
from typing import Final

#: How long a headline stands for its story; an address does for ever.
HEADLINE_WINDOW: Final = timedelta(days=3)
HEADLINE: Final = "headline:"
PAGE: Final = "page:"


def is_headline_key(key: str) -> bool:
    """Whether a key stands for its story only for :data:`HEADLINE_WINDOW`."""
    return key.startswith(HEADLINE)
