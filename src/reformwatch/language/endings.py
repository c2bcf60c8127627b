"""Language: tables of endings, looked up once by a word's longest known ending.

A word with the ending E also has every ending of the table that E itself ends in, and none of the other endings shorter
than E. So the rules for all of them are gathered beforehand, and a word takes a few look-ups whatever the table's size.
"""

from collections.abc import Iterable
from typing import TypeVar

Rule = TypeVar("Rule")


class Endings(dict[str, tuple[Rule, ...]]):
    """Rules by ending: under each ending those of all the endings it ends in, in the order of ``rules``."""

    def __init__(self, rules: Iterable[tuple[str, Rule]]) -> None:
        pairs = list(rules)
        super().__init__(
            (longest, tuple(rule for ending, rule in pairs if longest.endswith(ending))) for longest, _ in pairs
        )
        self._sizes: dict[str, list[int]] = {}  # by last letter, the longest first
        for ending in sorted(self, key=len, reverse=True):
            sizes = self._sizes.setdefault(ending[-1], [])
            if len(ending) not in sizes:
                sizes.append(len(ending))

    def of(self, word: str) -> tuple[Rule, ...]:
        """The rules whose ending the word has; empty where there are none."""
        for size in self._sizes.get(word[-1:], ()):
            rules = self.get(word[-size:])
            if rules is not None:
                return rules
        return ()
