"""Documents: the rules of a site for robots (robots.txt, RFC 9309).

The group of rules for this program is selected here, by the letter of the RFC; the rule for an address is selected by
protego (longest match, ``*`` and ``$``, escapes); ``urllib.robotparser`` would use the first rule that matches. protego
multiplies the names of a group with its rules (18,000 names and 27,000 rules fit into 500 kB); so it gets a text in
which all other robots have the same name.
"""

import re
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import islice
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from protego import Protego

from reformwatch.model.value import Value
from reformwatch.urls import safe_link

#: The least that a robot must read (RFC 9309, section 2.5). The rest is not read.
MAX_BYTES: Final = 500 * 1024
MAX_DELAY: Final = timedelta(seconds=60)
MAX_SITEMAPS: Final = 100

_AGENT_LINE: Final = re.compile(r"\s*user(?:-|\s*)agent(?:\s*:|\s)\s*(?P<name>\S*)", re.IGNORECASE)
_TOKEN: Final = re.compile(r"[A-Za-z_-]+")
#: Not a valid product token, since those have no blanks.
_OTHERS: Final = "other robots"


class Access(StrEnum):
    """What may be read of a site: all of it, what its rules allow, or nothing."""

    ALL = "all"
    RULES = "rules"
    NONE = "none"


class Robots(Value, frozen=True, kw_only=True):
    """The rules of a site. They are text, so that the value can be stored and sent to another process."""

    access: Access
    text: str = ""

    def allows(self, url: str, agent: str) -> bool:
        """Whether a robot of this name (``reformwatch/1.0`` or only ``reformwatch``) may read an address."""
        if self.access is not Access.RULES:
            return self.access is Access.ALL
        token = _token(agent)
        try:
            return _rules(self.text, token).can_fetch(url, token)
        except ValueError:  # an address that can't be parsed can't be fetched either
            return False

    def delay(self, agent: str) -> timedelta | None:
        """The pause between two requests that the site requires, at most ``MAX_DELAY``; None where it requires none.

        ``Crawl-delay`` is not in the RFC, but sites use it to slow robots down.
        """
        token = _token(agent)
        seconds = _rules(self.text, token).crawl_delay(token)
        return None if seconds is None else timedelta(seconds=min(seconds, MAX_DELAY.total_seconds()))

    @property
    def sitemaps(self) -> tuple[str, ...]:
        """The sitemaps that the site names, each once, ``MAX_SITEMAPS`` at most."""
        links = (safe_link(link, base="") for link in _rules(self.text, "").sitemaps)
        return tuple(islice(dict.fromkeys(filter(None, links)), MAX_SITEMAPS))


def read_robots(status: int | None, body: bytes) -> Robots:
    """A site's rules from the reply for its robots.txt; ``status`` None: there was no reply (RFC 9309, section 2.3.1).

    Unavailable (4xx, or a redirect that leads nowhere) allows all; unreachable (5xx, no reply) allows nothing.
    """
    if status is None or status >= 500:
        return Robots(access=Access.NONE)
    if not 200 <= status < 300:
        return Robots(access=Access.ALL)
    return Robots(access=Access.RULES, text=_text(body))


def robots_url(url: str) -> str:
    """The address of robots.txt for a page: same scheme, host and port, without user. Raises ValueError."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "/robots.txt", "", ""))


def _text(body: bytes) -> str:
    """At most ``MAX_BYTES`` of whole lines, since a rule cut in two forbids more than the whole rule."""
    text = body[:MAX_BYTES].decode("utf-8", "replace").removeprefix("\ufeff")
    return text if len(body) <= MAX_BYTES else "\n".join(text.splitlines()[:-1])


def _token(agent: str) -> str:
    match = _TOKEN.match(agent.strip())
    return match.group().lower() if match else ""


@lru_cache(maxsize=32)
def _rules(text: str, token: str) -> Protego:
    return Protego.parse("\n".join(_with_one_name_for_others(line, token) for line in text.splitlines()))


def _with_one_name_for_others(line: str, token: str) -> str:
    """A ``User-agent`` line with the name for protego: ours, ``*``, or that of all others; other lines unchanged."""
    match = _AGENT_LINE.match(line.partition("#")[0])
    if match is None:
        return line
    name = match["name"]
    is_ours = bool(token) and _token(name) == token
    return f"User-agent: {'*' if name == '*' else token if is_ours else _OTHERS if name else ''}"
