"""Porch: the daemon's own pages: health for monitoring, unsubscribing for subscribers, the callback for hubs.

``GET /healthz``: 200 while the process runs; ``GET /readyz``: 200 while polling and delivery make progress, else 503.
``GET /unsubscribe/TOKEN`` shows a form, ``POST`` unsubscribes (RFC 8058 one-click too): a link scanner's GET changes
nothing. Hubs verify (GET) and push (POST) at ``/websub/TOKEN``, where the daemon subscribes to any (WebSub, 5 and 7).
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
#: Hubs verify subscriptions and push below this path.
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

#: A push with a wrong signature gets a status of success, so that the sender does not learn that (WebSub, 8).
_RECEIPTS: Final = {
    PushReceipt.TAKEN: HTTPStatus.ACCEPTED,
    PushReceipt.IGNORED: HTTPStatus.ACCEPTED,
    PushReceipt.UNKNOWN: HTTPStatus.NOT_FOUND,
    PushReceipt.GONE: HTTPStatus.GONE,
    PushReceipt.BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
}

Respond = Callable[..., Any]


class Page(Value, frozen=True, kw_only=True):
    """A response."""

    status: HTTPStatus
    content_type: str
    body: bytes


class Pages:
    """A WSGI application. ``is_ready``: whether the daemon's loops make progress. ``hubs`` None: hubs get a 404.

    ``words`` returns the words of a language.
    """

    def __init__(
        self, store: Store, is_ready: Callable[[], bool], *, words: WordsOf, hubs: Callback | None = None
    ) -> None:
        self._store, self._is_ready, self._words, self._hubs = store, is_ready, words, hubs

    def __call__(self, environ: dict[str, Any], respond: Respond) -> Iterable[bytes]:
        """Respond to a request; to HEAD without a body (RFC 9110, 9.3.2)."""
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        token = path.removeprefix(PUSHES)
        if self._hubs is not None and token != path and token.isalnum() and method in {"GET", "POST"}:
            respond_to_hub = _verification if method == "GET" else _push
            page = respond_to_hub(self._hubs, token, environ)
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
            return self._form(token) if method == "GET" else self._unsubscribed(token)
        return _html(HTTPStatus.NOT_FOUND, "en", "<p>There is nothing here.</p>")

    def _form(self, token: str) -> Page:
        subscriber = find(self._store, token)
        if subscriber is None:
            return _unknown_link()
        _ = self._words(subscriber.language).gettext
        question = html.escape(_("Stop all alerts to {name}?").format(name=subscriber.name))
        button = html.escape(_("Unsubscribe"))
        form = f'<p>{question}</p><form method="post"><button>{button}</button></form>'
        return _html(HTTPStatus.OK, subscriber.language, form)

    def _unsubscribed(self, token: str) -> Page:
        subscriber = unsubscribe(self._store, token)
        if subscriber is None:
            return _unknown_link()
        paused = f" (paused already: {subscriber.paused_because})" if subscriber.paused_because else ""
        log.info("web: unsubscribed by the reader%s: %s", paused, subscriber.name)
        _ = self._words(subscriber.language).gettext
        done = html.escape(_("You will get no more alerts from here."))
        return _html(HTTPStatus.OK, subscriber.language, f"<p>{done}</p>")


def _verification(hubs: Callback, token: str, environ: dict[str, Any]) -> Page:
    """The response to a hub's verification: its challenge alone where the subscription is confirmed (WebSub, 5.3)."""
    match hubs.ask(token, _question(environ.get("QUERY_STRING", ""))):
        case Confirmed(challenge=challenge) | Released(challenge=challenge):
            return _text(HTTPStatus.OK, challenge)
        case Denied():
            return _text(HTTPStatus.OK, "noted")
    return _text(HTTPStatus.NOT_FOUND, "nothing of this kind was asked for")


def _question(query: str) -> HubQuestion:
    try:
        fields = parse_qs(query, max_num_fields=_MAX_FIELDS)
    except ValueError:
        return HubQuestion()
    names = ("mode", "topic", "challenge", "lease_seconds", "reason")
    return HubQuestion(**{name: fields.get(f"hub.{name}", [None])[0] for name in names})


def _push(hubs: Callback, token: str, environ: dict[str, Any]) -> Page:
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
