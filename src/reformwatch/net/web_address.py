"""Net: the address of a request: checked, compared, and written into a sentence without its password."""

import contextlib
import functools

import httpx

from reformwatch.model.problem import ProblemCode
from reformwatch.net.errors import ErrorKind, RequestError


@functools.lru_cache(maxsize=4_096)  # polls request the same addresses again and again
def web_address(url: str) -> httpx.URL:
    """An address that can be requested. Raises RequestError for any other."""
    try:
        address = httpx.URL(url)
        is_web = address.scheme in {"http", "https"} and bool(address.host)
    except (httpx.InvalidURL, ValueError) as error:
        raise RequestError(ErrorKind.PROTOCOL, ProblemCode.ADDRESS_UNUSABLE, url=shown(url)) from error
    if not is_web:
        raise RequestError(ErrorKind.PROTOCOL, ProblemCode.ADDRESS_NOT_WEB, url=shown(url))
    return address


def shown(url: str) -> str:
    """An address for a sentence: without user and password, whatever else is wrong with it. # trust: D25."""
    with contextlib.suppress(httpx.InvalidURL, ValueError):
        address = httpx.URL(url)
        if address.host:
            return str(address.copy_with(userinfo=b""))[:200]
    return repr(url.rpartition("@")[2][:200])


def host_shown(url: str) -> str:
    """Host and port of an address, for a sentence."""
    with contextlib.suppress(httpx.InvalidURL, ValueError):
        return httpx.URL(url).netloc.decode("ascii") or shown(url)
    return shown(url)


def is_same_origin(url: httpx.URL, other: httpx.URL) -> bool:
    """Scheme, host and port (RFC 6454): a password given for https must not go in clear. # trust: C23."""
    return (url.scheme, url.raw_host, url.port) == (other.scheme, other.raw_host, other.port)
