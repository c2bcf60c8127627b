"""Net: the conditional GET of a feed, and the outcome that its reply makes.

Validators go back byte for byte, both together, and are taken only from a 200.
# trust: FRB001, FRB002, FRB003, FRB004, FRB012, FRB014
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from reformwatch.model.feed import (
    Elsewhere,
    FailureKind,
    Feed,
    Fetched,
    FetchFailed,
    FetchOutcome,
    NotModified,
    ServerHints,
    Validators,
)
from reformwatch.model.problem import Problem, ProblemCode
from reformwatch.net.client import HttpClient
from reformwatch.net.errors import ErrorKind, RequestError
from reformwatch.net.links import parse_links
from reformwatch.net.reply import Reply

_ACCEPT: Final = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, application/xml;q=0.9, "
    "text/xml;q=0.9, */*;q=0.5"
)
#: Every error of a request is a failure of a fetch of the same name.
_FAILURES: Final = {kind: FailureKind(kind.value) for kind in ErrorKind}
#: Statuses under which a page against robots may come.
_MAY_BLOCK: Final = frozenset({401, 403, 429, 503})


def fetch_feed(
    client: HttpClient, feed: Feed, *, now: datetime, after: Elsewhere | None = None
) -> FetchOutcome | Elsewhere:
    """GET a feed on condition, from one origin; ``after`` is the redirect that led there, None: the first request."""
    try:
        reply = _get(client, feed.url, _conditions(feed), after)
    except RequestError as error:
        return _failed(error)
    if reply.leads_to is not None:
        return _elsewhere(reply, reply.leads_to, after)
    if after is None and reply.hops == 0:
        return outcome_of(reply, feed, now=now)
    is_moved = reply.moved_permanently or (after is not None and reply.hops == after.hops)
    moved = replace(reply, moved_permanently=is_moved and (after is None or after.is_permanent))
    return outcome_of(moved, feed, now=now)


def fetch_page(client: HttpClient, url: str, *, after: Elsewhere | None = None) -> Fetched | FetchFailed | Elsewhere:
    """GET a page that belongs to a feed, never on condition: an older page of it, the page of an entry, robots.txt."""
    try:
        reply = _get(client, url, {"accept": "*/*"}, after)
    except RequestError as error:
        return _failed(error)
    if reply.leads_to is not None:
        return _elsewhere(reply, reply.leads_to, after)
    if reply.status != 200:
        return FetchFailed(kind=FailureKind.STATUS, problem=_status_problem(reply), status=reply.status)
    return Fetched(
        body=reply.body,
        body_hash="",
        url=reply.url,
        content_type=reply.header("content-type"),
        validators=Validators(),
    )


def _failed(error: RequestError) -> FetchFailed:
    return FetchFailed(kind=_FAILURES[error.kind], problem=error.problem)


def _get(client: HttpClient, url: str, headers: Mapping[str, str], after: Elsewhere | None) -> Reply:
    if after is None:
        return client.get(url, headers, leaves_origin=False)
    return client.get(after.url, headers, hops=after.hops, leaves_origin=False)


def _elsewhere(reply: Reply, target: str, after: Elsewhere | None) -> Elsewhere:
    is_permanent = reply.moved_permanently and (after is None or after.is_permanent)
    return Elsewhere(url=target, hops=reply.hops, is_permanent=is_permanent)


def _conditions(feed: Feed) -> dict[str, str]:
    headers = {"accept": _ACCEPT}
    if feed.poll.validators.etag:
        headers["if-none-match"] = feed.poll.validators.etag
    if feed.poll.validators.last_modified:
        headers["if-modified-since"] = feed.poll.validators.last_modified
    return headers


def outcome_of(reply: Reply, feed: Feed, *, now: datetime) -> FetchOutcome:
    """What a reply means for a feed."""
    hints = ServerHints(max_age=reply.max_age(), retry_after=reply.retry_after(now=now))
    moved_to = reply.url if reply.moved_permanently else None
    if reply.status == 304:
        if feed.poll.validators == Validators():
            unasked = Problem.of(ProblemCode.NOT_MODIFIED_UNASKED)
            return FetchFailed(kind=FailureKind.STATUS, problem=unasked, status=304)
        return NotModified(hints=hints, moved_to=moved_to)
    if reply.status != 200:
        kind = FailureKind.GONE if reply.status == 410 else FailureKind.STATUS
        return FetchFailed(kind=kind, problem=_status_problem(reply), status=reply.status, hints=hints)
    validators = Validators(etag=reply.header("etag") or None, last_modified=reply.header("last-modified") or None)
    body_hash = hashlib.sha256(reply.body).hexdigest()
    if body_hash == feed.poll.body_hash:
        return NotModified(hints=hints, validators=validators, moved_to=moved_to)
    return Fetched(
        body=reply.body,
        body_hash=body_hash,
        url=reply.url,
        content_type=reply.header("content-type"),
        validators=validators,
        hints=hints,
        moved_to=moved_to,
        links=parse_links(value for name, value in reply.headers if name == "link"),
    )


def _status_problem(reply: Reply) -> Problem:
    is_block = reply.header("cf-mitigated") or b"challenge-platform" in reply.body
    if reply.status in _MAY_BLOCK and is_block:
        code = ProblemCode.ROBOTS_BLOCKED
    elif 300 <= reply.status < 400:
        code = ProblemCode.REDIRECT_NOWHERE
    else:
        code = ProblemCode.GONE if reply.status == 410 else ProblemCode.HTTP_STATUS
    return Problem.of(code, status=reply.status)
