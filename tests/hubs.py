"""A WebSub hub on loopback: it writes down what it is asked, asks back when told to, and pushes."""

import hmac
import http.client
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from servers import Asked, HttpServer, Wire, reply

CHALLENGE = "ch&ll<nge"


@dataclass(frozen=True)
class Said:
    """What a subscriber answered."""

    status: int
    headers: dict[str, str]
    body: bytes


def call(
    method: str, url: str, body: bytes | Iterable[bytes] | None = None, headers: dict[str, str] | None = None
) -> Said:
    """One request to a subscriber; a body in pieces is sent in chunks."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    try:
        connection.request(method, f"{parts.path}?{parts.query}", body=body, headers=headers or {})
        answer = connection.getresponse()
        return Said(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def sign(body: bytes, secret: str, method: str = "sha256") -> str:
    """The value of ``X-Hub-Signature``."""
    return f"{method}={hmac.new(secret.encode(), body, method).hexdigest()}"


class Hub:
    """Answers at ``/hub`` of a server; ``asks_back_first``: it verifies before it answers, as a hub may."""

    def __init__(self, server: HttpServer, *, asks_back_first: bool = False, status: int = 202) -> None:
        self.status, self.asks_back_first = status, asks_back_first
        self.requests: list[dict[str, str]] = []
        self.said: list[Said] = []
        self.url = server.on("/hub", self._answer)

    def _answer(self, wire: Wire, asked: Asked) -> None:
        request = dict(parse_qsl(asked.body.decode(), strict_parsing=True))
        self.requests.append(request)
        if self.asks_back_first:
            self.said.append(self.verify(request))
        wire.send(reply(self.status))

    def verify(self, request: dict[str, str], **changes: str | None) -> Said:
        """Ask back (WebSub, 5.3); ``changes`` are other values of parts, None for none."""
        asked = {"mode": request["hub.mode"], "topic": request["hub.topic"], "challenge": CHALLENGE}
        query = {**asked, "lease_seconds": "864000", **changes}
        named = {f"hub.{name}": value for name, value in query.items() if value is not None}
        return call("GET", f"{request['hub.callback']}?{urlencode(named)}")

    def push(self, request: dict[str, str], body: bytes, signature: str | None = None, **headers: str) -> Said:
        """Send news; signed rightly unless a signature is given (an empty one: none at all)."""
        sent = {"Content-Type": "application/rss+xml", "Link": f'<{self.url}>; rel="hub"', **headers}
        signature = sign(body, request["hub.secret"]) if signature is None else signature
        return call("POST", request["hub.callback"], body, sent | ({"X-Hub-Signature": signature} if signature else {}))
