"""Net: the one door to the network: httpx's addresses on a pool of httpcore's, with everything that bites closed.

What httpx 0.28 does not do by itself is done here: one deadline for the whole exchange (its time-outs are per read),
a bound on what a reply may inflate to (it turns 3 kB of brotli into gigabytes), redirects by hand with each hop
checked, no cookies, no proxies from the environment, and no connection to an address that is not public: the name is
resolved once, refused unless every address it has is global, and that very address is dialled. # trust: D04-D06, B13
"""

import base64
import contextlib
import functools
import ipaddress
import os
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import unquote

import httpcore
import httpx
from msgspec import Struct
from msgspec.structs import replace

from reformwatch.model.feed import FailureKind
from reformwatch.model.problem import Fact, Problem, ProblemCode

MAX_REDIRECTS: Final = 5
_CONNECT_S: Final = 10.0
_SLICE_S: Final = 1.0
_READ_BYTES: Final = 65_536
_ERROR_BYTES: Final = 16_384
_LONGEST_WISH_S: Final = 10**9
_PERMANENT: Final = frozenset({301, 308})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
#: A 303 says that the answer is to be fetched elsewhere; all others say where to ask.
_ASK_ELSEWHERE: Final = _REDIRECTS - {303}
_GZIP_MAGIC: Final = b"\x1f\x8b"
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_V4_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")

#: What some Python from 3.11.7 to 3.14 calls global, out of the registries iana.org/assignments/
#: iana-ipv4-special-registry and iana-ipv6-special-registry. A few single addresses of the first and the fourth are
#: reachable in truth (anycast services of protocols); no feed is served there.
_SPECIAL: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments, RFC 6890; Oracle's cloud answers for metadata at 192.0.0.192
        "192.88.99.0/24",  # relays of 6to4, ended by RFC 7526
        "64:ff9b:1::/48",  # NAT64 of a network's own, RFC 8215
        "2001::/23",  # protocol assignments, RFC 2928
        "100:0:0:1::/64",  # dummy prefix, RFC 9780
        "3fff::/20",  # documentation, RFC 9637
        "5f00::/16",  # SRv6 segments, RFC 9602
        "fec0::/10",  # site-local, RFC 3879
    )
)

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], list[str]]


class RequestFailed(Exception):
    """No reply: ``kind`` is the sort of trouble, ``problem`` says to people what it was."""

    def __init__(self, kind: FailureKind, code: ProblemCode, **facts: Fact) -> None:
        self.kind, self.problem = kind, Problem.of(code, **facts)
        super().__init__(kind.value, self.problem)


class Reply(Struct, frozen=True, kw_only=True):
    """A whole reply. ``url`` is where it came from; ``headers`` are the raw ones, names in lower case.

    ``hops`` redirects were followed, ``moved_permanently`` where there were some and all of them permanent.
    ``leads_to`` is the address of one more that was not followed since it leaves the origin.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    url: str
    moved_permanently: bool = False
    hops: int = 0
    leads_to: str | None = None

    def header(self, name: str) -> str | None:
        """A header's value, each byte as the character of the same number; None where it is not there."""
        return next((value for key, value in self.headers if key == name), None)

    def header_list(self, name: str) -> list[str]:
        """A header that is a list: its parts out of all its lines (RFC 9110, 5.3)."""
        lines = (value for key, value in self.headers if key == name)
        return [part.strip() for line in lines for part in line.split(",")]

    def retry_after(self, *, now: datetime) -> timedelta | None:
        """The wish in ``Retry-After``, seconds or a date (RFC 9110, 10.2.3); None for anything else."""
        text = (self.header("retry-after") or "").strip()
        if text.isascii() and text.isdigit():
            return timedelta(seconds=min(int(text[:12]), _LONGEST_WISH_S))
        date = http_date(text)
        return max(date - now, timedelta()) if date else None

    def max_age(self) -> timedelta | None:
        """``Cache-Control: max-age``, else ``Expires`` minus ``Date`` (RFC 9111, 4.2.1)."""
        for directive in self.header_list("cache-control"):
            name, _, value = directive.partition("=")
            value = value.strip('" ')
            if name.lower() == "max-age" and value.isascii() and value.isdigit():
                return timedelta(seconds=min(int(value[:12]), _LONGEST_WISH_S))
        expires, date = http_date(self.header("expires")), http_date(self.header("date"))
        return max(expires - date, timedelta()) if expires and date else None


@functools.lru_cache(maxsize=256)  # all replies of a moment bear the same one
def http_date(value: str | None) -> datetime | None:
    """A date of HTTP as an aware time; None where it is none."""
    try:
        date = parsedate_to_datetime(value or "")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


class AddressPolicy:
    """Which addresses may be dialled: public ones, and what the operator names (networks, or host names)."""

    def __init__(self, allow_private: Iterable[str] = ()) -> None:
        self._networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        self._hosts: set[str] = set()
        for given in allow_private:
            try:
                self._networks.append(ipaddress.ip_network(given, strict=False))
            except ValueError:
                self._hosts.add(given.lower().rstrip("."))

    def is_own(self, host: str) -> bool:
        """Whether a host, by its name or as an address, is one that the operator named."""
        if host.lower().rstrip(".") in self._hosts:
            return True
        with contextlib.suppress(ValueError):
            address = ipaddress.ip_address(host.strip("[]"))
            return any(address in network for network in self._networks)
        return False

    def check(self, host: str, addresses: Iterable[str]) -> None:
        """Raise RequestFailed unless every address of the host may be dialled."""
        if host.lower().rstrip(".") in self._hosts:
            return
        for given in addresses:
            address, may_be_dialled = _looked_at(given.partition("%")[0])
            if not may_be_dialled and not any(address in network for network in self._networks):
                kind, code = FailureKind.REFUSED_ADDRESS, ProblemCode.PRIVATE_ADDRESS
                raise RequestFailed(kind, code, host=host, address=str(address))


@functools.lru_cache(maxsize=4_096)
def _looked_at(given: str) -> tuple[IpAddress, bool]:
    """An address, and whether it is public."""
    address = ipaddress.ip_address(given)
    return address, is_public(address)


def is_public(address: IpAddress) -> bool:
    """Whether an address is on the public internet, seen through every way to wrap an IPv4 address in an IPv6 one."""
    if isinstance(address, ipaddress.IPv6Address):
        teredo = address.teredo
        inner = address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
        if inner is None and (address in _NAT64 or address in _V4_COMPATIBLE):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    if any(address in network for network in _SPECIAL):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a host, from the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


class Door:
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
        self._clock = _Clock()
        self._backend = _GuardedBackend(policy, resolver, dialler or httpcore.SyncBackend(), self._clock)
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),  # stands in: the stream takes the one with authorities
            max_connections=max_connections,
            max_keepalive_connections=keep_alive,
            keepalive_expiry=5.0,
            network_backend=self._backend,
        )

    def get(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        hops: int = 0,
        leaves_origin: bool = True,
    ) -> Reply:
        """GET, following at most 5 redirects, ``hops`` before included. Raises RequestFailed.

        With ``leaves_origin`` false a redirect to another origin is not followed: the reply says where it leads.
        """
        sent = {"accept-encoding": "gzip", **(headers or {})}
        permanently = True
        with self._clock.running(self._deadline_s):
            for hop in range(hops, MAX_REDIRECTS + 1):
                reply = self._exchange("GET", url, headers=sent, receive=self._document)
                target = _redirect_target(reply)
                if target is None and hop == hops == 0:
                    return reply
                if target is None:
                    return replace(reply, moved_permanently=permanently and hop > hops, hops=hop)
                permanently = permanently and reply.status in _PERMANENT
                if not leaves_origin and hop < MAX_REDIRECTS and not _is_same_origin(httpx.URL(url), httpx.URL(target)):
                    return replace(reply, moved_permanently=permanently, hops=hop + 1, leads_to=target)
                url = target
        raise _too_many_redirects(url)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """POST without following redirects; a reply's body beyond ``max_bytes`` is not read. Raises RequestFailed."""
        sent = {"accept-encoding": "identity", **headers}
        with self._clock.running(self._deadline_s):
            return self._exchange("POST", url, headers=sent, body=body, receive=self._receipt)

    def post_to_hub(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """POST, and POST again where at most 5 redirects lead (WebSub, 5.1). Raises RequestFailed.

        The body holds a secret: what begins with https does not go on without it.
        """
        sent = {"accept-encoding": "identity", **headers}
        with self._clock.running(self._deadline_s):
            for _ in range(MAX_REDIRECTS + 1):
                reply = self._exchange("POST", url, headers=sent, body=body, receive=self._receipt)
                target = _redirect_target(reply) if reply.status in _ASK_ELSEWHERE else None
                if target is None:
                    return reply
                if httpx.URL(url).scheme == "https" and httpx.URL(target).scheme != "https":
                    kind, code = FailureKind.REDIRECTS, ProblemCode.REDIRECT_TO_HTTP
                    raise RequestFailed(kind, code, host=_named(url), url=_shown(target))
                url = target
        raise _too_many_redirects(url)

    def check(self, url: str) -> None:
        """Raise RequestFailed where an address could never be dialled; a name that does not resolve now may later."""
        try:
            with self._clock.running(self._deadline_s):
                address = _web_address(url)
                host = address.raw_host.decode("ascii")
                self.policy.check(host, self._backend.addresses(host, address.port or 443))
        except _FOREIGN as foreign:
            raise self._translated(url, foreign) from foreign

    def close(self) -> None:
        """End exchanges under way, and let no new one begin."""
        self._clock.stop()
        self._close_idle()

    def _close_idle(self) -> None:
        """Close idle connections. A busy one is its thread's: the number of its socket must not become another's."""
        for connection in self._pool.connections:
            if connection.is_idle():
                connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _exchange(
        self, method: str, url: str, *, headers: Mapping[str, str], receive: "_Receive", body: bytes = b""
    ) -> Reply:
        try:
            response = self._pool.handle_request(self._request(method, url, headers=headers, body=body))
            try:
                received = receive(response)
            finally:
                response.close()
                if self._clock.stopped:  # this connection was busy when the door closed, and is idle now
                    self._close_idle()
        except _FOREIGN as foreign:
            raise self._translated(url, foreign) from foreign
        shown = tuple((k.decode("latin-1").lower(), v.decode("latin-1")) for k, v in response.headers)
        return Reply(status=response.status, headers=shown, body=received, url=url)

    def _request(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes) -> httpcore.Request:
        address = _web_address(url)
        raw = [(b"host", address.netloc), (b"user-agent", self._user_agent)]
        raw += [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
        if address.userinfo:
            pair = f"{unquote(address.username)}:{unquote(address.password)}"
            raw.append((b"authorization", b"Basic " + base64.b64encode(pair.encode())))
            address = address.copy_with(userinfo=b"")
        if method == "POST":
            raw.append((b"content-length", str(len(body)).encode()))
        return httpcore.Request(
            method,
            httpcore.URL(scheme=address.raw_scheme, host=address.raw_host, port=address.port, target=address.raw_path),
            headers=raw,
            content=body or None,
            extensions={"timeout": {"connect": _CONNECT_S, "read": None, "write": None, "pool": None}},
        )

    def _document(self, response: httpcore.Response) -> bytes:
        """The whole body of a reply that brings a document; of an error, its beginning."""
        if response.status >= 400:
            return _beginning(response, _ERROR_BYTES)
        return _whole(response, self._max_bytes) if response.status == 200 else b""

    def _receipt(self, response: httpcore.Response) -> bytes:
        """The beginning of what a receiver says; of a redirect, nothing."""
        if response.status >= 400:
            return _beginning(response, _ERROR_BYTES)
        return _beginning(response, self._max_bytes) if response.status < 300 else b""

    def _translated(self, url: str, foreign: Exception) -> RequestFailed:
        """A foreign error in the words of :class:`RequestFailed`."""
        if isinstance(foreign, _BROKEN):
            if self._clock.stopped:
                return RequestFailed(FailureKind.TIMEOUT, ProblemCode.PROGRAM_STOPPING)
            return _failure(_named(url), foreign, self._deadline_s)
        if isinstance(foreign, _CutShort):
            return RequestFailed(FailureKind.PROTOCOL, ProblemCode.REPLY_CUT_SHORT, host=_named(url))
        if isinstance(foreign, httpcore.UnsupportedProtocol | zlib.error):
            return _not_http(_named(url), foreign)
        return RequestFailed(FailureKind.PROTOCOL, ProblemCode.ADDRESS_UNUSABLE, url=_shown(url))


_Receive = Callable[[httpcore.Response], bytes]
_BROKEN: Final = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError)
#: What the libraries below raise where a request can't be made or a reply can't be had.
_FOREIGN: Final = (*_BROKEN, httpcore.UnsupportedProtocol, zlib.error, httpx.InvalidURL, ValueError)


def _failure(host: str, broken: Exception, deadline_s: float) -> RequestFailed:
    if isinstance(broken, httpcore.TimeoutException):
        return RequestFailed(FailureKind.TIMEOUT, ProblemCode.TIMED_OUT, host=host, seconds=deadline_s)
    if isinstance(broken, httpcore.ProtocolError):
        return _not_http(host, broken)
    if isinstance(broken, httpcore.ConnectError):
        return _connect_failure(host, broken)
    return RequestFailed(FailureKind.CONNECT, ProblemCode.CONNECTION_BROKEN, host=host, detail=_said(broken))


def _too_many_redirects(url: str) -> RequestFailed:
    kind, code = FailureKind.REDIRECTS, ProblemCode.TOO_MANY_REDIRECTS
    return RequestFailed(kind, code, limit=MAX_REDIRECTS, url=_shown(url))


def _not_http(host: str, wrong: Exception) -> RequestFailed:
    return RequestFailed(FailureKind.PROTOCOL, ProblemCode.NOT_HTTP, host=host, detail=_said(wrong))


def _connect_failure(host: str, refused: Exception) -> RequestFailed:
    said = _said(refused)
    if isinstance(refused.__context__, ssl.SSLError) or "SSL" in said or "certificate" in said.lower():
        return RequestFailed(FailureKind.TLS, ProblemCode.CERTIFICATE_REFUSED, host=host, detail=said)
    return RequestFailed(FailureKind.CONNECT, ProblemCode.CONNECTION_FAILED, host=host, detail=said)


def _said(error: BaseException) -> str:
    text = str(error) or type(error).__name__
    return text.splitlines()[0][:160]


def _web_address(url: str) -> httpx.URL:
    """An address that can be asked. Raises RequestFailed, httpx.InvalidURL, ValueError."""
    address = httpx.URL(url)
    if address.scheme not in {"http", "https"} or not address.host:
        raise RequestFailed(FailureKind.PROTOCOL, ProblemCode.ADDRESS_NOT_WEB, url=_shown(url))
    return address


def _shown(url: str) -> str:
    """An address for a sentence: without user and password, whatever else is wrong with it. # trust: D25."""
    with contextlib.suppress(httpx.InvalidURL, ValueError):
        address = httpx.URL(url)
        if address.host:
            return str(address.copy_with(userinfo=b""))[:200]
    return repr(url.rpartition("@")[2][:200])


def _named(url: str) -> str:
    """Host and port of an address, for a sentence."""
    with contextlib.suppress(httpx.InvalidURL, ValueError):
        return httpx.URL(url).netloc.decode("ascii") or _shown(url)
    return _shown(url)


def _redirect_target(reply: Reply) -> str | None:
    location = reply.header("location")
    if reply.status not in _REDIRECTS or not location:
        return None
    origin = httpx.URL(reply.url)
    try:
        target = origin.join(location.encode("latin-1").decode("utf-8", "replace")).copy_with(fragment=None)
    except (httpx.InvalidURL, ValueError) as bad:
        kind, code = FailureKind.PROTOCOL, ProblemCode.REDIRECT_UNUSABLE
        raise RequestFailed(kind, code, host=_named(reply.url), url=_shown(location)) from bad
    if origin.userinfo and not target.userinfo and _is_same_origin(origin, target):
        target = target.copy_with(userinfo=origin.userinfo)
    return str(target)


def _is_same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    """Scheme, host and port (RFC 6454): a password given for https must not go in clear. # trust: C23."""
    return (one.scheme, one.raw_host, one.port) == (other.scheme, other.raw_host, other.port)


def _whole(response: httpcore.Response, limit: int) -> bytes:
    """A body, inflated. Raises RequestFailed where it is larger than the limit, zlib.error where it is broken."""
    body = bytearray()
    for chunk in _decoded(response, limit):
        body += chunk
        if len(body) > limit:
            raise RequestFailed(FailureKind.TOO_LARGE, ProblemCode.TOO_LARGE, limit_kb=limit // 1024)
    return bytes(body)


def _beginning(response: httpcore.Response, limit: int) -> bytes:
    """The first bytes of a body whose status says enough: what can't be inflated is left out."""
    body = bytearray()
    with contextlib.suppress(RequestFailed, zlib.error):
        for chunk in _decoded(response, limit):
            body += chunk
            if len(body) >= limit:
                break
    return bytes(body[:limit])


def _decoded(response: httpcore.Response, limit: int) -> Iterator[bytes]:
    """The body as it comes in. Raises RequestFailed for an encoding that is not gzip."""
    said = b", ".join(value for name, value in response.headers if name.lower() == b"content-encoding")
    encoding = said.decode("latin-1").strip().lower()
    chunks = response.stream
    assert isinstance(chunks, Iterable)  # noqa: S101 - the type checker's knowledge: this pool is a synchronous one
    if encoding in {"", "identity"}:
        return iter(chunks)
    if encoding in {"gzip", "x-gzip"}:
        return _inflated(chunks, limit)
    raise RequestFailed(FailureKind.PROTOCOL, ProblemCode.ENCODING_NOT_ASKED, encoding=encoding[:40])


def _inflated(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """gzip members inflated piece by piece; at most ``limit`` and one piece more ever exist."""
    inflater = _new_inflater()
    total, is_empty, held = 0, True, b""
    for chunk in chunks:
        rest, held = held + chunk, b""
        is_empty = is_empty and not rest
        while rest:
            if inflater.eof:
                if rest == _GZIP_MAGIC[:1]:
                    held = rest  # half a mark: the next chunk tells whether another member begins
                    break
                if not rest.startswith(_GZIP_MAGIC):
                    return  # padding after the last member
                inflater = _new_inflater()
            piece = inflater.decompress(rest, _READ_BYTES)
            total += len(piece)
            yield piece
            if total > limit:
                return
            rest = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
    while not inflater.eof and (piece := inflater.decompress(inflater.unconsumed_tail, _READ_BYTES)):
        yield piece
    if not inflater.eof and not is_empty:
        raise _CutShort


class _CutShort(zlib.error):
    """A compressed reply ends too early."""


def _new_inflater() -> "zlib._Decompress":
    return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)


class _Clock:
    """The deadline of the exchange that runs in this thread."""

    def __init__(self) -> None:
        self._local = threading.local()
        self.stopped = False

    @contextlib.contextmanager
    def running(self, seconds: float) -> Iterator[None]:
        self._local.deadline = time.monotonic() + seconds
        try:
            yield
        finally:
            self._local.deadline = None

    def stop(self) -> None:
        self.stopped = True

    def left(self) -> float:
        """Seconds until the deadline, 0 when it has passed or the door is closed."""
        if self.stopped:
            return 0.0
        deadline: float | None = getattr(self._local, "deadline", None)
        return _CONNECT_S if deadline is None else max(0.0, deadline - time.monotonic())


#: Held while the authorities are read: at a start all threads want them at the same moment.
_READING: Final = threading.Lock()


@functools.cache
def _authorities(*_named: str | None) -> ssl.SSLContext:
    """What doors trust: public authorities, or those that OpenSSL's variables name. Read once, it takes a while."""
    context = httpx.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


class _GuardedBackend(httpcore.NetworkBackend):
    """Resolve once, check every address, dial one of these."""

    def __init__(
        self, policy: AddressPolicy, resolver: Resolver, dialler: httpcore.NetworkBackend, clock: _Clock
    ) -> None:
        self._policy, self._resolver, self._dialler, self._clock = policy, resolver, dialler, clock

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        addresses = self.addresses(host, port)
        self._policy.check(host, addresses)
        failure: Exception = httpcore.ConnectError("no address")
        for address in addresses:
            left = self._clock.left()
            if left <= 0:
                raise httpcore.ConnectTimeout
            try:
                stream = self._dialler.connect_tcp(
                    address, port, min(left, timeout or left), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as no:
                failure = no
            else:
                return _BoundedStream(stream, self._clock)
        raise failure

    def addresses(self, host: str, port: int) -> list[str]:
        """All addresses of a host. Raises RequestFailed where the name is not known, or not in time."""
        with contextlib.suppress(ValueError):
            return [str(ipaddress.ip_address(host))]
        found: list[list[str] | Exception] = []

        def look_up() -> None:
            try:
                found.append(self._resolver(host, port))
            except (OSError, UnicodeError) as no:
                found.append(no)

        thread = threading.Thread(target=look_up, name=f"resolve {host}", daemon=True)
        thread.start()
        thread.join(min(self._clock.left(), _CONNECT_S))
        if not found and self._clock.stopped:
            raise httpcore.ConnectTimeout
        if not found:
            raise RequestFailed(FailureKind.NAME, ProblemCode.NAME_SERVER_SILENT, host=host)
        if isinstance(found[0], Exception) or not found[0]:
            raise RequestFailed(FailureKind.NAME, ProblemCode.NAME_NOT_FOUND, host=host)
        return found[0]


class _BoundedStream(httpcore.NetworkStream):
    """A connection whose every wait ends with the deadline of the exchange, and within a second of a stop."""

    def __init__(self, stream: httpcore.NetworkStream, clock: _Clock) -> None:
        self._stream, self._clock = stream, clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the deadline is the time-out
        while True:
            left = self._clock.left()
            if left <= 0:
                raise httpcore.ReadTimeout
            try:
                return self._stream.read(max_bytes, min(left, _SLICE_S))
            except httpcore.ReadTimeout:
                continue

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - the deadline is the time-out
        left = self._clock.left()
        if left <= 0:
            raise httpcore.WriteTimeout
        self._stream.write(buffer, left)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,  # noqa: ARG002 - the pool's, which trusts nobody
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the deadline is the time-out
    ) -> httpcore.NetworkStream:
        with _READING:
            trusted = _authorities(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
        left = max(0.001, self._clock.left())
        return _BoundedStream(self._stream.start_tls(trusted, server_hostname, left), self._clock)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
