"""Net: the HTTP client: httpx's, on a transport of our own.

What httpx 0.28 does not do by itself: one deadline for the whole exchange (:mod:`deadline`), a bound on what a body may
inflate to (:mod:`body`), redirects by hand with each hop checked (here), no connection to an address that is not public
(:mod:`address_policy`, :mod:`backend`), no cookies, no proxies from the environment.
"""

import zlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import TracebackType
from typing import Final, Self

import httpcore
import httpx
from msgspec.structs import replace

from reformwatch.model.problem import ProblemCode
from reformwatch.net.address_policy import AddressPolicy, Resolver, resolve
from reformwatch.net.backend import GuardedBackend
from reformwatch.net.body import CutShort, beginning_of_body, whole_body
from reformwatch.net.deadline import Deadlines
from reformwatch.net.errors import ErrorKind, RequestError
from reformwatch.net.reply import Reply
from reformwatch.net.transport import GuardedTransport
from reformwatch.net.web_address import host_shown, is_same_origin, shown, web_address

MAX_REDIRECTS: Final = 5
#: Of an error's body so many bytes are read.
_ERROR_BYTES: Final = 16_384
_PERMANENT: Final = frozenset({301, 308})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
#: A 303 names where the answer is; all others name where to send the request.
_RESENT: Final = _REDIRECTS - {303}

_ReadBody = Callable[[httpx.Response], bytes]


class _NoCookies(httpx.Cookies):
    """A cookie jar that stays empty."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Store no cookie of a response."""


class _CookielessClient(httpx.Client):
    """httpx's client without cookies."""

    @property
    def cookies(self) -> httpx.Cookies:
        """The empty jar, for every request."""
        return _NO_COOKIES

    @cookies.setter
    def cookies(self, _cookies: object) -> None:
        """Ignore the cookies that are set."""


_NO_COOKIES: Final = _NoCookies()


class HttpClient:
    """Requests to the outside. Threads may share one; ``close`` ends what is under way within a second.

    ``deadline`` bounds a whole exchange, redirects included; ``max_bytes`` bounds a reply after inflating.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        policy: AddressPolicy,
        deadline: timedelta = timedelta(seconds=30),
        max_bytes: int = 10 * 1024 * 1024,
        max_connections: int = 64,
        keep_alive: int = 0,
        resolver: Resolver = resolve,
        dialler: httpcore.NetworkBackend | None = None,
    ) -> None:
        self.policy = policy
        self._user_agent = user_agent.encode("ascii", "replace")
        self._deadline_s = deadline.total_seconds()
        self._max_bytes = max_bytes
        self._deadlines = Deadlines()
        self._backend = GuardedBackend(policy, resolver, dialler or httpcore.SyncBackend(), self._deadlines)
        self._transport = GuardedTransport(
            self._backend, self._deadlines, deadline=deadline, connections=max_connections, keep_alive=keep_alive
        )
        self._client = _CookielessClient(transport=self._transport, trust_env=False, follow_redirects=False)

    def get(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        hops: int = 0,
        leaves_origin: bool = True,
    ) -> Reply:
        """GET, following at most 5 redirects, ``hops`` before included. Raises RequestError.

        With ``leaves_origin`` false a redirect to another origin is not followed: the reply names it.
        """
        sent = {"accept-encoding": "gzip", **(headers or {})}
        permanently = True
        with self._deadlines.running(self._deadline_s):
            for hop in range(hops, MAX_REDIRECTS + 1):
                reply = self._exchange("GET", url, headers=sent, read_body=self._document)
                target = _redirect_target(reply)
                if target is None and hop == hops == 0:
                    return reply
                if target is None:
                    return replace(reply, moved_permanently=permanently and hop > hops, hops=hop)
                permanently = permanently and reply.status in _PERMANENT
                if not leaves_origin and hop < MAX_REDIRECTS and not is_same_origin(httpx.URL(url), httpx.URL(target)):
                    return replace(reply, moved_permanently=permanently, hops=hop + 1, leads_to=target)
                url = target
        raise _too_many_redirects(url)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """POST without following redirects; a reply's body beyond ``max_bytes`` is not read. Raises RequestError."""
        sent = {"accept-encoding": "identity", **headers}
        with self._deadlines.running(self._deadline_s):
            return self._exchange("POST", url, headers=sent, body=body, read_body=self._receipt)

    def post_to_hub(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """POST, and POST again where at most 5 redirects lead (WebSub, 5.1). Raises RequestError.

        The body holds a secret: from https it is not sent on to http.
        """
        sent = {"accept-encoding": "identity", **headers}
        with self._deadlines.running(self._deadline_s):
            for _ in range(MAX_REDIRECTS + 1):
                reply = self._exchange("POST", url, headers=sent, body=body, read_body=self._receipt)
                target = _redirect_target(reply) if reply.status in _RESENT else None
                if target is None:
                    return reply
                if httpx.URL(url).scheme == "https" and httpx.URL(target).scheme != "https":
                    kind, code = ErrorKind.REDIRECTS, ProblemCode.REDIRECT_TO_HTTP
                    raise RequestError(kind, code, host=host_shown(url), url=shown(target))
                url = target
        raise _too_many_redirects(url)

    def check(self, url: str) -> None:
        """Raise RequestError where an address could never be dialled; a name that does not resolve now may later."""
        with self._deadlines.running(self._deadline_s):
            address = web_address(url)
            host = address.raw_host.decode("ascii")
            self.policy.check(host, self._backend.addresses(host, address.port or 443))

    def close(self) -> None:
        """End exchanges under way, and let no new one begin."""
        self._deadlines.abort()
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _exchange(
        self, method: str, url: str, *, headers: Mapping[str, str], read_body: _ReadBody, body: bytes = b""
    ) -> Reply:
        address = web_address(url)
        response = self._client.send(
            self._request(method, address, headers=headers, body=body),
            auth=httpx.BasicAuth(address.username, address.password) if address.userinfo else None,
            stream=True,
        )
        try:
            received = read_body(response)
        except CutShort as error:
            raise RequestError(ErrorKind.PROTOCOL, ProblemCode.REPLY_CUT_SHORT, host=host_shown(url)) from error
        except zlib.error as error:
            kind, code = ErrorKind.PROTOCOL, ProblemCode.NOT_HTTP
            raise RequestError(kind, code, host=host_shown(url), detail=str(error)[:160]) from error
        finally:
            response.close()
        pairs = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers.raw]
        location = response.extensions["location"]
        if location is not None:
            pairs.append(("location", location.decode("latin-1")))
        return Reply(status=response.status_code, headers=tuple(pairs), body=received, url=url)

    def _request(self, method: str, address: httpx.URL, *, headers: Mapping[str, str], body: bytes) -> httpx.Request:
        """A request with these headers and no others, but for what httpx must add (Host, Content-Length).

        The address goes without user and password: httpx writes it into its log.
        """
        raw = [(b"host", address.netloc), (b"user-agent", self._user_agent)]
        raw += [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
        url = address.copy_with(userinfo=b"") if address.userinfo else address
        return httpx.Request(method, url, headers=raw, content=body or None)

    def _document(self, response: httpx.Response) -> bytes:
        """The whole body of a reply that brings a document; of an error, its beginning."""
        if response.status_code >= 400:
            return beginning_of_body(response, _ERROR_BYTES)
        return whole_body(response, self._max_bytes) if response.status_code == 200 else b""

    def _receipt(self, response: httpx.Response) -> bytes:
        """The beginning of a receiver's reply; of a redirect, nothing."""
        if response.status_code >= 400:
            return beginning_of_body(response, _ERROR_BYTES)
        return beginning_of_body(response, self._max_bytes) if response.status_code < 300 else b""


def _too_many_redirects(url: str) -> RequestError:
    kind, code = ErrorKind.REDIRECTS, ProblemCode.TOO_MANY_REDIRECTS
    return RequestError(kind, code, limit=MAX_REDIRECTS, url=shown(url))


def _redirect_target(reply: Reply) -> str | None:
    """Where a reply redirects to; None where it does not. Raises RequestError for a Location that is no address."""
    location = reply.header("location")
    if reply.status not in _REDIRECTS or not location:
        return None
    origin = httpx.URL(reply.url)
    try:
        target = origin.join(location.encode("latin-1").decode("utf-8", "replace")).copy_with(fragment=None)
    except (httpx.InvalidURL, ValueError) as error:
        kind, code = ErrorKind.PROTOCOL, ProblemCode.REDIRECT_UNUSABLE
        raise RequestError(kind, code, host=host_shown(reply.url), url=shown(location)) from error
    if origin.userinfo and not target.userinfo and is_same_origin(origin, target):
        target = target.copy_with(userinfo=origin.userinfo)
    return str(target)
