"""Documents: what a site asks of robots (robots.txt, RFC 9309).

Which group of rules is ours is decided here, by the letter of the RFC; which of its rules holds for an address is
protego's part (longest match, ``*`` and ``$``, escapes); ``urllib.robotparser`` takes the first rule that matches.
protego multiplies the names of a group with its rules (18,000 names and 27,000 rules fit into 500 kB); so it is given
a text in which all the robots that are not ours have one name.
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

#: What a robot must read at least (RFC 9309, section 2.5). What lies beyond is not read.
MAX_BYTES: Final = 500 * 1024
MAX_DELAY: Final = timedelta(seconds=60)
MAX_SITEMAPS: Final = 100

_AGENT_LINE: Final = re.compile(r"\s*user(?:-|\s*)agent(?:\s*:|\s)\s*(?P<name>\S*)", re.IGNORECASE)
_TOKEN: Final = re.compile(r"[A-Za-z_-]+")
#: No product token, since those have no blanks.
_OTHERS: Final = "other robots"


class Access(StrEnum):
    """What may be read of a site."""

    ALL = "all"
    RULES = "rules"
    NONE = "none"


class Robots(Value, frozen=True, kw_only=True):
    """A site's wishes. They are kept as text, so that the value can be stored and sent to another process."""

    access: Access
    text: str = ""

    def allows(self, url: str, agent: str) -> bool:
        """Whether a robot of this name (``reformwatch/1.0`` or only ``reformwatch``) may read an address."""
        if self.access is not Access.RULES:
            return self.access is Access.ALL
        token = _token(agent)
        try:
            return _rules(self.text, token).can_fetch(url, token)
        except ValueError:  # no address; and whoever asks for one that can't be read has nothing to lose
            return False

    def delay(self, agent: str) -> timedelta | None:
        """The pause that is asked for between two requests, at most ``MAX_DELAY``; None where none is.

        ``Crawl-delay`` is not in the RFC, but it is what sites write that want to be read slowly.
        """
        token = _token(agent)
        seconds = _rules(self.text, token).crawl_delay(token)
        return None if seconds is None else timedelta(seconds=min(seconds, MAX_DELAY.total_seconds()))

    @property
    def sitemaps(self) -> tuple[str, ...]:
        """The sitemaps that the site names, each once."""
        links = (safe_link(link, base="") for link in _rules(self.text, "").sitemaps)
        return tuple(islice(dict.fromkeys(filter(None, links)), MAX_SITEMAPS))


def read_robots(status: int | None, body: bytes) -> Robots:
    """A site's wishes from the reply for its robots.txt; ``status`` None: it did not answer (RFC 9309, section 2.3.1).

    Unavailable (4xx, or a redirect that leads nowhere) allows all; unreachable (5xx, no answer) allows nothing.
    """
    if status is None or status >= 500:
        return Robots(access=Access.NONE)
    if not 200 <= status < 300:
        return Robots(access=Access.ALL)
    return Robots(access=Access.RULES, text=_text(body))


def robots_url(url: str) -> str:
    """Where the wishes of a page's site are written: same scheme, host and port, no user. Raises ValueError."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "/robots.txt", "", ""))


def _text(body: bytes) -> str:
    """At most ``MAX_BYTES`` of whole lines: half a rule forbids more than the whole one."""
    text = body[:MAX_BYTES].decode("utf-8", "replace").removeprefix("\ufeff")
    return text if len(body) <= MAX_BYTES else "\n".join(text.splitlines()[:-1])


def _token(agent: str) -> str:
    found = _TOKEN.match(agent.strip())
    return found.group().lower() if found else ""


@lru_cache(maxsize=32)
def _rules(text: str, token: str) -> Protego:
    return Protego.parse("\n".join(_with_one_name_for_others(line, token) for line in text.splitlines()))


def _with_one_name_for_others(line: str, token: str) -> str:
    """A line that names a robot with the name by which protego shall know it; any other line as it is."""
    said = _AGENT_LINE.match(line.partition("#")[0])
    if said is None:
        return line
    name = said["name"]
    is_ours = bool(token) and _token(name) == token
    return f"User-agent: {'*' if name == '*' else token if is_ours else _OTHERS if name else ''}"
