"""Channels: webhooks after the Standard Webhooks specification (github.com/standard-webhooks/standard-webhooks).

The signature is over the bytes that are sent: ``v1,base64(HMAC-SHA256(secret, "id.timestamp.body"))``; a receiver must
check the bytes it got, not the JSON serialised again. # trust: B01, B02
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from reformwatch.channels.base import Envelope, Kind, Post
from reformwatch.errors import BadInput
from reformwatch.model.alert import AddressDead, SendOutcome, Sent, TryLater
from reformwatch.model.message import Message
from reformwatch.text import clean_line, printable, shorten
from reformwatch.urls import MAX_URL, safe_link

MAX_BODY: Final = 20_000
_LONGEST_TEXT: Final = 400
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - the prefix of a secret


def new_secret() -> str:
    """A new secret: ``whsec_`` and 32 random bytes in base64."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of the header ``webhook-signature``. ``timestamp``: seconds since 1970."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    digest = hmac.new(key, b"%s.%d.%s" % (message_id.encode(), timestamp, body), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def body_of(payload: Mapping[str, Any]) -> bytes:
    """A payload as JSON of less than 20 kB. A larger one is shortened, with ``truncated`` true in its data.

    Long texts are cut first; then the largest list is halved, again and again, down to one entry and one topic at last,
    which fit. # trust: B15
    """
    body = _encoded(payload)
    if len(body) < MAX_BODY:
        return body
    data = _cut(payload["data"]) | {"truncated": True}
    while len(body := _encoded({**payload, "data": data})) >= MAX_BODY and (lists := _lists(data)):
        data = _halved(data, lists)
    return body


def _cut(value: Any) -> Any:
    """A value with its texts cut to ``_LONGEST_TEXT`` characters; a ``url`` longer than ``MAX_URL`` becomes None."""
    if isinstance(value, str):
        return shorten(value, limit=_LONGEST_TEXT)
    if isinstance(value, list):
        return [_cut(item) for item in value]
    if isinstance(value, dict):
        return {key: _cut_address(inner) if key == "url" else _cut(inner) for key, inner in value.items()}
    return value


def _cut_address(url: str | None) -> str | None:
    return url if url and len(url) <= MAX_URL else None


def _lists(data: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The lists that can be shortened: evidence may become empty, one entry and one topic must stay."""
    lists = {"evidence": data["evidence"], "entries": data["story"]["entries"], "topics": data["topics"]}
    return {name: items for name, items in lists.items() if len(items) > (name != "evidence")}


def _halved(data: Mapping[str, Any], lists: Mapping[str, list[Any]]) -> dict[str, Any]:
    """The data with half of the list whose JSON is the longest."""
    largest = max(lists, key=lambda name: len(_encoded(lists[name])))
    half = lists[largest][: len(lists[largest]) // 2]
    if largest == "entries":
        return {**data, "story": {**data["story"], "entries": half}}
    return {**data, largest: half}


def _encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


class WebhookChannel:
    """POSTs signed JSON."""

    def __init__(self, post: Post) -> None:
        self._post = post

    def send(self, message: Message, envelope: Envelope, *, now: datetime) -> SendOutcome:
        """Send a message once."""
        body, timestamp = body_of(message.payload), int(now.timestamp())
        headers = {
            "content-type": "application/json; charset=utf-8",
            "webhook-id": envelope.message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(envelope.secret or "", envelope.message_id, timestamp, body),
        }
        reply = self._post(envelope.address, body, headers, now)
        if isinstance(reply, TryLater):
            return reply
        return outcome_of(reply.status, reply.body, retry_after=reply.retry_after)

    def close(self) -> None:
        """Does nothing: the connections belong to ``post``."""


def outcome_of(status: int, body: bytes, *, retry_after: timedelta | None = None) -> SendOutcome:
    """The outcome of a receiver's reply: sent for 2xx, a dead address for 410, to be retried for any other status."""
    if 200 <= status < 300:
        return Sent(detail=f"answered {status}")
    text = printable(clean_line(body[:600].decode("utf-8", "replace"), limit=120))
    reason = f"answered {status}{f': {text}' if text else ''}"
    if status == 410:
        return AddressDead(reason=reason)
    if 300 <= status < 400:
        return TryLater(reason=f"answered {status}: redirects are not followed, give the final address")
    return TryLater(reason=reason, retry_after=retry_after)


def _address(text: str) -> str:
    address = safe_link(text, base="")
    if address is None or "://" not in text:
        raise BadInput(f"--webhook {text!r}: it is not an http or https address")
    return address


KIND: Final = Kind(
    option="webhook",
    help="Address that gets signed JSON by POST",
    address=_address,
    build=lambda resources: WebhookChannel(resources.post()),
    new_secret=new_secret,
)
