"""Porch: the daemon's own pages: health for machines, unsubscribing for readers.

``GET /healthz`` says that the process answers; ``GET /readyz`` that it polls and the database answers.
``GET /unsubscribe/TOKEN`` asks, ``POST`` does it (RFC 8058 one-click included): a link scanner's GET changes nothing.
``/websub/TOKEN`` is where hubs ask back (GET) and push (POST), where the daemon subscribes to any (WebSub, 5 and 7).
# trust: E03, G03
"""

import html
import json
import logging
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs

from reformwatch.messages.catalogues import WordsOf
from reformwatch.model.value import Value
from reformwatch.model.websub import Confirmed, Denied, HubQuestion, Released
from reformwatch.pipeline.websub import Callback, PushReceipt
from reformwatch.services.unsubscribing import find, unsubscribe
from reformwatch.wiring.basics import Store

log = logging.getLogger(__name__)

_MAX_FIELDS: Final = 50
#: Below this path, hubs ask back and push.
PUSHES: Final = "/websub/"
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

#: A hub learns no more than it must; one that pushes with a wrong signature gets no hint that it is wrong (section 8).
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
    """A WSGI application. ``is_ready``: whether the daemon's loops move; ``hubs`` answers hubs, where any are asked.

    ``words`` gives the words of a reader's language.
    """

    def __init__(
        self, store: Store, is_ready: Callable[[], bool], *, words: WordsOf, hubs: Callback | None = None
    ) -> None:
        self._store, self._is_ready, self._words, self._hubs = store, is_ready, words, hubs

    def __call__(self, environ: dict[str, Any], respond: Respond) -> Iterable[bytes]:
        """Answer one request; a HEAD gets no body (RFC 9110, 9.3.2)."""
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        token = path.removeprefix(PUSHES)
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
            content = {"status": "ready" if is_ready else "not ready"}
            return _json(HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE, content)
        token = path.removeprefix("/unsubscribe/")
        if token != path and token.isalnum() and method in {"GET", "POST"}:
            return self._asked(token) if method == "GET" else self._unsubscribed(token)
        return _html(HTTPStatus.NOT_FOUND, "en", "<p>There is nothing here.</p>")

    def _asked(self, token: str) -> Page:
        reader = find(self._store, token)
        if reader is None:
            return _unknown_link()
        _ = self._words(reader.language).gettext
        question = html.escape(_("Stop all alerts to {name}?").format(name=reader.name))
        button = html.escape(_("Unsubscribe"))
        form = f'<p>{question}</p><form method="post"><button>{button}</button></form>'
        return _html(HTTPStatus.OK, reader.language, form)

    def _unsubscribed(self, token: str) -> Page:
        reader = unsubscribe(self._store, token)
        if reader is None:
            return _unknown_link()
        paused = f" (paused already: {reader.paused_because})" if reader.paused_because else ""
        log.info("web: unsubscribed by the reader%s: %s", paused, reader.name)
        _ = self._words(reader.language).gettext
        done = html.escape(_("You will get no more alerts from here."))
        return _html(HTTPStatus.OK, reader.language, f"<p>{done}</p>")


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


def _json(status: HTTPStatus, content: dict[str, str]) -> Page:
    return Page(status=status, content_type="application/json", body=json.dumps(content).encode())


def _text(status: HTTPStatus, text: str) -> Page:
    return Page(status=status, content_type="text/plain; charset=utf-8", body=text.encode("utf-8", "replace"))


def _html(status: HTTPStatus, language: str, body: str) -> Page:
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
    page = f'<!doctype html><html lang="{language}"><head>{head}<title>reformwatch</title></head>'
    whole = f"{page}<body><main>{body}</main></body></html>"
    return Page(status=status, content_type="text/html; charset=utf-8", body=whole.encode())
