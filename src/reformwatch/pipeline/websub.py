"""Pipeline: WebSub: hubs are asked for subscriptions, answered when they ask back, and what they push becomes news.

A subscription's way, a step at a time, each written down before the next begins:

1. A poll's document names a hub (``store.websub.note_hub``).
2. The hub is asked (:class:`HubCaller`). The row is pending before the request goes out, and due again after a while:
   whoever dies in between asks once more.
3. The hub asks back (:class:`Callback`), and only what was asked for is confirmed. The lease begins.
4. The hub pushes (:class:`Callback`): the signature is checked, the document waits in a short line in memory
   (:class:`PushLine`), and the hub is answered before it is read.
5. The document is read and planned as a poll's would be; its alerts go out at once.

Polling stays the safety net under each step: what a line in memory loses, a refusal, and a lease that ends make the
feed due, and at a start all feeds with hubs are polled for what was pushed while nobody listened. # trust: C25
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
    """Asks hubs. ``callback`` is the address under which they reach the daemon, without a token."""

    def __init__(
        self,
        *,
        store: Store,
        post: Post,
        callback: str,
        clock: Callable[[], datetime],
        chance: Callable[[], float],
        new_token: Callable[[], str],
        new_secret: Callable[[], str],
    ) -> None:
        self.store, self.post, self.callback = store, post, callback
        self.clock, self.chance, self.new_token, self.new_secret = clock, chance, new_token, new_secret

    def act(self, stop: threading.Event) -> int:
        """Ask all hubs that are to be asked now, a few at a time; how many."""
        with self.store.read() as tx:
            if not websub.has_work(tx, self.clock()):
                return 0
        self._follow_feeds()
        asked = self._part(stop)
        while not stop.is_set():
            with self.store.write() as tx:
                claimed = websub.claim_due(tx, now=self.clock(), patience=PATIENCE, limit=_CLAIM)
            for one in claimed:
                if not stop.is_set():
                    self._ask(one, stop)
            asked += len(claimed)
            if len(claimed) < _CLAIM:
                break
        return asked

    def _follow_feeds(self) -> None:
        with self.store.write() as tx:
            lapsed = websub.follow_feeds(tx, now=self.clock(), new_token=self.new_token, new_secret=self.new_secret)
        for one in lapsed:
            log.warning("websub: the lease at %s has ended, polled as ever: %s", host_of(one.hub), one.feed_name)

    def _ask(self, one: HubSubscription, stop: threading.Event) -> None:
        """Step 2 for one subscription."""
        if one.attempts > 1 and one.problem is None:
            log.warning("websub: %s took the request and never asked back: %s", host_of(one.hub), one.feed_name)
        trouble = self._post(one.hub, subscribe_form(one, callback=self._address(one.token)))
        if trouble is not None and stop.is_set():
            return  # the client was closed under it; the row is due again by itself
        now = self.clock()
        wait = retry_wait(one.attempts, jitter=self.chance(), wish=trouble.retry_after(now) if trouble else None)
        if trouble is None:
            wait = max(PATIENCE, wait)
            log.info("websub: asked %s for a subscription: %s", host_of(one.hub), one.feed_name)
        else:
            log.warning("websub: %s; again in %d min: %s", trouble, wait.total_seconds() // 60, one.feed_name)
        with self.store.write() as tx:
            websub.note_asked(tx, one, problem=trouble.problem if trouble else None, next_act_at=now + wait)

    def _part(self, stop: threading.Event) -> int:
        """Ask hubs to let go; how many."""
        asked = 0
        with self.store.read() as tx:
            due = [parting for parting in websub.list_partings(tx) if parting.next_act_at <= self.clock()]
        for parting in due:
            if not stop.is_set():
                asked += self._part_from(parting)
        return asked

    def _part_from(self, parting: Parting) -> bool:
        now = self.clock()
        if is_over(parting, now=now):
            with self.store.write() as tx:
                websub.end_partings(tx, [parting])
            return False
        counted = replace(parting, attempts=parting.attempts + 1)
        counted = replace(counted, next_act_at=parting_again_at(counted, now=now, jitter=self.chance()))
        with self.store.write() as tx:
            if not websub.change_parting(tx, parting, counted):
                return False
        trouble = self._post(parting.hub, unsubscribe_form(parting, callback=self._address(parting.token)))
        if trouble is not None:
            log.info("websub: %s, asked to end a subscription: %s", trouble, parting.topic)
        return True

    def _address(self, token: str) -> str:
        return f"{self.callback}/{token}"

    def _post(self, hub: str, form: bytes) -> "_Trouble | None":
        try:
            reply = self.post(hub, form, _FORM)
        except RequestError as failed:
            return _Trouble(problem=failed.problem)
        if 200 <= reply.status < 300:
            return None
        problem = Problem.of(ProblemCode.HUB_STATUS, host=host_of(hub), status=reply.status)
        return _Trouble(problem=problem, reply=reply)


class _Trouble(Value, frozen=True, kw_only=True):
    """A request that came to nothing."""

    problem: Problem
    reply: Reply | None = None

    def __str__(self) -> str:
        return problem_sentence(self.problem, ENGLISH)

    def retry_after(self, now: datetime) -> timedelta | None:
        return self.reply.retry_after(now=now) if self.reply else None


class Push(Value, frozen=True, kw_only=True):
    """A document that a hub has pushed, its signature found right."""

    feed_id: int
    feed_name: str
    topic: str
    body: bytes
    content_type: str | None

    def as_fetched(self) -> Fetched:
        """As if it had been fetched from its topic; a hub's reply has no validators of the publisher's."""
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
    """What a hub meets at a callback address. ``offer`` takes a push, or says that there is no room."""

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
            said: HubAnswer = NotAsked(code=NotAskedCode.UNKNOWN_ADDRESS)
            if subscription is not None:
                said = answer(question, subscription, now=now)
            elif parting is not None:
                said = answer_parting(question, parting)
            match said, subscription, parting:
                case Confirmed(), HubSubscription(), _:
                    websub.confirm(tx, subscription, said)
                case Denied(), HubSubscription(), _:
                    websub.deny(tx, subscription, said, now=now)
                case Released(), _, Parting():
                    websub.end_partings(tx, [parting])
        _tell(said, subscription, parting)
        return said

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


def _tell(said: HubAnswer, subscription: HubSubscription | None, parting: Parting | None) -> None:
    known = subscription or parting
    if known is None:
        return  # taken away since it was looked up
    hub, name = host_of(known.hub), subscription.feed_name if subscription else known.topic
    match said:
        case Confirmed(lease_until=until):
            log.info("websub: %s pushes until %s: %s", hub, until.strftime("%Y-%m-%dT%H:%M:%SZ"), name)
        case Denied(reason=reason):
            log.warning("websub: %s refuses (%s), polled as ever: %s", hub, reason or "no reason given", name)
        case Released():
            log.info("websub: %s has let go: %s", hub, name)
        case NotAsked(code=code):
            log.warning("websub: a question of %s was not confirmed, %s: %s", hub, not_asked_line(code), name)


class PushLine:
    """Pushes that wait, few and of bounded size, and the one thread that reads them.

    ``push`` is the poller's; it comes back with None where the document could not be applied. ``on_alerts`` is called
    as soon as alerts stand in the outbox.
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
        """Let a push wait; False where there is no room."""
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
        """How many wait."""
        with self._changed:
            return len(self._waiting)

    def close(self) -> None:
        """Finish the push under way, for a moment; the feeds of those that wait are polled instead."""
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
        """Step 5. A document that can't be applied must not be lost, nor end the thread."""
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
            if not self._is_closed:  # at the end the tools may be taken from under it
                log.exception("websub: a bug: %s", push.feed_name)
            self._poll_instead([push])

    def _poll_instead(self, pushes: Sequence[Push]) -> None:
        try:
            with self._store.write() as tx:
                websub.poll_soon(tx, [push.feed_id for push in pushes], now=self._clock())
        except ReformwatchError as no:
            log.error("websub: %s; %d pushes are lost until the next poll", no, len(pushes))  # noqa: TRY400 - not a bug
            return
        for push in pushes:
            log.warning("websub: a push could not be applied, polled instead: %s", push.feed_name)
