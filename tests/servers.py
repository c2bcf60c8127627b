"""Servers on loopback that behave as told, well or badly, and remember what they were asked.

Also here: recorders that stand in for the resolver and the dialler (they open nothing), and certificates.
"""

import base64
import contextlib
import gzip
import select
import shutil
import socket
import ssl
import subprocess
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpcore
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from reformwatch.net.address_policy import resolve

LOOPBACK = "127.0.0.1"
_PATIENCE_S = 60.0


# --- certificates ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate and its key; whoever trusts ``cert`` trusts a server that shows it."""

    cert: Path
    key: Path

    def for_server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        return context

    def for_client(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.cert))


def make_certificate(folder: Path, *, names: str = "DNS:localhost,IP:127.0.0.1") -> Certificate:
    """A certificate made with the openssl command; without it the test is skipped."""
    if shutil.which("openssl") is None:
        pytest.skip("the openssl command is not here")
    made = Certificate(cert=folder / "cert.pem", key=folder / "key.pem")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", "/CN=reformwatch test", "-addext", f"subjectAltName={names}"),
            *("-keyout", str(made.key), "-out", str(made.cert)),
        ],
        check=True,
        capture_output=True,
    )
    return made


# --- the base of the raw servers ------------------------------------------------------------------------------------


class Hangup(Exception):
    """The other side has gone, or the server is being closed."""


class Wire:
    """One accepted connection."""

    def __init__(self, connection: socket.socket, closing: threading.Event) -> None:
        self.connection, self.closing = connection, closing
        self._buffer = b""
        self.sent_bytes = 0

    def send(self, data: bytes) -> None:
        try:
            self.connection.sendall(data)
        except OSError as gone:
            raise Hangup from gone
        self.sent_bytes += len(data)

    def read(self) -> bytes:
        """Some bytes. Raises Hangup at the end."""
        try:
            got = self.connection.recv(65_536)
        except OSError as gone:
            raise Hangup from gone
        if not got:
            raise Hangup
        return got

    def read_until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            self._buffer += self.read()
        found, _, self._buffer = self._buffer.partition(mark)
        return found + mark

    def read_exactly(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._buffer += self.read()
        found, self._buffer = self._buffer[:count], self._buffer[count:]
        return found

    def drip(self, data: bytes, *, every_s: float) -> None:
        """One byte at a time."""
        for at in range(len(data)):
            self.send(data[at : at + 1])
            if self.closing.wait(every_s):
                raise Hangup

    def pour(self, piece: bytes) -> None:
        """The same bytes for ever."""
        while not self.closing.is_set():
            self.send(piece)

    def wait_for_hangup(self) -> None:
        """Say nothing until the other side goes."""
        with contextlib.suppress(Hangup):
            while not self.closing.is_set():
                if select.select([self.connection], [], [], 0.1)[0]:
                    self.read()

    def secure(self, context: ssl.SSLContext) -> None:
        """TLS from here on."""
        self._buffer = b""
        try:
            self.connection = context.wrap_socket(self.connection, server_side=True)
        except OSError as no:
            raise Hangup from no


class RawServer:
    """Accepts on 127.0.0.1, a thread for each connection, closed with everything it opened."""

    def __init__(self) -> None:
        self.closing = threading.Event()
        self.connections = 0
        self.faults: list[BaseException] = []
        self._lock = threading.Lock()
        self._wires: list[Wire] = []
        self._listener = socket.create_server((LOOPBACK, 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, name=f"server {self.port}", daemon=True)]
        self._threads[0].start()

    def serve(self, wire: Wire) -> None:
        """Talk on one connection."""
        raise NotImplementedError

    def _accept(self) -> None:
        while not self.closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(_PATIENCE_S)
            wire = Wire(connection, self.closing)
            thread = threading.Thread(target=self._run, args=(wire,), daemon=True)
            with self._lock:
                self.connections += 1
                self._wires.append(wire)
                self._threads.append(thread)
            thread.start()

    def _run(self, wire: Wire) -> None:
        try:
            self.serve(wire)
        except Hangup:
            pass
        except BaseException as fault:  # noqa: BLE001 - shown by close(), in the test's own thread
            self.faults.append(fault)
        finally:
            with contextlib.suppress(OSError):
                wire.connection.shutdown(socket.SHUT_RDWR)
            wire.connection.close()

    def close(self) -> None:
        self.closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            wires, threads = list(self._wires), list(self._threads)
        for wire in wires:
            with contextlib.suppress(OSError):
                wire.connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(_PATIENCE_S)
        if self.faults:
            raise AssertionError(f"the test's server failed: {self.faults[0]!r}") from self.faults[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


# --- HTTP -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """A request as it came, byte for byte."""

    raw: bytes
    body: bytes
    is_tls: bool

    @property
    def method(self) -> bytes:
        return self.raw.split(b" ", 2)[0]

    @property
    def target(self) -> bytes:
        return self.raw.split(b" ", 2)[1]

    @property
    def header_lines(self) -> list[tuple[bytes, bytes]]:
        lines = self.raw.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
        return [(name.lower(), value) for name, _, value in (line.partition(b": ") for line in lines)]

    @property
    def headers(self) -> dict[bytes, bytes]:
        lines = self.header_lines
        assert len({name for name, _ in lines}) == len(lines), "a header was sent twice"
        return dict(lines)

    @property
    def text_headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.headers.items()}


Answer = bytes | Callable[[Wire, Asked], None]


def reply(
    status: int = 200,
    body: bytes = b"",
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    *,
    length: int | None = None,
) -> bytes:
    """A reply's bytes. ``length``: a Content-Length that may lie; headers are given as latin-1."""
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in pairs)]
    if status not in {204, 304} and not any(name.lower() == "transfer-encoding" for name, _ in pairs):
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def redirect(status: int, location: str) -> bytes:
    return reply(status, headers={"Location": location})


def sending(data: bytes) -> Answer:
    """An answer of any bytes, after which the connection stays open until the client goes."""

    def answer(wire: Wire, _asked: Asked) -> None:
        wire.send(data)
        wire.wait_for_hangup()

    return answer


class HttpServer(RawServer):
    """Answers each path as scripted: with bytes (then the connection is closed), or by a function on the wire.

    A list of answers is used up one a request, the last one again and again. With a certificate both http and https
    are spoken on the one port.
    """

    def __init__(self, *, certificate: Certificate | None = None) -> None:
        self.asked: list[Asked] = []
        self._answers: dict[str, list[Answer]] = {}
        self._context = certificate.for_server() if certificate else None
        super().__init__()

    def on(self, path: str, *answers: Answer) -> str:
        """Script a path; its URL comes back."""
        self._answers[path] = list(answers)
        return self.url(path)

    def url(self, path: str, *, scheme: str = "http", user: str = "") -> str:
        return f"{scheme}://{user}{LOOPBACK}:{self.port}{path}"

    def serve(self, wire: Wire) -> None:
        is_tls = self._context is not None and self._begins_with_tls(wire)
        if is_tls:
            assert self._context is not None
            wire.secure(self._context)
        while True:
            head = wire.read_until(b"\r\n\r\n")
            asked = self._asked(wire, head, is_tls=is_tls)
            self.asked.append(asked)
            answer = self._next_answer(asked.target.decode().partition("?")[0])
            if isinstance(answer, bytes):
                wire.send(answer)
                if b"\r\nConnection: close" in answer or answer.startswith(b"HTTP/1.0"):
                    return
            else:
                answer(wire, asked)
                return

    @staticmethod
    def _begins_with_tls(wire: Wire) -> bool:
        with contextlib.suppress(OSError):
            return wire.connection.recv(1, socket.MSG_PEEK) == b"\x16"
        raise Hangup

    @staticmethod
    def _asked(wire: Wire, head: bytes, *, is_tls: bool) -> Asked:
        bare = Asked(raw=head, body=b"", is_tls=is_tls)
        length = int(dict(bare.header_lines).get(b"content-length", b"0"))
        return Asked(raw=head, body=wire.read_exactly(length), is_tls=is_tls)

    def _next_answer(self, path: str) -> Answer:
        answers = self._answers.get(path)
        if not answers:
            return reply(404, b"nothing here")
        return answers.pop(0) if len(answers) > 1 else answers[0]


_MIB = 1 << 20


def gzip_bomb(mebibytes: int) -> bytes:
    """One gzip member that inflates to so many MiB of zeros; its checksum is never reached by a bounded reader."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    deflater.compress(bytes(_MIB))
    deflater.flush(zlib.Z_FULL_FLUSH)
    block = deflater.compress(bytes(_MIB)) + deflater.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff" + block * mebibytes


def many_member_bomb(mebibytes: int) -> bytes:
    """gzip members of 1 MiB of zeros each, one after the other."""
    return gzip.compress(bytes(_MIB)) * mebibytes


# --- recorders: they open nothing -----------------------------------------------------------------------------------


class RecordingResolver:
    """Answers from a table, or reads a numeric spelling as the system does (no packet leaves); remembers each name.

    A list in the table is used up one a look-up, the last one again and again.
    """

    def __init__(self, table: Mapping[str, list[str] | list[list[str]]] | None = None) -> None:
        self._table = {name: list(found) for name, found in (table or {}).items()}
        self.looked_up: list[str] = []

    def __call__(self, host: str, port: int) -> list[str]:
        self.looked_up.append(host)
        known: list[Any] | None = self._table.get(host.lower().rstrip("."))
        if known is None:
            return numeric_only(host, port)
        if isinstance(known[0], list):
            answer: list[str] = known.pop(0) if len(known) > 1 else known[0]
            return answer
        return list(known)


def numeric_only(host: str, port: int) -> list[str]:
    """The system's reading of decimal, hex, octal and short forms, without asking anybody."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    return [str(info[4][0]) for info in found]


def loopback_resolver(host: str, port: int) -> list[str]:
    """The system's resolver, but any name is this machine."""
    return resolve(LOOPBACK, port)


class RefusingDialler(httpcore.NetworkBackend):
    """Remembers where it was asked to go, and goes nowhere."""

    def __init__(self) -> None:
        self.dialled: list[tuple[str, int]] = []

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        self.dialled.append((host, port))
        raise httpcore.ConnectError("recorded, not dialled")


class LoopbackDialler(httpcore.NetworkBackend):
    """Remembers where it was asked to go, and connects to one port of 127.0.0.1 instead, but for what is refused."""

    def __init__(self, port: int, *, refuses: Sequence[str] = ()) -> None:
        self._port, self._refuses = port, refuses
        self._real = httpcore.SyncBackend()
        self.dialled: list[tuple[str, int]] = []
        self.streams: list[CountingStream] = []

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        self.dialled.append((host, port))
        if host in self._refuses:
            raise httpcore.ConnectError("nobody there")
        stream = CountingStream(self._real.connect_tcp(LOOPBACK, self._port, timeout, local_address, None))
        self.streams.append(stream)
        return stream


class CountingStream(httpcore.NetworkStream):
    """Counts what was read from a connection."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self.read_bytes = 0
        self.is_closed = False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        got = self._stream.read(max_bytes, timeout)
        self.read_bytes += len(got)
        return got

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self.is_closed = True
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return self._stream.start_tls(ssl_context, server_hostname, timeout)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


# --- SMTP -----------------------------------------------------------------------------------------------------------


@dataclass
class Mail:
    """A mail as the server took it."""

    sender: str
    recipients: list[str]
    data: bytes


class _Inbox:
    """What aiosmtpd calls."""

    def __init__(self, refused: Mapping[str, str]) -> None:
        self.mails: list[Mail] = []
        self._refused = refused

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: object, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address in self._refused:
            return self._refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: object, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.mails.append(Mail(envelope.mail_from, list(envelope.rcpt_tos), bytes(envelope.original_content)))
        return "250 taken"


class SmtpOnSocket(Controller):
    """aiosmtpd on a socket that listens already: no race for a free port. It may take its time to begin."""

    def __init__(self, handler: object, *, listener: socket.socket, **more: Any) -> None:
        self._listener = listener
        host, port = listener.getsockname()
        super().__init__(handler, hostname=host, port=port, ready_timeout=_PATIENCE_S, **more)

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self._listener, ssl=self.ssl_context)


@dataclass(frozen=True)
class MailBox:
    """A well-behaved mail server."""

    port: int
    mails: list[Mail]


@contextlib.contextmanager
def mail_server(
    *,
    starttls: ssl.SSLContext | None = None,
    implicit_tls: ssl.SSLContext | None = None,
    login: tuple[str, str] | None = None,
    refused: Mapping[str, str] | None = None,
) -> Iterator[MailBox]:
    """aiosmtpd on a free port. ``refused`` maps recipients to the reply they get."""

    def check(_server: object, _session: object, _envelope: object, _mechanism: str, auth: object) -> AuthResult:
        assert isinstance(auth, LoginPassword)
        given = (auth.login.decode(), auth.password.decode())
        return AuthResult(success=given == login, handled=False)

    inbox = _Inbox(refused or {})
    listener = socket.create_server((LOOPBACK, 0))
    port = listener.getsockname()[1]
    more: dict[str, Any] = {}
    if login:
        more = {"authenticator": check, "auth_required": True, "auth_require_tls": starttls is not None}
    controller = SmtpOnSocket(
        inbox,
        listener=listener,
        ssl_context=implicit_tls,
        tls_context=starttls,
        require_starttls=starttls is not None,
        **more,
    )
    controller.start()
    try:
        yield MailBox(port=port, mails=inbox.mails)
    finally:
        controller.stop()


CUT = "CUT"  #: instead of a reply: the connection is closed


@dataclass
class SmtpServer(RawServer):
    """A mail server that behaves as told. Each step's reply is a line such as ``"451 later"``, or ``CUT``.

    A list of replies is used up one a time, the last one again and again. ``lines`` has every line that came, in
    clear or not; ``clear_lines`` those that came without TLS.
    """

    greeting: str = "220 mail.example ESMTP"
    features: tuple[str, ...] = ("8BITMIME",)
    mail: str = "250 sender ok"
    rcpt: list[str] = field(default_factory=lambda: ["250 recipient ok"])
    data: list[str] = field(default_factory=lambda: ["354 go on"])
    taken: list[str] = field(default_factory=lambda: ["250 taken"])
    after_taken: str = ""
    context: ssl.SSLContext | None = None
    lines: list[str] = field(default_factory=list)
    clear_lines: list[str] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        RawServer.__init__(self)

    def serve(self, wire: Wire) -> None:
        self._say(wire, self.greeting)
        is_clear = True
        while True:
            line = wire.read_until(b"\r\n").decode("latin-1").rstrip("\r\n")
            self.lines.append(line)
            if is_clear:
                self.clear_lines.append(line)
            verb = line.partition(" ")[0].upper()
            if verb == "STARTTLS" and self.context:
                self._say(wire, "220 go ahead")
                wire.secure(self.context)
                is_clear = False
            elif verb == "DATA":
                self._take_data(wire)
            elif verb == "QUIT":
                self._say(wire, "221 bye")
                return
            else:
                self._say(wire, self._reply_to(verb))

    def _reply_to(self, verb: str) -> str:
        if verb == "EHLO":
            features = (*self.features, "STARTTLS") if self.context else self.features
            said = ["mail.example", *features]
            return "\r\n".join([*(f"250-{one}" for one in said[:-1]), f"250 {said[-1]}"])
        if verb == "MAIL":
            return self.mail
        return self._next(self.rcpt) if verb == "RCPT" else "250 ok"

    def _take_data(self, wire: Wire) -> None:
        said = self._next(self.data)
        self._say(wire, said)
        if not said.startswith("354"):
            return
        self.mails.append(wire.read_until(b"\r\n.\r\n")[:-3])
        self._say(wire, self._next(self.taken))
        if self.after_taken == CUT:
            raise Hangup

    @staticmethod
    def _next(replies: list[str]) -> str:
        return replies.pop(0) if len(replies) > 1 else replies[0]

    @staticmethod
    def _say(wire: Wire, text: str) -> None:
        if text == CUT:
            raise Hangup
        wire.send(text.encode() + b"\r\n")


def basic_auth(user: str, password: str) -> bytes:
    return b"Basic " + base64.b64encode(f"{user}:{password}".encode())
