"""Porch: the daemon: APScheduler is the clock, signals are the operator's words, systemd is notified of its state.

One daemon holds an SQLite file (a lock file beside it); many may share a PostgreSQL database.
"""

import contextlib
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from reformwatch import __version__
from reformwatch.errors import ConfigError, ReformwatchError
from reformwatch.pipeline.checkpoints import Hook, no_hook
from reformwatch.pipeline.tidy import tidy
from reformwatch.services import daemons
from reformwatch.settings import Settings
from reformwatch.web.pages import Pages
from reformwatch.web.server import WebServer
from reformwatch.wiring.basics import (
    Store,
    catalogues,
    create_store,
    host_and_port,
    owner_name,
    unchecked_store,
    utc_now,
)
from reformwatch.wiring.polling import build_callback, build_push_queue, hub_callback
from reformwatch.wiring.tools import Tools, run_once

if TYPE_CHECKING:
    from reformwatch.pipeline.websub import PushQueue

log = logging.getLogger(__name__)

_BEAT_S: Final = 15.0
_DELIVER_TICK_S: Final = 1.0
_HUBS_TICK_S: Final = 5.0
_STUCK_AFTER_S: Final = 120.0
_GRACE_S: Final = 20.0


def notify(message: str) -> None:
    """Tell systemd (sd_notify(3)); does nothing elsewhere."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        out.sendall(message.encode())


class Daemon:
    """Runs the loops until it is stopped.

    ``reload`` reads the configuration again and raises ConfigError where it is bad; the old one then stays.
    ``hook`` is called at the steps of the two loops.
    """

    def __init__(self, settings: Settings, *, reload: Callable[[], Settings], hook: Hook = no_hook) -> None:
        self._settings, self._reload, self._hook = settings, reload, hook
        self._stop, self._wake = threading.Event(), threading.Event()
        self._wants_reload = False
        self._started_at = utc_now()
        self._store: Store
        self._tools: Tools
        self._jobs: BackgroundScheduler | None = None
        self._pushes: PushQueue | None = None
        self._name = f"{socket.gethostname()}:{os.getpid()}"

    def run_once(self) -> None:
        """Poll all that is due, deliver all that is due, and end. Nobody listens for hubs: feeds are polled as ever."""
        with self._alone(), self._opened(), self._signals():
            daemons.clear_callback(self._store, now=utc_now())
            run_once(self._tools, self._stop)

    def run_forever(self) -> None:
        """Until SIGTERM or SIGINT."""
        with self._alone(), self._opened(), self._signals(), self._pages():
            self._meet_hubs()
            self._jobs = scheduler = self._scheduler()
            scheduler.start()
            notify(f"READY=1\nSTATUS=watching\nMAINPID={os.getpid()}")
            log.info("daemon: %s started, version %s, database %s", self._name, __version__, self._store.shown_url)
            try:
                self._wait(scheduler)
            finally:
                notify("STOPPING=1")
                self._shut_down(scheduler)
        log.info("daemon: stopped")

    def _alone(self) -> contextlib.AbstractContextManager[None]:
        return daemons.exclusive(unchecked_store(self._settings), now=utc_now())

    @contextlib.contextmanager
    def _opened(self) -> Iterator[None]:
        self._store = create_store(self._settings)
        owner = owner_name(self._store)
        gap = timedelta(seconds=self._settings.http.per_host_gap_s)
        left = daemons.release_leases(self._store, owner, gap=gap, now=utc_now())
        if left:
            log.warning(
                "daemon: the last one ended in the middle of its work; %d feeds and deliveries are taken up again", left
            )
        self._tools = Tools(self._settings, self._store, owner=owner, hook=self._hook)
        try:
            yield
        finally:
            self._tools.close()
            self._store.close()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_hangup)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stop.set()
        self._wake.set()

    def _on_hangup(self, _number: int, _frame: FrameType | None) -> None:
        self._wants_reload = True
        self._wake.set()

    @contextlib.contextmanager
    def _pages(self) -> Iterator[None]:
        if not self._settings.web.listen:
            yield
            return
        host, port = host_and_port(self._settings.web.listen)
        largest = self._settings.http.max_bytes
        self._pushes = pushes = build_push_queue(
            self._store, poller=lambda: self._tools.poller, on_alerts=self._deliver_now, largest=largest
        )
        hubs = build_callback(self._store, pushes)
        pages = Pages(self._store, self._is_moving, words=catalogues().words, hubs=hubs)
        try:
            server = WebServer(pages, host=host, port=port, push_bytes=largest)
        except OSError as no:
            pushes.close()
            raise ConfigError(f"[web] listen: {host}:{port} can't be listened on ({no.strerror})") from no
        log.info("daemon: pages on http://%s:%d/", host, server.port)
        try:
            yield
        finally:
            server.close()
            pushes.close()

    def _meet_hubs(self) -> None:
        """Say where hubs reach us now, and poll for what they pushed while nobody listened."""
        callback = hub_callback(self._settings)
        floor = timedelta(seconds=self._settings.poll.min_interval_s)
        named = daemons.set_callback(self._store, callback, floor=floor, now=utc_now())
        if named and callback:
            # any work will do: the worker processes take a moment to start, and the first push should not wait for it
            self._tools.parser.run(len, (b"",), {}, done=lambda _: None)
        elif named:
            log.info(
                "daemon: feeds that name a WebSub hub: %d; polled as ever, since [web] listen and [alerts] base_url "
                "do not say where a hub could reach this daemon",
                named,
            )

    def _deliver_now(self) -> None:
        """Do not wait for the tick; a run that is under way finds the new alerts by itself."""
        if self._jobs is not None:
            self._jobs.modify_job("deliver", next_run_time=utc_now())

    def _scheduler(self) -> BackgroundScheduler:
        """One tick a job: what is due stands in the database, so a tick that was missed loses nothing."""
        scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(6)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone="UTC",
        )
        now = utc_now()
        jobs: list[tuple[str, Callable[[], Any], float, datetime]] = [
            ("poll", self._poll, self._settings.poll.tick_s, now),
            ("deliver", self._deliver, _DELIVER_TICK_S, now),
            ("websub", self._ask_hubs, _HUBS_TICK_S, now),
            ("beat", self._beat, _BEAT_S, now),
            ("tidy", self._tidy, 86_400.0, now + timedelta(minutes=10)),
        ]
        for name, act, every_s, first in jobs:
            scheduler.add_job(self._guarded(name, act), "interval", seconds=every_s, id=name, next_run_time=first)
        return scheduler

    def _guarded(self, name: str, act: Callable[[], Any]) -> Callable[[], None]:
        """A job that fails says so and is tried again at its next tick; the others go on. # trust: F08."""

        def job() -> None:
            try:
                act()
            except ReformwatchError as no:
                log.error("%s: %s; tried again at the next tick", name, no)  # noqa: TRY400 - the operator's error
            except Exception:
                log.exception("%s: a bug; tried again at the next tick", name)

        return job

    def _poll(self) -> None:
        if not self._stop.is_set():
            self._tools.poller.poll_due(self._stop)
        self._tools.poller.progress_at = time.monotonic()

    def _deliver(self) -> None:
        if not self._stop.is_set():
            self._tools.deliverer.deliver_due(self._stop)
        self._tools.deliverer.progress_at = time.monotonic()

    def _ask_hubs(self) -> None:
        if self._tools.hubs is not None and not self._stop.is_set():
            self._tools.hubs.act(self._stop)

    def _beat(self) -> None:
        daemons.beat(
            self._store,
            name=self._name,
            host=socket.gethostname(),
            pid=os.getpid(),
            version=__version__,
            started_at=self._started_at,
            now=utc_now(),
        )

    def _tidy(self) -> None:
        tidy(self._store, keep=timedelta(days=self._settings.archive.keep_days), now=utc_now())

    def _is_moving(self) -> bool:
        """Whether both loops went round lately."""
        oldest = min(self._tools.poller.progress_at, self._tools.deliverer.progress_at)
        return time.monotonic() - oldest < max(_STUCK_AFTER_S, 5 * self._settings.poll.tick_s)

    def _wait(self, scheduler: BackgroundScheduler) -> None:
        """Sleep, answer the watchdog while the loops move, reload when asked. # trust: F02."""
        watchdog_s = int(os.environ.get("WATCHDOG_USEC", "0")) / 1_000_000
        while not self._stop.is_set():
            if watchdog_s and self._is_moving():
                notify("WATCHDOG=1")
            self._wake.wait(min(watchdog_s / 3, 5.0) if watchdog_s else 5.0)
            self._wake.clear()
            if self._wants_reload:
                self._wants_reload = False
                self._reload_settings(scheduler)

    def _reload_settings(self, scheduler: BackgroundScheduler) -> None:
        notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            settings = self._reloaded()
            tools = Tools(settings, self._store, owner=owner_name(self._store), hook=self._hook)
        except ConfigError as bad:
            log.error("reload: %s; the old configuration stays", bad)  # noqa: TRY400 - the operator's error, not a bug
        else:
            old, self._tools, self._settings = self._tools, tools, settings
            scheduler.reschedule_job("poll", trigger="interval", seconds=settings.poll.tick_s)
            threading.Thread(target=self._drain, args=(old,), name="drain", daemon=True).start()
            self._guarded("websub", self._meet_hubs)()
            log.info("reload: the new configuration is in use")
        notify("READY=1")

    def _reloaded(self) -> Settings:
        settings = self._reload()
        if settings.database != self._settings.database or settings.web != self._settings.web:
            raise ConfigError("[database] and [web] take effect at a restart only")
        return settings

    @staticmethod
    def _drain(old: Tools) -> None:
        """Let the old tools finish what they have under way, then close them."""
        with old.poller.running, old.deliverer.running:
            old.close()

    def _shut_down(self, scheduler: BackgroundScheduler) -> None:
        """Finish what is under way; after a while, cut it short and give it back. # trust: A15."""
        abort = threading.Timer(_GRACE_S, self._tools.abort)
        abort.daemon = True
        abort.start()
        if self._pushes is not None:
            self._pushes.close()  # its alerts are the scheduler's to send; hubs are asked to come back
        scheduler.shutdown(wait=True)
        abort.cancel()
        with contextlib.suppress(Exception):
            daemons.forget(self._store, self._name)
