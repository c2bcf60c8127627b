"""Net: httpcore's connections with the address policy and the deadline kept: the network backend of the transport."""

import contextlib
import functools
import ipaddress
import os
import ssl
import threading
from collections.abc import Iterable
from typing import Any, Final

import httpcore
import httpx

from reformwatch.model.problem import ProblemCode
from reformwatch.net.address_policy import AddressPolicy, Resolver
from reformwatch.net.deadline import CONNECT_S, Deadlines
from reformwatch.net.errors import ErrorKind, RequestError

#: The longest wait of one read, in seconds: an abort is noticed after it.
_READ_S: Final = 1.0
#: Held while the authorities are read: at a start all threads want them at the same moment.
_READING_AUTHORITIES: Final = threading.Lock()


@functools.cache
def _trusted_authorities(*_variables: str | None) -> ssl.SSLContext:
    """The public authorities, or those that OpenSSL's variables name. Read once, since that takes a while."""
    context = httpx.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


class GuardedBackend(httpcore.NetworkBackend):
    """Resolve a name once, check every address of it, dial one of these."""

    def __init__(
        self, policy: AddressPolicy, resolver: Resolver, dialler: httpcore.NetworkBackend, deadlines: Deadlines
    ) -> None:
        self._policy, self._resolver, self._dialler, self._deadlines = policy, resolver, dialler, deadlines

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        """Connect to the first address that takes the connection. Raises RequestError, httpcore's errors."""
        addresses = self.addresses(host, port)
        self._policy.check(host, addresses)
        error: Exception = httpcore.ConnectError("no address")
        for address in addresses:
            left = self._deadlines.left()
            if left <= 0:
                raise httpcore.ConnectTimeout
            try:
                stream = self._dialler.connect_tcp(
                    address, port, min(left, timeout or left), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as refused:
                error = refused
            else:
                return _BoundedStream(stream, self._deadlines)
        raise error

    def addresses(self, host: str, port: int) -> list[str]:
        """All addresses of a host. Raises RequestError where the name is not known, or not in time."""
        with contextlib.suppress(ValueError):
            return [str(ipaddress.ip_address(host))]
        answers: list[list[str] | Exception] = []

        def look_up() -> None:
            try:
                answers.append(self._resolver(host, port))
            except (OSError, UnicodeError) as error:
                answers.append(error)

        thread = threading.Thread(target=look_up, name=f"resolve {host}", daemon=True)
        thread.start()
        thread.join(min(self._deadlines.left(), CONNECT_S))
        if not answers and self._deadlines.is_aborted:
            raise httpcore.ConnectTimeout
        if not answers:
            raise RequestError(ErrorKind.NAME, ProblemCode.NAME_SERVER_SILENT, host=host)
        if isinstance(answers[0], Exception) or not answers[0]:
            raise RequestError(ErrorKind.NAME, ProblemCode.NAME_NOT_FOUND, host=host)
        return answers[0]


class _BoundedStream(httpcore.NetworkStream):
    """A connection whose every wait ends with the deadline of the exchange, and within a second of an abort."""

    def __init__(self, stream: httpcore.NetworkStream, deadlines: Deadlines) -> None:
        self._stream, self._deadlines = stream, deadlines

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the deadline is the time-out
        while True:
            left = self._deadlines.left()
            if left <= 0:
                raise httpcore.ReadTimeout
            try:
                return self._stream.read(max_bytes, min(left, _READ_S))
            except httpcore.ReadTimeout:
                continue

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - the deadline is the time-out
        left = self._deadlines.left()
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
        with _READING_AUTHORITIES:
            trusted = _trusted_authorities(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
        left = max(0.001, self._deadlines.left())
        return _BoundedStream(self._stream.start_tls(trusted, server_hostname, left), self._deadlines)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
