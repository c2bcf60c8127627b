"""Pipeline: parsing in worker processes that can be killed: bounded in time and memory, replaced when they die.

multiprocessing is imported by the thread that starts the processes: most polls bring no document.
# trust: D07
"""

import contextlib
import logging
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeout
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from msgspec import Struct
from msgspec.msgpack import Decoder, Encoder

from reformwatch.documents.document import READERS, read_document
from reformwatch.model.entry import ParsedFeed, Unreadable
from reformwatch.model.feed import Fetched
from reformwatch.model.problem import Fact, Problem, ProblemCode
from reformwatch.pipeline.memory import give_back, keep_little

if TYPE_CHECKING:
    from pebble import ProcessPool

log = logging.getLogger(__name__)

_MEMORY_BYTES: Final = 1 << 30
_TASKS_A_WORKER: Final = 2_000
_LARGE_BYTES: Final = 1 << 20
#: Modules that each worker begins with; the last is the one that xml.sax imports at the first document.
_PRELOADED: Final = [*READERS, "xml.sax.expatreader"]

Parsed = ParsedFeed | Unreadable


def _unreadable(code: ProblemCode, **facts: Fact) -> Unreadable:
    return Unreadable(problem=Problem.of(code, **facts))


class _Task(Struct, frozen=True):
    """A function of a document, and the callback for its result."""

    function: Callable[..., Any]
    arguments: Sequence[Any]
    named: Mapping[str, Any]
    done: Callable[[Any], None]


class ParserPool:
    """Runs functions of documents in worker processes, which start with the first document."""

    def __init__(
        self, *, workers: int = 2, time_limit_s: float = 20.0, parse: Callable[..., Parsed] = read_document
    ) -> None:
        self._workers, self._time_limit_s, self._parse = workers, time_limit_s, parse
        self._pool: ProcessPool | None = None
        self._starter: threading.Thread | None = None
        self._waiting: list[_Task] = []
        self._under_way: set[Future[Any]] = set()
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """Start the processes, since documents will come."""
        with self._lock:
            self._start_soon()

    def submit(self, fetched: Fetched, done: Callable[[Any], None]) -> None:
        """Parse a reply as a feed; see :meth:`run`."""
        self.run(self._parse, (fetched.body,), {"url": fetched.url, "content_type": fetched.content_type}, done=done)

    def run(
        self,
        function: Callable[..., Any],
        arguments: Sequence[Any],
        named: Mapping[str, Any],
        *,
        done: Callable[[Any], None],
    ) -> None:
        """Run a function of a document in a worker; ``done`` is called with its result, in another thread.

        With an Unreadable where the document is at fault, with None where no worker had it to the end.
        """
        task = _Task(function, arguments, named, done)
        with self._lock:
            if self._pool is None or self._starter is not None:
                self._waiting.append(task)
                self._start_soon()
                return
        self._begin(task)

    def _start_soon(self) -> None:
        """Start the processes in a thread, since that takes a while. Called with the lock."""
        if self._pool is None and self._starter is None:
            self._starter = threading.Thread(target=self._start, name="parser-start", daemon=True)
            self._starter.start()

    def _start(self) -> None:
        pool = self._new_pool()
        with contextlib.suppress(RuntimeError, OSError):  # the error is raised again with the first document
            _ = pool.active  # which starts it
        with self._lock:
            self._pool = pool
        while True:
            with self._lock:
                waiting, self._waiting = self._waiting, []
                if not waiting:
                    self._starter = None
                    return
            for task in waiting:
                try:
                    self._begin(task)
                except Exception:
                    log.exception("parser: the worker processes can't be started")
                    task.done(None)

    def _begin(self, task: "_Task") -> None:
        try:
            future = self._schedule(task)
        except (RuntimeError, OSError):  # the pool broke, not the document
            self.close()
            future = self._schedule(task)
        future.add_done_callback(lambda finished: task.done(self._taken(finished)))

    def _schedule(self, task: "_Task") -> "Future[Any]":
        with self._lock:
            if self._pool is None:
                self._pool = self._new_pool()
            future: Future[Any] = self._pool.schedule(
                _read, args=(task.function, tuple(task.arguments), dict(task.named)), timeout=self._time_limit_s
            )
            self._under_way.add(future)
        return future

    def _new_pool(self) -> "ProcessPool":
        from pebble import ProcessPool

        return ProcessPool(
            max_workers=self._workers, max_tasks=_TASKS_A_WORKER, initializer=_confine, context=_context()
        )

    def _taken(self, future: "Future[Any]") -> Any:
        with self._lock:
            self._under_way.discard(future)
        return self._outcome(future)

    def _outcome(self, future: "Future[Any]") -> Any:
        from concurrent.futures.process import BrokenProcessPool

        from pebble import ProcessExpired

        try:
            return _unpacked(future.result())
        except CancelledError:  # the pool was closed
            return None
        except BrokenProcessPool:
            log.exception("parser: the worker processes can't be started")
            return None
        except FutureTimeout:
            return _unreadable(ProblemCode.PARSER_TIME_LIMIT, seconds=self._time_limit_s)
        except ProcessExpired:
            return _unreadable(ProblemCode.PARSER_DIED)
        except MemoryError:
            return _unreadable(ProblemCode.PARSER_MEMORY)
        except Exception as error:  # noqa: BLE001 - a fault of the parser is the failure of this feed alone
            return _unreadable(ProblemCode.PARSER_FAILED, error=type(error).__name__)

    def close(self) -> None:
        """End the workers; each function under way has the result None."""
        starter = self._starter
        if starter is not None and starter is not threading.current_thread():
            starter.join()
        with self._lock:
            pool, self._pool = self._pool, None
            left, self._under_way = self._under_way, set()
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]  # pebble leaves this one without types
            pool.join()
        for future in left:
            future.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _context() -> Any:
    import multiprocessing

    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context


class _Packed(Struct, frozen=True):
    """A feed on its way between processes: MessagePack takes half the time that pickling does."""

    body: bytes


_PACK: Final = Encoder()
_UNPACK: Final = Decoder(ParsedFeed)


def _packed(result: Any) -> Any:
    return _Packed(_PACK.encode(result)) if isinstance(result, ParsedFeed) else result


def _unpacked(result: Any) -> Any:
    return _UNPACK.decode(result.body) if isinstance(result, _Packed) else result


def _read(function: Callable[..., Any], arguments: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """In a worker: run a function of a document; the memory of a large one is given back to the system."""
    try:
        return _packed(function(*arguments, **named))
    finally:
        if any(isinstance(value, bytes) and len(value) > _LARGE_BYTES for value in arguments):
            give_back()


def _confine() -> None:
    """In a worker, first: limit its memory, leave Ctrl-C to the parent, silence a library that logs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_little()
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
