"""Channels: e-mail over SMTP with STARTTLS or implicit TLS, one recipient a mail.

Headers are built with the standard library under a policy that folds long words only where readers can undo it (the
default policy encodes a long ``List-Unsubscribe`` so that it can't be read); text from feeds is written to a header
only after :func:`~reformwatch.text.header_safe`. # trust: D15, E01, E02
"""

import contextlib
import hashlib
import io
import re
import smtplib
import socket
import ssl
import threading
import time
from datetime import datetime
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, parseaddr
from typing import Any, Final

from reformwatch.channels.base import Envelope, Kind, Resources, SmtpAccount, Tls
from reformwatch.errors import BadInput
from reformwatch.model.alert import AddressDead, Rejected, SendOutcome, Sent, TryLater
from reformwatch.model.message import Message
from reformwatch.text import clean_line, header_safe, printable

MAX_SUBJECT: Final = 200
_CRLF: Final = "\r\n"
_TIMEOUT_S: Final = 30.0
_DIALOGUE_S: Final = 120.0
_GOODBYE_S: Final = 2.0
_IDLE_S: Final = 10.0
#: Enhanced status codes of a refusal that is not the address's fault: a policy, a block list, the sender (RFC 3463).
_NOT_OF_THE_ADDRESS: Final = re.compile(rb"5\.(7\.\d|1\.[78]\b)")
_WIDE: Final = SMTP.clone(max_line_length=998)
_UNFOLDED: Final = frozenset(
    {"list-unsubscribe", "list-unsubscribe-post", "list-id", "message-id", "references", "in-reply-to"}
)


class _MailPolicy(EmailPolicy):
    """The standard SMTP policy; only ``_UNFOLDED`` headers are not folded (RFC 5322 allows lines of 998 characters)."""

    def fold(self, name: str, value: Any) -> str:
        if name.lower() in _UNFOLDED:
            return str(_WIDE.fold(name, value))
        if name.lower() == "subject" and not str(value).isascii():
            return _folded_subject(str(value))
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("ascii", "surrogateescape")


def _folded_subject(value: str) -> str:
    """Folded by the older ``Header`` class: the policy loses the spaces between encoded words (bpo-35547)."""
    return f"Subject: {Header(value, 'utf-8', header_name='Subject').encode(linesep=_CRLF)}{_CRLF}"


_POLICY: Final = _MailPolicy(linesep="\r\n", cte_type="7bit")


def valid_address(address: str) -> bool:
    """Whether a text is one ASCII mail address, without a display name, of at most 254 characters (RFC 5321)."""
    name, parsed = parseaddr(address)
    if (
        name
        or parsed != address
        or not address.isascii()
        or len(address) > 254
        or any(c in address for c in " \r\n,;<>")
    ):
        return False
    with contextlib.suppress(ValueError, IndexError, AttributeError, MessageError):  # Address() raises all of these
        parts = Address(addr_spec=address)
        return bool(parts.username) and "." in f".{parts.domain}" and bool(parts.domain)
    return False


def compose(message: Message, envelope: Envelope, account: SmtpAccount) -> EmailMessage:
    """The mail of a message; its bytes are the same at every attempt."""
    sender = Address(addr_spec=account.sender)
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = Address(display_name="reformwatch", addr_spec=account.sender)
    mail["To"] = Address(addr_spec=envelope.address)
    mail["Subject"] = header_safe(message.subject, limit=MAX_SUBJECT)
    mail["Date"] = format_datetime(envelope.created_at)
    mail["Message-ID"] = f"<{envelope.message_id}@{sender.domain}>"
    if message.thread:
        root = f"<topic.{message.thread}@{sender.domain}>"
        mail["In-Reply-To"] = root
        mail["References"] = root
    mail["List-Id"] = f"reformwatch alerts <alerts.{sender.domain}>"
    if envelope.unsubscribe_url:
        mail["List-Unsubscribe"] = f"<{envelope.unsubscribe_url}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    else:
        mail["List-Unsubscribe"] = f"<mailto:{account.sender}?subject=unsubscribe>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text, cte="quoted-printable")
    mail.add_alternative(message.html, subtype="html", cte="quoted-printable")
    mail["Content-Language"] = message.language  # last: set_content() removes such headers
    mail.set_boundary(
        f"=_{hashlib.sha256(envelope.message_id.encode()).hexdigest()[:32]}"
    )  # quoted-printable text never has "=_"
    return mail


class EmailChannel:
    """Sends mails; each thread keeps its connection for later mails. ``dialogue_s``: time limit for one mail."""

    def __init__(self, account: SmtpAccount, *, dialogue_s: float = _DIALOGUE_S) -> None:
        self._account, self._dialogue_s = account, dialogue_s
        self._local = threading.local()
        self._open: list[_Smtp] = []
        self._context: ssl.SSLContext | None = None
        self._lock = threading.Lock()

    def send(self, message: Message, envelope: Envelope, *, now: datetime) -> SendOutcome:  # noqa: ARG002 - the channels' common form
        """Send a mail once. A kept connection that the server has closed in between is opened again."""
        data = compose(message, envelope, self._account).as_bytes()
        try:
            return self._deliver(data, envelope.address)
        except smtplib.SMTPAuthenticationError as error:
            return TryLater(reason=f"the mail server does not accept the user name and password ({_reply_of(error)})")
        except smtplib.SMTPNotSupportedError as error:
            return TryLater(
                reason=f"the mail server offers no STARTTLS, which [smtp] tls requires; nothing was sent ({error})"
            )
        except ssl.SSLError as error:
            return TryLater(reason=f"the certificate of {self._account.host} is not accepted ({error.reason or error})")
        except smtplib.SMTPResponseException as error:
            return TryLater(reason=f"the mail server answered {_reply_of(error)}")
        except (smtplib.SMTPException, OSError) as error:
            where = f"{self._account.host}:{self._account.port}"
            return TryLater(reason=f"no answer from the mail server {where} ({clean_line(str(error), limit=120)})")

    def _deliver(self, data: bytes, address: str) -> SendOutcome:
        server = self._ready_server()
        is_recipient_accepted = False
        try:
            code, reply = server.rcpt(address)
            if code // 100 == 2:
                is_recipient_accepted = True
                code, reply = _data(server, data)
        except OSError:
            self._drop(server)
            raise
        if code // 100 == 2:
            self._local.used_at = time.monotonic()
            return Sent(detail=_one_line(code, reply))
        self._reset(server, code)
        reason = f"the mail server answered {_one_line(code, reply)}"
        if code // 100 != 5:
            return TryLater(reason=reason)
        if is_recipient_accepted:
            return Rejected(reason=reason)
        return TryLater(reason=reason) if _NOT_OF_THE_ADDRESS.match(reply) else AddressDead(reason=reason)

    def _ready_server(self) -> "_Smtp":
        """A connection after MAIL FROM: the kept one, or a new one where there is none or the server has closed it."""
        kept = self._kept()
        if kept is not None:
            with contextlib.suppress(OSError):
                return self._after_mail_from(kept)
        return self._after_mail_from(self._connect())

    def _after_mail_from(self, server: "_Smtp") -> "_Smtp":
        server.ends_at = time.monotonic() + self._dialogue_s
        try:
            code, reply = server.mail(self._account.sender)
            if code != 250:
                raise smtplib.SMTPSenderRefused(code, reply, self._account.sender)
        except OSError:
            self._drop(server)
            raise
        return server

    def _reset(self, server: "_Smtp", code: int) -> None:
        with contextlib.suppress(OSError):
            server.rset()
        if code == 421:
            self._drop(server)

    def _kept(self) -> "_Smtp | None":
        server: _Smtp | None = getattr(self._local, "server", None)
        if server is not None and time.monotonic() - self._local.used_at >= _IDLE_S and not self._is_alive(server):
            self._drop(server)
            return None
        return server

    def _connect(self) -> "_Smtp":
        account = self._account
        ends_at = time.monotonic() + self._dialogue_s
        server: _Smtp
        if account.tls is Tls.IMPLICIT:
            server = _SmtpOverTls(
                account.host, account.port, timeout=_TIMEOUT_S, context=self._ssl_context(), ends_at=ends_at
            )
        else:
            server = _Smtp(account.host, account.port, timeout=_TIMEOUT_S, ends_at=ends_at)
        try:
            if account.tls is Tls.STARTTLS:
                server.starttls(context=self._ssl_context())  # raises where the server has no STARTTLS
            if account.username:
                server.login(account.username, account.password or "")
            else:
                server.ehlo_or_helo_if_needed()
        except BaseException:
            server.close()
            raise
        self._local.server, self._local.used_at = server, time.monotonic()
        with self._lock:
            self._open.append(server)
        return server

    def _ssl_context(self) -> ssl.SSLContext:
        """The account's context, else one with the system's authorities, built once: reading them takes a while."""
        with self._lock:
            if self._context is None:
                self._context = self._account.ssl_context or ssl.create_default_context()
            return self._context

    def _is_alive(self, server: "_Smtp") -> bool:
        server.ends_at = time.monotonic() + self._dialogue_s
        with contextlib.suppress(smtplib.SMTPException, OSError):
            return server.noop()[0] == 250
        return False

    def _drop(self, server: "_Smtp") -> None:
        self._local.server = None
        server.close()
        with self._lock, contextlib.suppress(ValueError):
            self._open.remove(server)

    def close(self) -> None:
        """End all connections with QUIT."""
        with self._lock:
            servers, self._open = self._open, []
        self._local = threading.local()
        for server in servers:
            server.ends_at = time.monotonic() + _GOODBYE_S
            with contextlib.suppress(OSError):
                server.quit()
            server.close()


class _Smtp(smtplib.SMTP):
    """An SMTP client that waits for replies until ``ends_at`` (by ``time.monotonic``).

    The time-out of smtplib starts again with every byte.
    """

    def __init__(self, *args: Any, ends_at: float, **kwargs: Any) -> None:
        self.ends_at = ends_at
        super().__init__(*args, **kwargs)

    def getreply(self) -> tuple[int, bytes]:
        """A reply. Raises SMTPServerDisconnected, also where it has not come by ``ends_at``."""
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(_ReaderUntilEnd(self, self.sock))
        return super().getreply()


class _SmtpOverTls(_Smtp, smtplib.SMTP_SSL):
    """The same with TLS from the first byte."""


class _ReaderUntilEnd(io.RawIOBase):
    """Reads a server's socket until the server's ``ends_at``."""

    def __init__(self, server: _Smtp, connection: socket.socket) -> None:
        self._server, self._connection = server, connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left_s = self._server.ends_at - time.monotonic()
        self._connection.settimeout(min(_TIMEOUT_S, max(0.001, left_s)))
        return self._connection.recv_into(buffer)


def _data(server: smtplib.SMTP, data: bytes) -> tuple[int, bytes]:
    """The last reply: to the mail's text, or to the DATA command where that was refused."""
    try:
        return server.data(data)
    except smtplib.SMTPDataError as error:
        return error.smtp_code, _bytes(error.smtp_error)


def _one_line(code: int, reply: bytes) -> str:
    return f"{code} {printable(clean_line(reply.decode('utf-8', 'replace'), limit=160))}"


def _reply_of(error: smtplib.SMTPResponseException) -> str:
    return _one_line(error.smtp_code, _bytes(error.smtp_error))


def _bytes(reply: bytes | str) -> bytes:
    return reply if isinstance(reply, bytes) else reply.encode()


def _address(text: str) -> str:
    if not valid_address(text):
        raise BadInput(f"--email {text!r}: it is not one plain mail address")
    return text


def _build(resources: Resources) -> EmailChannel:
    assert resources.smtp is not None  # noqa: S101 - `is_usable` was true
    return EmailChannel(resources.smtp)


KIND: Final = Kind(
    option="email",
    help="Mail address",
    address=_address,
    build=_build,
    is_usable=lambda resources: resources.smtp is not None,
)
