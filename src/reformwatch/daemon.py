"""Porch: the daemon: jobs run by APScheduler, signals of the operator, notifications to systemd.

An SQLite file has one daemon (a lock file beside it); a PostgreSQL database may have many.
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
    """Send a message to systemd (sd_notify(3)); does nothing where systemd has not started the process."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        out.sendall(message.encode())


class Daemon:
    """Runs the polling and delivery loops until it is stopped.

    ``reload`` reads the configuration again; where it raises ConfigError, the old configuration is kept.
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
        """Poll the feeds and send the deliveries that are due, then return. Hubs have no callback address meanwhile."""
        with self._locked(), self._opened(), self._signals():
            daemons.clear_callback(self._store, now=utc_now())
            run_once(self._tools, self._stop)

    def run_forever(self) -> None:
        """Run the jobs until SIGTERM or SIGINT."""
        with self._locked(), self._opened(), self._signals(), self._pages():
            self._set_callback()
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

    def _locked(self) -> contextlib.AbstractContextManager[None]:
        return daemons.exclusive(unchecked_store(self._settings), now=utc_now())

    @contextlib.contextmanager
    def _opened(self) -> Iterator[None]:
        self._store = create_store(self._settings)
        owner = owner_name(self._store)
        gap = timedelta(seconds=self._settings.http.per_host_gap_s)
        count = daemons.release_leases(self._store, owner, gap=gap, now=utc_now())
        if count:
            log.warning(
                "daemon: the last one ended in the middle of its work; %d feeds and deliveries are taken up again",
                count,
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
        max_bytes = self._settings.http.max_bytes
        self._pushes = pushes = build_push_queue(
            self._store, poller=lambda: self._tools.poller, on_alerts=self._deliver_now, max_bytes=max_bytes
        )
        hubs = build_callback(self._store, pushes)
        pages = Pages(self._store, self._has_progress, words=catalogues().words, hubs=hubs)
        try:
            server = WebServer(pages, host=host, port=port, push_bytes=max_bytes)
        except OSError as error:
            pushes.close()
            raise ConfigError(f"[web] listen: {host}:{port} can't be listened on ({error.strerror})") from error
        log.info("daemon: pages on http://%s:%d/", host, server.port)
        try:
            yield
        finally:
            server.close()
            pushes.close()

    def _set_callback(self) -> None:
        """Store the callback address for hubs, and make the feeds due that hubs may have pushed in between."""
        callback = hub_callback(self._settings)
        floor = timedelta(seconds=self._settings.poll.min_interval_s)
        count = daemons.set_callback(self._store, callback, floor=floor, now=utc_now())
        if count and callback:
            # a job without effect starts the worker processes, which takes a moment, before the first push comes
            self._tools.parser.run(len, (b"",), {}, done=lambda _: None)
        elif count:
            log.info(
                "daemon: feeds that name a WebSub hub: %d; polled as ever, since [web] listen and [alerts] base_url "
                "do not say where a hub could reach this daemon",
                count,
            )

    def _deliver_now(self) -> None:
        """Run the delivery job now, before its tick. A run that is under way sends the new alerts anyway."""
        if self._jobs is not None:
            self._jobs.modify_job("deliver", next_run_time=utc_now())

    def _scheduler(self) -> BackgroundScheduler:
        """The scheduler of the jobs. The database has what is due, so a missed tick loses nothing."""
        scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(6)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone="UTC",
        )
        now = utc_now()
        jobs: list[tuple[str, Callable[[], Any], float, datetime]] = [
            ("poll", self._poll, self._settings.poll.tick_s, now),
            ("deliver", self._deliver, _DELIVER_TICK_S, now),
            ("websub", self._call_hubs, _HUBS_TICK_S, now),
            ("beat", self._beat, _BEAT_S, now),
            ("tidy", self._tidy, 86_400.0, now + timedelta(minutes=10)),
        ]
        for name, act, interval_s, first in jobs:
            scheduler.add_job(self._guarded(name, act), "interval", seconds=interval_s, id=name, next_run_time=first)
        return scheduler

    def _guarded(self, name: str, act: Callable[[], Any]) -> Callable[[], None]:
        """A job that logs its errors and runs again at its next tick; other jobs go on. # trust: F08."""

        def job() -> None:
            try:
                act()
            except ReformwatchError as error:
                log.error("%s: %s; tried again at the next tick", name, error)  # noqa: TRY400 - the operator's error
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

    def _call_hubs(self) -> None:
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

    def _has_progress(self) -> bool:
        """Whether polling and delivery have made a step within two minutes, or five poll ticks where that is longer."""
        oldest = min(self._tools.poller.progress_at, self._tools.deliverer.progress_at)
        return time.monotonic() - oldest < max(_STUCK_AFTER_S, 5 * self._settings.poll.tick_s)

    def _wait(self, scheduler: BackgroundScheduler) -> None:
        """Sleep, notify the watchdog while the loops make progress, reload after SIGHUP. # trust: F02."""
        watchdog_s = int(os.environ.get("WATCHDOG_USEC", "0")) / 1_000_000
        while not self._stop.is_set():
            if watchdog_s and self._has_progress():
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
        except ConfigError as error:
            log.error("reload: %s; the old configuration stays", error)  # noqa: TRY400 - the operator's error
        else:
            old, self._tools, self._settings = self._tools, tools, settings
            scheduler.reschedule_job("poll", trigger="interval", seconds=settings.poll.tick_s)
            threading.Thread(target=self._drain, args=(old,), name="drain", daemon=True).start()
            self._guarded("websub", self._set_callback)()
            log.info("reload: the new configuration is in use")
        notify("READY=1")

    def _reloaded(self) -> Settings:
        settings = self._reload()
        if settings.database != self._settings.database or settings.web != self._settings.web:
            raise ConfigError("[database] and [web] take effect at a restart only")
        return settings

    @staticmethod
    def _drain(old: Tools) -> None:
        """Wait until the old tools have finished their runs, then close them."""
        with old.poller.running, old.deliverer.running:
            old.close()

    def _shut_down(self, scheduler: BackgroundScheduler) -> None:
        """Wait for running jobs; after ``_GRACE_S`` abort them, which releases their leases. # trust: A15."""
        abort = threading.Timer(_GRACE_S, self._tools.abort)
        abort.daemon = True
        abort.start()
        if self._pushes is not None:
            self._pushes.close()  # before the scheduler, which sends its alerts; hubs get a 503 now
        scheduler.shutdown(wait=True)
        abort.cancel()
        with contextlib.suppress(Exception):
            daemons.forget(self._store, self._name)
