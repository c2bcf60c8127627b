"""Ground: addresses: which may be shown as a link, and when two name the same page."""

import re
from typing import Final
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

MAX_URL: Final = 2_000

#: Parameters that say how a reader came, not what is read. Sources: the lists of ClearURLs and of the browsers'
#: query-stripping, reduced to those that occur in news feeds.
_TRACKING_NAMES: Final = frozenset(
    {
        "fbclid", "gclid", "dclid", "gbraid", "wbraid", "yclid", "ysclid", "msclkid", "igshid", "mc_cid", "mc_eid",
        "_openstat", "cmpid", "cmp", "ncid", "ocid", "smid", "xtor", "ito", "at_medium", "at_campaign", "at_custom1",
        "ref_src", "sref", "ftag", "ns_mchannel", "ns_source", "ns_campaign", "traffic_source", "wt_mc", "partner",
        "rss", "from_rss",
    }
)  # fmt: skip
_TRACKING_PREFIXES: Final = ("utm_", "pk_", "mtm_", "hsa_", "at_", "ns_")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_BAD_IN_URL: Final = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029<>\"\\^`{|}]")


def safe_link(link: str | None, *, base: str) -> str | None:
    """An absolute http or https address, or None: ``javascript:``, ``data:`` and ``file:`` are never links.

    # trust: D13
    """
    if not link:
        return None
    try:
        parts = urlsplit(urljoin(base, link.strip()[:MAX_URL]))
        is_web = parts.scheme in _DEFAULT_PORTS and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        return None
    if not is_web:
        return None
    return _BAD_IN_URL.sub(lambda m: "".join(f"%{b:02X}" for b in m.group().encode()), urlunsplit(parts))


def canonical_url(url: str) -> str:
    """The address under which two links to one page are equal.

    Lower-case host without ``www.`` and default port, no fragment (``#!`` stays), no user, no tracking parameters, the
    scheme left out (a page served on both is one page), no slash at the end.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").removeprefix("www."), parts.port
    except ValueError:
        return url
    if port and port != _DEFAULT_PORTS.get(parts.scheme):
        host = f"{host}:{port}"
    query = urlencode([(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not _is_tracking(k)])
    fragment = parts.fragment if parts.fragment.startswith("!") else ""
    return urlunsplit(("", host, parts.path.rstrip("/") or "/", query, fragment))


def strip_tracking(url: str) -> str:
    """The same address without tracking parameters; otherwise untouched, so that it still leads where it led."""
    parts = urlsplit(url)
    if not parts.query:
        return url
    pieces = parts.query.split("&")
    kept = [piece for piece in pieces if not _is_tracking(piece.partition("=")[0])]
    return url if len(kept) == len(pieces) else urlunsplit(parts._replace(query="&".join(kept)))


def _is_tracking(name: str) -> bool:
    lowered = name.lower()
    return lowered in _TRACKING_NAMES or lowered.startswith(_TRACKING_PREFIXES)


def host_of(url: str | None) -> str:
    """The real host of a link in ASCII (punycode), without the user part that imitates one. # trust: D17."""
    try:
        host = urlsplit(url or "").hostname or ""
        return host.encode("idna").decode("ascii") if not host.isascii() else host
    except (ValueError, UnicodeError):
        return ""


def origin_of(url: str) -> str:
    """Host and port: what must not be asked twice at a time."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return url
