"""Language: tables of endings, looked up once by a word's longest known ending.

A word that ends in one of a table's endings ends in all those that this one ends in itself, and in no other shorter than
it; so the rules for all of them can be gathered beforehand, and a word pays a few look-ups whatever the table's size.
"""

from collections.abc import Iterable
from typing import TypeVar

Rule = TypeVar("Rule")


class Endings(dict[str, tuple[Rule, ...]]):
    """Rules by ending: under each ending those of all the endings it ends in, in the order in which they were given."""

    def __init__(self, rules: Iterable[tuple[str, Rule]]) -> None:
        listed = list(rules)
        super().__init__(
            (longest, tuple(rule for ending, rule in listed if longest.endswith(ending))) for longest, _ in listed
        )
        self._sizes: dict[str, list[int]] = {}  # by last letter, the longest first
        for ending in sorted(self, key=len, reverse=True):
            sizes = self._sizes.setdefault(ending[-1], [])
            if len(ending) not in sizes:
                sizes.append(len(ending))

    def of(self, word: str) -> tuple[Rule, ...]:
        """The rules whose ending the word has."""
        for size in self._sizes.get(word[-1:], ()):
            rules = self.get(word[-size:])
            if rules is not None:
                return rules
        return ()
