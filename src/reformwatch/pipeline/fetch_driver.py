"""Pipeline: the driver of fetch flows: requests in threads, jobs in worker processes, queries in its own thread.

The driver begins each request when its host may be asked (:mod:`reformwatch.pipeline.host_access`), and sends each
step's result into the flow that yielded the step.
"""

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

from msgspec.structs import replace

from reformwatch.errors import ReformwatchError
from reformwatch.model.feed import FailureKind, Feed, FetchFailed
from reformwatch.model.problem import Problem, ProblemCode
from reformwatch.pipeline.checkpoints import Hook
from reformwatch.pipeline.fetch_flow import FetchFlow, Job, Outcome, Query, Request
from reformwatch.pipeline.host_access import HostAccess
from reformwatch.pipeline.log_names import feed_named, poll_fields, without_user
from reformwatch.pipeline.parsing import ParserPool
from reformwatch.store import Store, is_database_error
from reformwatch.urls import origin_of

log = logging.getLogger(__name__)

_LONGEST_WAIT_S: Final = 1.0


@dataclass(kw_only=True, eq=False)
class _Fetch:
    """A flow under way. Its first request begins before ``start_by`` (monotonic seconds), or not at all."""

    feed: Feed
    flow: FetchFlow
    start_by: float
    started: float = field(default_factory=time.monotonic)
    requests: int = 0
    host: str | None = None


class FetchDriver:
    """Drives many flows at once. Used by one thread, as a context manager, which ends its threads.

    ``outcomes`` are what flows returned. ``given_up`` are the feeds whose flow was ended before that: because of
    ``stop``, for want of time or of a worker process; they are polled again.
    """

    def __init__(
        self,
        store: Store,
        parser: ParserPool,
        access: HostAccess,
        *,
        workers: int,
        stop: threading.Event,
        hook: Hook,
    ) -> None:
        self.outcomes: list[Outcome] = []
        self.given_up: list[Feed] = []
        self.under_way = 0  # flows
        self.requests_under_way = 0
        self._store, self._parser, self._access = store, parser, access
        self._workers, self._stop, self._hook = workers, stop, hook
        self._waiting: deque[tuple[_Fetch, Request[Any]]] = deque()
        self._results: queue.SimpleQueue[tuple[_Fetch, Request[Any] | Job[Any], Any]] = queue.SimpleQueue()
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="fetch")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown()

    @property
    def waiting(self) -> list[Request[Any]]:
        """The requests that wait for their hosts."""
        return [request for _, request in self._waiting]

    def begin(self, feeds: Iterable[Feed], flow_of: Callable[[Feed], FetchFlow], *, start_by: float) -> None:
        """Begin the flows of these feeds."""
        for feed in feeds:
            self.under_way += 1
            self._advance(_Fetch(feed=feed, flow=flow_of(feed), start_by=start_by), None)

    def give_up_waiting(self) -> None:
        """End the flows whose request has not begun."""
        while self._waiting:
            self._give_up(self._waiting.popleft()[0])

    def begin_requests(self) -> float:
        """Begin the requests that may begin now; the seconds until more may, 1 at most."""
        now, wait_s, kept = time.monotonic(), _LONGEST_WAIT_S, deque[tuple[_Fetch, Request[Any]]]()
        while self._waiting and self.requests_under_way < self._workers:
            fetch, request = self._waiting.popleft()
            if now > fetch.start_by:
                self._end_late(fetch, request)
                continue
            host_wait_s = self._access.begin(request)
            if host_wait_s == 0:
                self.requests_under_way += 1
                self._threads.submit(self._send, fetch, request)
            else:
                wait_s = min(wait_s, host_wait_s)
                kept.append((fetch, request))
        self._waiting = kept + self._waiting
        return 0.0 if self._access.claim_wanted(self._store) else wait_s

    def collect(self, wait_s: float, *, limit: int) -> None:
        """Wait for results, and let their flows go on; no more once there are ``limit`` outcomes."""
        try:
            result = self._results.get(timeout=max(0.001, wait_s))
            while True:
                self._take(*result)
                if len(self.outcomes) >= limit:
                    break
                result = self._results.get_nowait()
        except queue.Empty:
            pass

    def _send(self, fetch: _Fetch, request: Request[Any]) -> None:
        """In a thread."""
        try:
            result = request.send()
        except Exception as fault:
            log.exception("fetch: a bug: %s", without_user(request.url), extra=poll_fields(fetch.feed))
            result = failed_by(fault, FailureKind.PROTOCOL)
        self._results.put((fetch, request, result))

    def _take(self, fetch: _Fetch, step: Request[Any] | Job[Any], result: Any) -> None:
        if isinstance(step, Request):
            self.requests_under_way -= 1
            fetch.requests += 1
            self._access.end(step)
            self._hook("fetched")
            if self._stop.is_set() and isinstance(result, FetchFailed):
                self._give_up(fetch)  # the stop has aborted it
                return
        elif result is None:  # no worker process had time for it; a bad document is Unreadable
            self._give_up(fetch)
            return
        else:
            self._hook("parsed")
        self._advance(fetch, result)

    def _advance(self, fetch: _Fetch, result: Any) -> None:
        """Send a result into a flow (None: begin it), and see to the step that it yields next."""
        try:
            while isinstance(step := fetch.flow.send(result), Query):
                with self._store.read() as tx:
                    result = step.run(tx)
        except StopIteration as returned:
            self._end(fetch, returned.value)
        except ReformwatchError:
            raise
        except Exception as fault:
            if is_database_error(fault):
                raise
            log.exception("read: a bug: %s", feed_named(fetch.feed), extra=poll_fields(fetch.feed))
            self._end(fetch, Outcome(feed=fetch.feed, fetched=failed_by(fault, FailureKind.PARSER)))
        else:
            if isinstance(step, Request):
                self._move(fetch, origin_of(step.url))
                self._waiting.append((fetch, step))
            else:
                self._run_job(fetch, step)

    def _run_job(self, fetch: _Fetch, job: Job[Any]) -> None:
        def put(result: Any) -> None:
            self._results.put((fetch, job, result))

        self._parser.run(job.function, job.arguments, job.named, done=put)

    def _move(self, fetch: _Fetch, host: str | None) -> None:
        """A flow goes on at a host, or ends (None). Until then it stays at its last one."""
        self._access.move(fetch.host, host)
        fetch.host = host

    def _end_late(self, fetch: _Fetch, request: Request[Any]) -> None:
        """The lease will end: a flow without a request is given up, another one goes on without this request."""
        if fetch.requests:
            late = Problem.of(ProblemCode.NO_TIME_LEFT, url=without_user(request.url))
            self._advance(fetch, FetchFailed(kind=FailureKind.TIMEOUT, problem=late))
        else:
            self._give_up(fetch)

    def _end(self, fetch: _Fetch, outcome: Outcome) -> None:
        self._move(fetch, None)
        self.under_way -= 1
        self.outcomes.append(replace(outcome, took_ms=int((time.monotonic() - fetch.started) * 1000)))

    def _give_up(self, fetch: _Fetch) -> None:
        fetch.flow.close()
        self._move(fetch, None)
        self.under_way -= 1
        self.given_up.append(fetch.feed)


def failed_by(fault: Exception, kind: FailureKind) -> FetchFailed:
    """The outcome of a feed in whose poll this program has a fault."""
    return FetchFailed(kind=kind, problem=Problem.of(ProblemCode.PROGRAM_FAULT, error=type(fault).__name__))
