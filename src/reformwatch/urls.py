"""Ground: addresses: which may be shown as a link, and which name the same page."""

import functools
import re
from typing import Final
from urllib.parse import SplitResult, quote, unquote_to_bytes, urljoin, urlsplit, urlunsplit

MAX_URL: Final = 2_000

#: Parameters that record how a reader came to the page; the page is the same without them. Sources: the lists of
#: ClearURLs and of the browsers' query-stripping, reduced to those that occur in news feeds.
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
#: Blanks, controls, characters that end an address in markup, and characters that are invisible or reorder text.
_BAD_IN_URL: Final = re.compile(
    "[\x00-\x20\x7f-\xa0\xad\u061c\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ud800-\udfff\ufeff\ufff9-\uffff"
    '\U000e0000-\U000e007f<>"\\\\^`{|}]'
)
_PASSWORD_PARAMETER: Final = re.compile(r"(password=)[^&]*", re.IGNORECASE)
_HALF_ESCAPE: Final = re.compile(r"%[0-9A-F]?$")


#: An address that :func:`safe_link` returns unchanged: nothing to resolve, to escape, or to cut off.
_PLAIN_LINK: Final = re.compile(
    r"https?://[a-z0-9](?:[a-z0-9.-]{0,80}[a-z0-9])?(?::[0-9]{2,4})?/"
    r"(?:[A-Za-z0-9_~-][A-Za-z0-9_.~-]{0,200}/){0,20}(?:[A-Za-z0-9_~-][A-Za-z0-9_.~-]{0,200})?"
    r"(?:\?[A-Za-z0-9_.~=&%+-]{1,500})?"
)


def safe_link(link: str | None, *, base: str) -> str | None:
    """The absolute http or https address of ``link``; None for all others (``javascript:``, ``data:``, ``file:``).

    Controls and invisible characters are escaped; the address is cut after ``MAX_URL`` characters. # trust: D09, D13
    """
    if not link:
        return None
    if _PLAIN_LINK.fullmatch(link):
        return link
    try:
        parts = urlsplit(urljoin(base, link.strip()[:MAX_URL]))
        is_web = parts.scheme in _DEFAULT_PORTS and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        return None
    if not is_web:
        return None
    escaped = _BAD_IN_URL.sub(_escape, urlunsplit(parts))
    return escaped if len(escaped) <= MAX_URL else _HALF_ESCAPE.sub("", escaped[:MAX_URL])


def _escape(match: re.Match[str]) -> str:
    """The percent escapes of the matched characters; a lone surrogate is left out."""
    return "".join(f"%{byte:02X}" for byte in match.group().encode("utf-8", "ignore"))


#: An address whose host, port and path :func:`canonical_url` takes from it unchanged.
_PLAIN_PAGE: Final = re.compile(
    r"(https?)://([a-z0-9](?:[a-z0-9.-]{0,80}[a-z0-9])?)(?::([1-9][0-9]{1,3}))?(/[A-Za-z0-9_.~/-]{0,1000})"
)


@functools.lru_cache(maxsize=256)  # computed three times for each entry: for its keys and its story's
def canonical_url(url: str) -> str:
    """The form of an address in which all links to the same page are equal; a malformed address is returned unchanged.

    Lower-case host without ``www.`` and default port, no fragment (``#!`` stays), no user, no tracking parameters, the
    scheme left out (a page served on both is one page), no slash at the end.
    """
    if match := _PLAIN_PAGE.fullmatch(url):
        scheme, host, port, path = match.groups()
        shown_port = f":{port}" if port and int(port) != _DEFAULT_PORTS[scheme] else ""
        return f"//{host.removeprefix('www.')}{shown_port}{path.rstrip('/') or '/'}"
    try:
        parts = urlsplit(url)
        host = _bare_host(parts)
    except ValueError:
        return url
    return urlunsplit(("", host, parts.path.rstrip("/") or "/", _canonical_query(parts.query), _page_fragment(parts)))


def spellings(url: str) -> set[str]:
    """Other forms of an address under which its page may be stored: scheme, ``www.``, last slash and escapes vary."""
    try:
        parts = urlsplit(strip_tracking(url))
        host = _bare_host(parts)
    except ValueError:
        return {url}
    path = parts.path.rstrip("/")
    query = parts.query
    queries = {query, query.replace("%20", "+"), query.replace("+", "%20"), _canonical_query(query)}
    return {url} | {
        urlunsplit((scheme, f"{www}{host}", f"{path}{slash}", query, _page_fragment(parts)))
        for scheme in _DEFAULT_PORTS
        for www in ("", "www.")
        for slash in ("", "/")
        for query in queries
    }


def _bare_host(parts: SplitResult) -> str:
    """The host without ``www.``, with its port where that is not the scheme's. Raises ValueError."""
    host, port = (parts.hostname or "").removeprefix("www."), parts.port
    return f"{host}:{port}" if port and port != _DEFAULT_PORTS.get(parts.scheme) else host


def _page_fragment(parts: SplitResult) -> str:
    """The fragment where it names a page (``#!``); empty where it names a place in a page."""
    return parts.fragment if parts.fragment.startswith("!") else ""


def _canonical_query(query: str) -> str:
    pieces = [_canonical_piece(piece) for piece in query.split("&") if piece]
    return "&".join(piece for piece in pieces if not _is_tracking(piece.partition("=")[0]))


def _canonical_piece(piece: str) -> str:
    """``name=value`` with every byte that can be escaped escaped; bytes, since not all escapes are UTF-8."""
    return "=".join(_canonical_escapes(part) for part in piece.split("=", 1))


def _canonical_escapes(text: str) -> str:
    return quote(unquote_to_bytes(text.replace("+", " ").encode("utf-8", "surrogatepass")), safe="")


def strip_tracking(url: str) -> str:
    """The address without tracking parameters and otherwise unchanged, so that it leads to the same page."""
    parts = urlsplit(url) if "?" in url else None
    if parts is None or not parts.query:
        return url
    pieces = parts.query.split("&")
    kept = [piece for piece in pieces if not _is_tracking(piece.partition("=")[0])]
    return url if len(kept) == len(pieces) else urlunsplit(parts._replace(query="&".join(kept)))


def _is_tracking(name: str) -> bool:
    lowered = name.lower()
    return lowered in _TRACKING_NAMES or lowered.startswith(_TRACKING_PREFIXES)


def host_of(url: str | None) -> str:
    """The host of a link in ASCII (punycode), without the user part, which can imitate a host. # trust: D17."""
    try:
        host = urlsplit(url or "").hostname or ""
        return host.encode("idna").decode("ascii") if not host.isascii() else host
    except (ValueError, UnicodeError):
        return ""


def without_password(url: str) -> str:
    """A database address as it may be shown: ``***`` replaces the password, and anything that may be one."""
    if url.startswith("sqlite"):
        return url
    shown = _PASSWORD_PARAMETER.sub(r"\1***", url)
    scheme, _, rest = shown.partition("://") if "://" in shown else ("", "", shown)
    user, at, host = rest.rpartition("@")
    name, colon, _ = user.partition(":")
    masked = f"{name}:***@{host}" if colon or (at and not scheme) else rest
    return f"{scheme}://{masked}" if scheme else masked


@functools.lru_cache(maxsize=1 << 14)  # computed for all due feeds each time the poller looks for free hosts
def origin_of(url: str) -> str:
    """Host and port of an address, in lower case: at most one request at a time is sent to each."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return url
