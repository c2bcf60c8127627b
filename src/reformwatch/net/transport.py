"""Net: the transport of httpx's client: httpcore's pool on the guarded backend.

A redirect's ``Location`` is handed over as the extension ``location`` (bytes) and not among the headers: httpx
prepares the next request even of a redirect that is not followed, and fails on a Location that it can't parse.
Errors are :class:`RequestError`.
"""

import contextlib
import ssl
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

import httpcore
import httpx

from reformwatch.model.problem import ProblemCode
from reformwatch.net.backend import GuardedBackend
from reformwatch.net.deadline import CONNECT_S, Deadlines
from reformwatch.net.errors import ErrorKind, RequestError
from reformwatch.net.web_address import host_shown

_TIMEOUTS: Final = {"connect": CONNECT_S, "read": None, "write": None, "pool": None}
_KEEP_S: Final = 5.0


class GuardedTransport(httpx.BaseTransport):
    """Requests over connections that keep the address policy and the deadline. Threads may share one.

    ``keep_alive`` idle connections are kept for 5 seconds. ``deadline`` is for the sentence of an error only; the
    exchange's own is in ``deadlines``.
    """

    def __init__(
        self, backend: GuardedBackend, deadlines: Deadlines, *, deadline: timedelta, connections: int, keep_alive: int
    ) -> None:
        self._deadlines, self._deadline_s = deadlines, deadline.total_seconds()
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),  # a placeholder: the backend's has the authorities
            max_connections=connections,
            max_keepalive_connections=keep_alive,
            keepalive_expiry=_KEEP_S,
            network_backend=backend,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the body of its response is read by its stream. Raises RequestError."""
        url = request.url
        with self._raising_request_errors(request):
            response = self._pool.handle_request(
                httpcore.Request(
                    request.method,
                    httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions={"timeout": _TIMEOUTS},
                )
            )
        location = next((value for name, value in response.headers if name.lower() == b"location"), None)
        return httpx.Response(
            response.status,
            headers=[header for header in response.headers if header[0].lower() != b"location"],
            stream=_Body(self, request, response),
            extensions={"location": location},
        )

    def close(self) -> None:
        """Close idle connections. A busy one is its thread's: the number of its socket must not become another's."""
        for connection in self._pool.connections:
            if connection.is_idle():
                connection.close()

    def _close_response(self, response: httpcore.Response) -> None:
        response.close()
        if self._deadlines.is_aborted:  # this connection was busy at the abort, and is idle now
            self.close()

    @contextlib.contextmanager
    def _raising_request_errors(self, request: httpx.Request) -> Iterator[None]:
        try:
            yield
        except RequestError:
            raise
        except (*_BROKEN, httpcore.UnsupportedProtocol, ValueError) as error:
            raise self._request_error(request, error) from error

    def _request_error(self, request: httpx.Request, error: Exception) -> RequestError:
        """An error of the libraries below as a RequestError."""
        host = host_shown(str(request.url))
        if isinstance(error, _BROKEN) and self._deadlines.is_aborted:
            return RequestError(ErrorKind.TIMEOUT, ProblemCode.PROGRAM_STOPPING)
        if isinstance(error, httpcore.TimeoutException):
            return RequestError(ErrorKind.TIMEOUT, ProblemCode.TIMED_OUT, host=host, seconds=self._deadline_s)
        detail = _first_line(error)
        if isinstance(error, httpcore.ConnectError):
            is_tls = isinstance(error.__context__, ssl.SSLError) or "SSL" in detail or "certificate" in detail.lower()
            kind = ErrorKind.TLS if is_tls else ErrorKind.CONNECT
            code = ProblemCode.CERTIFICATE_REFUSED if is_tls else ProblemCode.CONNECTION_FAILED
            return RequestError(kind, code, host=host, detail=detail)
        if isinstance(error, httpcore.NetworkError | OSError):
            return RequestError(ErrorKind.CONNECT, ProblemCode.CONNECTION_BROKEN, host=host, detail=detail)
        return RequestError(ErrorKind.PROTOCOL, ProblemCode.NOT_HTTP, host=host, detail=detail)


class _Body(httpx.SyncByteStream):
    """The body of a response as it comes in, not inflated."""

    def __init__(self, transport: GuardedTransport, request: httpx.Request, response: httpcore.Response) -> None:
        self._transport, self._request, self._response = transport, request, response

    def __iter__(self) -> Iterator[bytes]:
        chunks = self._response.stream
        assert isinstance(chunks, Iterable)  # noqa: S101 - the type checker's knowledge: this pool is a synchronous one
        with self._transport._raising_request_errors(self._request):  # noqa: SLF001 - one module
            yield from chunks

    def close(self) -> None:
        self._transport._close_response(self._response)  # noqa: SLF001 - one module


_BROKEN: Final = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError)


def _first_line(error: BaseException) -> str:
    text = str(error) or type(error).__name__
    return text.splitlines()[0][:160]
