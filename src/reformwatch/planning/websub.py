"""Planning: WebSub, the subscriber's side: which hub, the answers to it, and when to send requests again.

W3C Recommendation, 23 January 2018 (w3.org/TR/2018/REC-websub-20180123); a rule names its section.
# trust: C25, D06
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode, urlsplit

from reformwatch.model.websub import (
    Confirmed,
    Denied,
    HubAnswer,
    HubQuestion,
    HubState,
    HubSubscription,
    NotAsked,
    NotAskedCode,
    Parting,
    Released,
    Signature,
)
from reformwatch.text import clean_line
from reformwatch.urls import MAX_URL, safe_link

Links = Iterable[tuple[str, str]]

#: The lease that is requested; the hub decides on it.
WANTED_LEASE: Final = timedelta(days=10)
_SHORTEST_LEASE: Final = timedelta(hours=1)
_LONGEST_LEASE: Final = timedelta(days=30)
#: The lease of a hub that names none, though the Recommendation requires it.
_UNNAMED_LEASE: Final = timedelta(days=1)
#: If a hub does not verify a request within this time, the request is repeated.
PATIENCE: Final = timedelta(minutes=10)
#: If a hub did not push though it verified (``store.websub.note_missed``), a new request is sent after this time.
ASK_AGAIN_AFTER_MISS: Final = timedelta(days=1)
_REFUSED_FOR: Final = timedelta(days=7)
#: The wait before the second, third ... request; further requests are sent once a day.
_WAITS: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
_SLOW: Final = timedelta(days=1)
_PARTING_ATTEMPTS: Final = 4
_PARTING_KEPT: Final = timedelta(days=1)
_MAX_CHALLENGE: Final = 1_024
_MAX_REASON: Final = 200
#: By their names in the header (section 8).
_ALGORITHMS: Final = {name: getattr(hashlib, name) for name in ("sha1", "sha256", "sha384", "sha512")}


# --- which hub ----------------------------------------------------------------------------------------------------


def discover(links: Links, parsed_hubs: Sequence[str], parsed_self: str | None, url: str) -> tuple[str, str] | None:
    """The hub and the topic that a document at ``url`` names (section 4); None where it names no hub.

    The reply's ``Link`` headers have precedence over the document. Of several hubs the first with https is returned.
    The topic of a document without a ``self`` link is ``url``; None too where the topic has a password, which must not
    be sent to a hub.
    """
    headers = list(links)
    hubs = _resolved((target for relation, target in headers if relation == "hub"), url) or _resolved(parsed_hubs, url)
    if not hubs:
        return None
    self_links = [target for relation, target in headers if relation == "self"] or [parsed_self or ""]
    topic = next(iter(_resolved(self_links, url)), url)
    if "@" in urlsplit(topic).netloc:
        return None
    return next((hub for hub in hubs if hub.startswith("https:")), hubs[0]), topic


def _resolved(targets: Iterable[str], base: str) -> list[str]:
    """The absolute http and https addresses of ``targets``; those that would have to be cut are left out."""
    links = (safe_link(target, base=base) for target in targets if len(target) <= MAX_URL)
    return [url for url in links if url is not None]


# --- requests and when to repeat them -----------------------------------------------------------------------------


def subscribe_form(subscription: HubSubscription, *, callback: str) -> bytes:
    """The body of a subscription request (section 5.1)."""
    return _form(
        mode="subscribe",
        topic=subscription.topic,
        callback=callback,
        lease_seconds=str(int(WANTED_LEASE.total_seconds())),
        secret=subscription.secret,
    )


def unsubscribe_form(parting: Parting, *, callback: str) -> bytes:
    """The body of a request to end a subscription (section 5.1)."""
    return _form(mode="unsubscribe", topic=parting.topic, callback=callback)


def _form(**fields: str) -> bytes:
    return urlencode({f"hub.{name}": value for name, value in fields.items()}).encode("ascii")


def retry_wait(attempts: int, *, jitter: float, wish: timedelta | None = None) -> timedelta:
    """How long to wait after the ``attempts``-th request without success. ``jitter`` is 0 to 1.

    ``wish`` is the hub's ``Retry-After`` (None: it sent none); it can only lengthen the wait, to at most a day.
    """
    wait = _WAITS[attempts - 1] if attempts <= len(_WAITS) else _SLOW
    return max(wait, min(wish or timedelta(), _SLOW)) * (1 + 0.1 * jitter)


def parting_again_at(parting: Parting, *, now: datetime, jitter: float) -> datetime:
    """When to repeat the request to end a subscription; the time of :func:`is_over` after the last attempt."""
    if parting.attempts >= _PARTING_ATTEMPTS:
        return parting.since + _PARTING_KEPT
    return now + max(PATIENCE, retry_wait(parting.attempts, jitter=jitter))


def is_over(parting: Parting, *, now: datetime) -> bool:
    """Whether requests are no longer sent: pushes are answered with 410 until the hub's lease ends."""
    return now >= parting.since + _PARTING_KEPT


def lease_of(lease_seconds: str | None) -> timedelta:
    """A hub's ``hub.lease_seconds``, limited to an hour and 30 days; a day where it is missing or not a number."""
    text = (lease_seconds or "").strip()
    if not (text.isascii() and text.isdigit()):
        return _UNNAMED_LEASE
    return min(max(timedelta(seconds=int(text[:9])), _SHORTEST_LEASE), _LONGEST_LEASE)


def renew_at(now: datetime, lease: timedelta) -> datetime:
    """When to renew a lease: after 80 % of it and at least an hour before its end, but not before its half."""
    return now + max(lease / 2, min(lease * 0.8, lease - timedelta(hours=1)))


# --- what to answer a hub -----------------------------------------------------------------------------------------


def answer(question: HubQuestion, subscription: HubSubscription, *, now: datetime) -> HubAnswer:
    """The answer to a hub's request about a subscription (sections 5.2 and 5.3)."""
    if question.topic != subscription.topic:
        return NotAsked(code=NotAskedCode.OTHER_TOPIC)
    if subscription.state not in {HubState.PENDING, HubState.ACTIVE, HubState.REFUSED}:
        return NotAsked(code=NotAskedCode.NOT_WANTED)
    if question.mode == "denied":
        return Denied(reason=clean_line(question.reason or "", limit=_MAX_REASON), again_at=now + _REFUSED_FOR)
    if question.mode != "subscribe":
        return NotAsked(code=NotAskedCode.UNKNOWN_MODE)
    if subscription.state is HubState.REFUSED:
        return NotAsked(code=NotAskedCode.HAS_REFUSED)
    if not _is_fit(question.challenge):
        return NotAsked(code=NotAskedCode.BAD_CHALLENGE)
    lease = lease_of(question.lease_seconds)
    return Confirmed(challenge=question.challenge or "", lease_until=now + lease, renew_at=renew_at(now, lease))


def answer_parting(question: HubQuestion, parting: Parting) -> HubAnswer:
    """The answer to a hub's request about a subscription that is to be ended."""
    if question.topic != parting.topic or question.mode != "unsubscribe":
        return NotAsked(code=NotAskedCode.ONLY_ITS_END)
    if not _is_fit(question.challenge):
        return NotAsked(code=NotAskedCode.BAD_CHALLENGE)
    return Released(challenge=question.challenge or "")


def _is_fit(challenge: str | None) -> bool:
    return bool(challenge) and len(challenge or "") <= _MAX_CHALLENGE


def names_algorithm(header: str | None) -> Signature | None:
    """Why a push with this ``X-Hub-Signature`` is refused before its body is read; None: the body must be read."""
    if not header:
        return Signature.MISSING
    method, _, _ = header.partition("=")
    return None if method.strip().lower() in _ALGORITHMS else Signature.UNKNOWN_ALGORITHM


def check_signature(header: str | None, body: bytes, *, secret: str) -> Signature:
    """The check of a push's signature (section 8): ``method=hex of the HMAC of the body``, with the shared secret."""
    if (fault := names_algorithm(header)) is not None:
        return fault
    method, _, signature = (header or "").partition("=")
    expected = hmac.new(secret.encode(), body, _ALGORITHMS[method.strip().lower()]).hexdigest()
    is_right = hmac.compare_digest(expected.encode(), signature.strip().lower().encode("utf-8", "replace"))
    return Signature.RIGHT if is_right else Signature.WRONG
