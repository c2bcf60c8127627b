"""Porch: the daemon's own pages: health for machines, unsubscribing for readers.

``GET /healthz`` says that the process answers; ``GET /readyz`` that it polls and the database answers.
``GET /unsubscribe/TOKEN`` asks, ``POST`` does it (RFC 8058 one-click included): a link scanner's GET changes nothing.
# trust: E03, G03
"""

import html
import json
import logging
import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Final

from waitress.server import create_server

from reformwatch.core.phrases import phrase
from reformwatch.store import Store
from reformwatch.store.subscribers import find_by_unsubscribe_token, pause

log = logging.getLogger(__name__)

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

Respond = Callable[..., Any]


class Pages:
    """A WSGI application. ``is_ready`` says whether the daemon's loops move."""

    def __init__(self, store: Store, is_ready: Callable[[], bool]) -> None:
        self._store, self._is_ready = store, is_ready

    def __call__(self, environ: dict[str, Any], respond: Respond) -> Iterable[bytes]:
        """Answer one request."""
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        if path == "/healthz" and method in {"GET", "HEAD"}:
            return _json(respond, HTTPStatus.OK, {"status": "ok"})
        if path == "/readyz" and method in {"GET", "HEAD"}:
            is_ready = self._is_ready()
            said = {"status": "ready" if is_ready else "not ready"}
            return _json(respond, HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE, said)
        token = path.removeprefix("/unsubscribe/")
        if token != path and token.isalnum() and method in {"GET", "POST"}:
            return self._unsubscribe(respond, method, token)
        return _page(respond, HTTPStatus.NOT_FOUND, "en", "<p>There is nothing here.</p>")

    def _unsubscribe(self, respond: Respond, method: str, token: str) -> Iterable[bytes]:
        with self._store.write() as tx:
            subscriber = find_by_unsubscribe_token(tx, token)
            if subscriber is not None and method == "POST":
                pause(tx, subscriber.id, because=UNSUBSCRIBED)
        if subscriber is None:
            return _page(respond, HTTPStatus.NOT_FOUND, "en", "<p>This link is not known here.</p>")
        language = subscriber.language
        if method == "POST":
            log.info("web: %s: %s", UNSUBSCRIBED, subscriber.name)
            return _page(
                respond, HTTPStatus.OK, language, f"<p>{html.escape(phrase('unsubscribe_done', language))}</p>"
            )
        question = html.escape(phrase("unsubscribe_ask", language, name=subscriber.name))
        button = html.escape(phrase("unsubscribe", language))
        form = f'<p>{question}</p><form method="post"><button>{button}</button></form>'
        return _page(respond, HTTPStatus.OK, language, form)


def _json(respond: Respond, status: HTTPStatus, said: dict[str, str]) -> Iterable[bytes]:
    respond(f"{status.value} {status.phrase}", [("Content-Type", "application/json"), *_HEADERS])
    return [json.dumps(said).encode()]


def _page(respond: Respond, status: HTTPStatus, language: str, body: str) -> Iterable[bytes]:
    respond(f"{status.value} {status.phrase}", [("Content-Type", "text/html; charset=utf-8"), *_HEADERS])
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
    page = f'<!doctype html><html lang="{language}"><head>{head}<title>reformwatch</title></head>'
    return [f"{page}<body><main>{body}</main></body></html>".encode()]


class WebServer:
    """The pages on an address, in a thread of their own."""

    def __init__(self, pages: Pages, *, host: str, port: int) -> None:
        self._server = create_server(pages, host=host, port=port, threads=4, ident=None, max_request_body_size=65_536)
        self.port = int(self._server.effective_port)
        self._thread = threading.Thread(target=self._server.run, name="web", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self._server.close()
        self._thread.join(5)
