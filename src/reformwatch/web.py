"""Porch: the daemon's own pages: health for machines, unsubscribing for readers.

``GET /healthz`` says that the process answers; ``GET /readyz`` that it polls and the database answers.
``GET /unsubscribe/TOKEN`` asks, ``POST`` does it (RFC 8058 one-click included): a link scanner's GET changes nothing.
``/websub/TOKEN`` is where hubs ask back (GET) and push (POST), where the daemon subscribes to any (WebSub, 5 and 7).
# trust: E03, G03
"""

import copy
import html
import json
import logging
import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer, create_server
from waitress.wasyncore import close_all

from reformwatch.messages.phrases import phrase
from reformwatch.model.subscriber import SubscriberState
from reformwatch.model.value import Value
from reformwatch.model.websub import Confirmed, Denied, HubQuestion, Released
from reformwatch.pipeline.websub import Callback, PushReceipt
from reformwatch.store import Store
from reformwatch.store.subscribers import find_by_unsubscribe_token, pause

log = logging.getLogger(__name__)

_GRACE_S: Final = 2.0
_MAX_BODY: Final = 65_536
_MAX_FIELDS: Final = 50
_PUSHES: Final = "/websub/"
UNSUBSCRIBED: Final = "unsubscribed by the reader"
_HEADERS: Final = (
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    ),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
)
_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:12vh auto;padding:0 1rem;color:#1d1d1f;"
    "background:#f4f4f2}main{background:#fff;border-radius:8px;padding:1.5rem}"
    "button{font:inherit;padding:.5rem 1.2rem;border:0;border-radius:6px;background:#0a6e5c;color:#fff;cursor:pointer}"
)

#: A hub learns no more than it must; one that pushes with a wrong signature is not told that it is wrong (section 8).
_RECEIPTS: Final = {
    PushReceipt.TAKEN: HTTPStatus.ACCEPTED,
    PushReceipt.IGNORED: HTTPStatus.ACCEPTED,
    PushReceipt.UNKNOWN: HTTPStatus.NOT_FOUND,
    PushReceipt.GONE: HTTPStatus.GONE,
    PushReceipt.BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
}

Respond = Callable[..., Any]


class Page(Value, frozen=True, kw_only=True):
    """An answer."""

    status: HTTPStatus
    content_type: str
    body: bytes


class Pages:
    """A WSGI application. ``is_ready``: whether the daemon's loops move; ``hubs`` answers hubs, where any are asked."""

    def __init__(self, store: Store, is_ready: Callable[[], bool], *, hubs: Callback | None = None) -> None:
        self._store, self._is_ready, self._hubs = store, is_ready, hubs

    def __call__(self, environ: dict[str, Any], respond: Respond) -> Iterable[bytes]:
        """Answer one request; a HEAD gets no body (RFC 9110, 9.3.2)."""
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        token = path.removeprefix(_PUSHES)
        if self._hubs is not None and token != path and token.isalnum() and method in {"GET", "POST"}:
            page = _asked_by_hub(self._hubs, token, environ) if method == "GET" else _pushed(self._hubs, token, environ)
        else:
            page = self._page(method, path)
        headers = [("Content-Type", page.content_type), ("Content-Length", str(len(page.body))), *_HEADERS]
        respond(f"{page.status.value} {page.status.phrase}", headers)
        return [] if method == "HEAD" else [page.body]

    def _page(self, method: str, path: str) -> Page:
        if path == "/healthz" and method in {"GET", "HEAD"}:
            return _json(HTTPStatus.OK, {"status": "ok"})
        if path == "/readyz" and method in {"GET", "HEAD"}:
            is_ready = self._is_ready()
            said = {"status": "ready" if is_ready else "not ready"}
            return _json(HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE, said)
        token = path.removeprefix("/unsubscribe/")
        if token != path and token.isalnum() and method in {"GET", "POST"}:
            return self._asked(token) if method == "GET" else self._unsubscribed(token)
        return _html(HTTPStatus.NOT_FOUND, "en", "<p>There is nothing here.</p>")

    def _asked(self, token: str) -> Page:
        with self._store.read() as tx:
            subscriber = find_by_unsubscribe_token(tx, token)
        if subscriber is None:
            return _unknown_link()
        language = subscriber.language
        question = html.escape(phrase("unsubscribe_ask", language, name=subscriber.name))
        button = html.escape(phrase("unsubscribe", language))
        form = f'<p>{question}</p><form method="post"><button>{button}</button></form>'
        return _html(HTTPStatus.OK, language, form)

    def _unsubscribed(self, token: str) -> Page:
        with self._store.write() as tx:
            subscriber = find_by_unsubscribe_token(tx, token)
            if subscriber is not None and subscriber.state is not SubscriberState.PAUSED:
                pause(tx, subscriber.id, because=UNSUBSCRIBED)
        if subscriber is None:
            return _unknown_link()
        paused = f" (paused already: {subscriber.paused_because})" if subscriber.paused_because else ""
        log.info("web: %s%s: %s", UNSUBSCRIBED, paused, subscriber.name)
        done = html.escape(phrase("unsubscribe_done", subscriber.language))
        return _html(HTTPStatus.OK, subscriber.language, f"<p>{done}</p>")


def _asked_by_hub(hubs: Callback, token: str, environ: dict[str, Any]) -> Page:
    """The challenge, as plain text and nothing else, where the question is about what we asked for."""
    match hubs.ask(token, _question(environ.get("QUERY_STRING", ""))):
        case Confirmed(challenge=challenge) | Released(challenge=challenge):
            return _text(HTTPStatus.OK, challenge)
        case Denied():
            return _text(HTTPStatus.OK, "noted")
    return _text(HTTPStatus.NOT_FOUND, "nothing of this kind was asked for")


def _question(query: str) -> HubQuestion:
    try:
        given = parse_qs(query, max_num_fields=_MAX_FIELDS)
    except ValueError:
        return HubQuestion()
    names = ("mode", "topic", "challenge", "lease_seconds", "reason")
    return HubQuestion(**{name: given.get(f"hub.{name}", [None])[0] for name in names})


def _pushed(hubs: Callback, token: str, environ: dict[str, Any]) -> Page:
    receipt = hubs.push(
        token,
        signature=environ.get("HTTP_X_HUB_SIGNATURE"),
        content_type=environ.get("CONTENT_TYPE"),
        read=environ["wsgi.input"].read,
    )
    return _text(_RECEIPTS[receipt], "")


def _unknown_link() -> Page:
    return _html(HTTPStatus.NOT_FOUND, "en", "<p>This link is not known here.</p>")


def _json(status: HTTPStatus, said: dict[str, str]) -> Page:
    return Page(status=status, content_type="application/json", body=json.dumps(said).encode())


def _text(status: HTTPStatus, said: str) -> Page:
    return Page(status=status, content_type="text/plain; charset=utf-8", body=said.encode("utf-8", "replace"))


def _html(status: HTTPStatus, language: str, body: str) -> Page:
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
    page = f'<!doctype html><html lang="{language}"><head>{head}<title>reformwatch</title></head>'
    whole = f"{page}<body><main>{body}</main></body></html>"
    return Page(status=status, content_type="text/html; charset=utf-8", body=whole.encode())


class _Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """Lets a hub push more than any other page takes: the bound is chosen when the path is known, before the body."""

    adj: Any

    def parse_header(self, header_plus: bytes) -> None:
        """Waitress's hook: the head has come in whole."""
        super().parse_header(header_plus)
        if self.path.startswith(_PUSHES):
            self.adj = self.adj.for_pushes


class _Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    parser_class = _Parser


class WebServer:
    """The pages on an address, in a thread of their own. ``push_bytes`` bounds what a hub may push."""

    def __init__(self, pages: Pages, *, host: str, port: int, push_bytes: int = _MAX_BODY) -> None:
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it warns of a request that waits for a moment
        self._sockets: dict[int, Any] = {}  # waitress keeps here what it listens on, its connections, its alarm
        self._server = create_server(
            pages, map=self._sockets, host=host, port=port, threads=4, ident=None, max_request_body_size=_MAX_BODY
        )
        listening = [one for one in self._sockets.values() if isinstance(one, TcpWSGIServer)]
        for one in listening:
            for_pushes = copy.copy(one.adj)
            for_pushes.max_request_body_size = push_bytes + 1  # waitress refuses from this size on
            one.adj.for_pushes, one.channel_class = for_pushes, _Channel
        self._alarm, self.port = listening[0].trigger, int(listening[0].effective_port)
        self._thread = threading.Thread(target=self._server.run, name="web", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let requests under way be answered, for a moment; then stop answering and close all connections."""
        if not self._thread.is_alive():
            return
        self._server.task_dispatcher.shutdown(timeout=_GRACE_S)
        self._alarm.pull_trigger(self._let_go)
        self._thread.join(_GRACE_S)

    def _let_go(self) -> None:
        """Close all sockets; in the thread that waits on them, since in another its wait would fail, or not end."""
        try:
            for one in list(self._sockets.values()):
                if one.writable():
                    one.handle_write()
        finally:
            close_all(self._sockets)
