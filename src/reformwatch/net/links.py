"""Net: the links in a reply's ``Link`` headers (RFC 8288)."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

_MAX_CHARACTERS: Final = 16_384
_MAX_LINKS: Final = 50
_TARGET: Final = re.compile(r"[\s,]*<([^<>]*)>")
_PARAMETER: Final = re.compile(r'\s*;\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)?\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s";,]*))?')
_ESCAPED: Final = re.compile(r"\\(.)")


def parse_links(lines: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Pairs of relation (in lower case) and target as written; a link with two relations is two pairs.

    Links that are about another resource (``anchor``) are left out, and what is malformed ends its line.
    """
    links: list[tuple[str, str]] = []
    for line in lines:
        for target, parameters in _links(line[:_MAX_CHARACTERS]):
            if "anchor" not in parameters:
                links += [(relation, target) for relation in parameters.get("rel", "").lower().split()]
            if len(links) >= _MAX_LINKS:
                return tuple(links[:_MAX_LINKS])
    return tuple(links)


def _links(line: str) -> Iterator[tuple[str, dict[str, str]]]:
    at = 0
    while (target := _TARGET.match(line, at)) is not None:
        at = target.end()
        parameters: dict[str, str] = {}
        while (match := _PARAMETER.match(line, at)) is not None:
            at = match.end()
            # of a repeated parameter the first counts (RFC 8288, 3.3)
            parameters.setdefault((match[1] or "").lower(), _unquoted(match[2] or ""))
        yield target[1].strip(), parameters


def _unquoted(value: str) -> str:
    return _ESCAPED.sub(r"\1", value[1:-1]) if value.startswith('"') else value
