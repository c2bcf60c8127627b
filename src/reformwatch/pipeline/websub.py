"""Pipeline: WebSub: subscribe at hubs, verify their intent, and read the documents that they push.

The steps of a subscription, each stored before the next begins:

1. A poll's document names a hub (``store.websub.note_hub``).
2. The hub gets a request to subscribe (:class:`HubCaller`). The row is pending before the request is sent, and due
   again after a while: where the process dies in between, the request is sent once more.
3. The hub verifies the intent (:class:`Callback`); only what was requested is confirmed. The lease begins.
4. The hub pushes (:class:`Callback`): the signature is checked, the document is put into a short queue in memory
   (:class:`PushQueue`), and the hub gets its reply before the document is read.
5. The document is read and planned as that of a poll; its alerts are sent at once.

A feed with a hub is still polled: it becomes due when the queue in memory is lost, when a hub refuses, and when a lease
ends; at a start all feeds with hubs are due, for what was pushed while the daemon was down. # trust: C25
"""

import hashlib
import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec.structs import replace

from reformwatch.errors import ReformwatchError
from reformwatch.messages.catalogues import ENGLISH
from reformwatch.messages.log_lines import not_asked_line
from reformwatch.messages.problems import problem_sentence
from reformwatch.model.feed import Fetched, Validators
from reformwatch.model.plan import PollReport
from reformwatch.model.problem import Problem, ProblemCode
from reformwatch.model.value import Value
from reformwatch.model.websub import (
    Confirmed,
    Denied,
    HubAnswer,
    HubQuestion,
    HubSubscription,
    NotAsked,
    NotAskedCode,
    Parting,
    Released,
    Signature,
)
from reformwatch.net.errors import RequestError
from reformwatch.net.reply import Reply
from reformwatch.pipeline.runtime import Runtime
from reformwatch.planning.websub import (
    PATIENCE,
    answer,
    answer_parting,
    check_signature,
    is_over,
    names_algorithm,
    parting_again_at,
    retry_wait,
    subscribe_form,
    unsubscribe_form,
)
from reformwatch.store import Store, websub
from reformwatch.urls import host_of

log = logging.getLogger(__name__)

_CLAIM: Final = 5
_WAITING: Final = 100
_GRACE_S: Final = 5.0
_FORM: Final = {"content-type": "application/x-www-form-urlencoded"}

Post = Callable[[str, bytes, Mapping[str, str]], Reply]


class HubCaller:
    """Sends requests to hubs. ``callback`` is the daemon's address for them, without a token.

    The ``runtime`` makes the tokens of callback addresses, not of leases.
    """

    def __init__(
        self,
        store: Store,
        post: Post,
        callback: str,
        runtime: Runtime,
    ) -> None:
        self.store, self.post, self.callback, self.runtime = store, post, callback, runtime

    def act(self, stop: threading.Event) -> int:
        """Send all requests to hubs that are due, a few at a time; how many."""
        with self.store.read() as tx:
            if not websub.has_work(tx, self.runtime.clock()):
                return 0
        self._follow_feeds()
        sent = self._part(stop)
        while not stop.is_set():
            with self.store.write() as tx:
                claimed = websub.claim_due(tx, now=self.runtime.clock(), patience=PATIENCE, limit=_CLAIM)
            for subscription in claimed:
                if not stop.is_set():
                    self._subscribe(subscription, stop)
            sent += len(claimed)
            if len(claimed) < _CLAIM:
                break
        return sent

    def _follow_feeds(self) -> None:
        new_token, new_secret = self.runtime.new_token, self.runtime.new_secret
        with self.store.write() as tx:
            lapsed = websub.follow_feeds(tx, now=self.runtime.clock(), new_token=new_token, new_secret=new_secret)
        for lease in lapsed:
            log.warning("websub: the lease at %s has ended, polled as ever: %s", host_of(lease.hub), lease.feed_name)

    def _subscribe(self, subscription: HubSubscription, stop: threading.Event) -> None:
        """Step 2 for one subscription."""
        hub, name, attempts = host_of(subscription.hub), subscription.feed_name, subscription.attempts
        if attempts > 1 and subscription.problem is None:
            log.warning("websub: %s took the request and never asked back: %s", hub, name)
        failure = self._post(subscription.hub, subscribe_form(subscription, callback=self._address(subscription.token)))
        if failure is not None and stop.is_set():
            return  # the client was closed during the request; the row is due again by itself
        now = self.runtime.clock()
        wish = failure.retry_after(now) if failure else None
        wait = retry_wait(attempts, jitter=self.runtime.random(), wish=wish)
        if failure is None:
            wait = max(PATIENCE, wait)
            log.info("websub: asked %s for a subscription: %s", hub, name)
        else:
            log.warning("websub: %s; again in %d min: %s", failure, wait.total_seconds() // 60, name)
        with self.store.write() as tx:
            websub.note_asked(tx, subscription, problem=failure.problem if failure else None, next_act_at=now + wait)

    def _part(self, stop: threading.Event) -> int:
        """Send the requests to end subscriptions that are due; how many."""
        sent = 0
        with self.store.read() as tx:
            due = [parting for parting in websub.list_partings(tx) if parting.next_act_at <= self.runtime.clock()]
        for parting in due:
            if not stop.is_set():
                sent += self._part_from(parting)
        return sent

    def _part_from(self, parting: Parting) -> bool:
        now = self.runtime.clock()
        if is_over(parting, now=now):
            with self.store.write() as tx:
                websub.end_partings(tx, [parting])
            return False
        counted = replace(parting, attempts=parting.attempts + 1)
        counted = replace(counted, next_act_at=parting_again_at(counted, now=now, jitter=self.runtime.random()))
        with self.store.write() as tx:
            if not websub.change_parting(tx, parting, counted):
                return False
        failure = self._post(parting.hub, unsubscribe_form(parting, callback=self._address(parting.token)))
        if failure is not None:
            log.info("websub: %s, asked to end a subscription: %s", failure, parting.topic)
        return True

    def _address(self, token: str) -> str:
        return f"{self.callback}/{token}"

    def _post(self, hub: str, form: bytes) -> "_Failure | None":
        try:
            reply = self.post(hub, form, _FORM)
        except RequestError as error:
            return _Failure(problem=error.problem)
        if 200 <= reply.status < 300:
            return None
        problem = Problem.of(ProblemCode.HUB_STATUS, host=host_of(hub), status=reply.status)
        return _Failure(problem=problem, reply=reply)


class _Failure(Value, frozen=True, kw_only=True):
    """A request that the hub did not accept; ``reply`` is None where there was none."""

    problem: Problem
    reply: Reply | None = None

    def __str__(self) -> str:
        return problem_sentence(self.problem, ENGLISH)

    def retry_after(self, now: datetime) -> timedelta | None:
        return self.reply.retry_after(now=now) if self.reply else None


class Push(Value, frozen=True, kw_only=True):
    """A document that a hub has pushed, with a valid signature."""

    feed_id: int
    feed_name: str
    topic: str
    body: bytes
    content_type: str | None

    def as_fetched(self) -> Fetched:
        """The document as if it had been fetched from its topic; a push has no validators of the publisher's."""
        return Fetched(
            body=self.body,
            body_hash=hashlib.sha256(self.body).hexdigest(),
            url=self.topic,
            content_type=self.content_type,
            validators=Validators(),
        )


class PushReceipt(StrEnum):
    """The reply to a hub that pushes. One whose signature is not right gets the reply of a push that was accepted."""

    TAKEN = "taken"
    IGNORED = "ignored"
    UNKNOWN = "unknown"
    GONE = "gone"
    BUSY = "busy"


class Callback:
    """What replies at a callback address. ``offer`` puts a push into the queue; False where there is no room."""

    def __init__(self, store: Store, *, offer: Callable[[Push], bool], clock: Callable[[], datetime]) -> None:
        self._store, self._offer, self._clock = store, offer, clock
        self.ignored: Counter[Signature] = Counter()

    def ask(self, token: str, question: HubQuestion) -> HubAnswer:
        """Step 3: decide, write, and only then answer."""
        now = self._clock()
        with self._store.read() as tx:
            is_known = websub.find_by_token(tx, token) or websub.find_parting(tx, token)
        if not is_known:
            return NotAsked(code=NotAskedCode.UNKNOWN_ADDRESS)
        with self._store.write() as tx:
            subscription, parting = websub.find_by_token(tx, token), websub.find_parting(tx, token)
            reply: HubAnswer = NotAsked(code=NotAskedCode.UNKNOWN_ADDRESS)
            if subscription is not None:
                reply = answer(question, subscription, now=now)
            elif parting is not None:
                reply = answer_parting(question, parting)
            match reply, subscription, parting:
                case Confirmed(), HubSubscription(), _:
                    websub.confirm(tx, subscription, reply)
                case Denied(), HubSubscription(), _:
                    websub.deny(tx, subscription, reply, now=now)
                case Released(), _, Parting():
                    websub.end_partings(tx, [parting])
        _log_answer(reply, subscription, parting)
        return reply

    def push(
        self, token: str, *, signature: str | None, content_type: str | None, read: Callable[[], bytes]
    ) -> PushReceipt:
        """Step 4. The body is read only where there is a signature to hold it against."""
        with self._store.read() as tx:
            subscription, parting = websub.find_by_token(tx, token), websub.find_parting(tx, token)
        if subscription is None:
            return PushReceipt.GONE if parting else PushReceipt.UNKNOWN
        if not subscription.is_active(self._clock()):
            return PushReceipt.GONE
        fault, body = names_algorithm(signature), b""
        if fault is None:
            body = read()
            fault = check_signature(signature, body, secret=subscription.secret)
        if fault is not Signature.RIGHT:
            self._ignore(fault, subscription)
            return PushReceipt.IGNORED
        push = Push(
            feed_id=subscription.feed_id,
            feed_name=subscription.feed_name,
            topic=subscription.topic,
            body=body,
            content_type=content_type,
        )
        return PushReceipt.TAKEN if self._offer(push) else PushReceipt.BUSY

    def _ignore(self, fault: Signature, subscription: HubSubscription) -> None:
        self.ignored[fault] += 1
        log.warning(
            "websub: a push whose signature is %s was ignored, %d ignored since the start: %s",
            fault.value, self.ignored.total(), subscription.feed_name,
        )  # fmt: skip


def _log_answer(reply: HubAnswer, subscription: HubSubscription | None, parting: Parting | None) -> None:
    known = subscription or parting
    if known is None:
        return  # removed since it was read
    hub, name = host_of(known.hub), subscription.feed_name if subscription else known.topic
    match reply:
        case Confirmed(lease_until=until):
            log.info("websub: %s pushes until %s: %s", hub, until.strftime("%Y-%m-%dT%H:%M:%SZ"), name)
        case Denied(reason=reason):
            log.warning("websub: %s refuses (%s), polled as ever: %s", hub, reason or "no reason given", name)
        case Released():
            log.info("websub: %s has let go: %s", hub, name)
        case NotAsked(code=code):
            log.warning("websub: a question of %s was not confirmed, %s: %s", hub, not_asked_line(code), name)


class PushQueue:
    """Pushes that wait, bounded in number and size, and the one thread that applies them.

    ``push`` is the poller's; it returns None where the document could not be applied. ``on_alerts`` is called as soon
    as the outbox has deliveries of the push.
    """

    def __init__(
        self,
        store: Store,
        *,
        push: Callable[[int, Fetched], PollReport | None],
        on_alerts: Callable[[], None],
        clock: Callable[[], datetime],
        max_bytes: int,
        max_waiting: int = _WAITING,
    ) -> None:
        self._store, self._push, self._on_alerts, self._clock = store, push, on_alerts, clock
        self._room_bytes, self._max_waiting = max_bytes, max_waiting
        self._waiting: deque[Push] = deque()
        self._changed = threading.Condition()
        self._is_closed = False
        self._thread = threading.Thread(target=self._work, name="push", daemon=True)
        self._thread.start()

    def offer(self, push: Push) -> bool:
        """Add a push; False where there is no room, or the queue is closed."""
        with self._changed:
            has_room = len(self._waiting) < self._max_waiting and len(push.body) <= self._room_bytes
            if self._is_closed or not has_room:
                return False
            self._room_bytes -= len(push.body)
            self._waiting.append(push)
            self._changed.notify()
            return True

    @property
    def waiting(self) -> int:
        """How many pushes wait."""
        with self._changed:
            return len(self._waiting)

    def close(self) -> None:
        """Let the push under way end, for 5 seconds at most; the feeds of those that wait are polled instead."""
        with self._changed:
            self._is_closed = True
            left = list(self._waiting)
            self._waiting.clear()
            self._changed.notify()
        self._thread.join(_GRACE_S)
        if left:
            self._poll_instead(left)

    def _work(self) -> None:
        while (push := self._take()) is not None:
            self._apply(push)
            with self._changed:
                self._room_bytes += len(push.body)

    def _take(self) -> Push | None:
        with self._changed:
            while not (self._waiting or self._is_closed):
                self._changed.wait()
            return None if self._is_closed else self._waiting.popleft()

    def _apply(self, push: Push) -> None:
        """Step 5. A document that can't be applied must not be lost, and must not end the thread."""
        try:
            report = self._push(push.feed_id, push.as_fetched())
            if report is None or report.failed:
                self._poll_instead([push])
                return
            if report.deliveries:
                self._on_alerts()
            with self._store.write() as tx:
                websub.note_push(tx, push.feed_id, now=self._clock())
        except Exception:
            if not self._is_closed:  # once closed, the database may be closed during a push
                log.exception("websub: a bug: %s", push.feed_name)
            self._poll_instead([push])

    def _poll_instead(self, pushes: Sequence[Push]) -> None:
        try:
            with self._store.write() as tx:
                websub.poll_soon(tx, [push.feed_id for push in pushes], now=self._clock())
        except ReformwatchError as error:
            log.error("websub: %s; %d pushes are lost until the next poll", error, len(pushes))  # noqa: TRY400 - not a bug
            return
        for push in pushes:
            log.warning("websub: a push could not be applied, polled instead: %s", push.feed_name)
