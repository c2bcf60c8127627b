"""What a poll costs beside the bare loop: 1,000 loopback feeds of 30 entries, cold, unchanged, and 10 % changed.

The floors are httpx.Client in as many threads, with the same conditional headers, and a parser in this process for every
200: feedparser, and fastfeedparser where it is installed. Each runs in a process of its own, in turn, against the same
server; medians of several rounds, and ratios. Nobody's start is counted: a daemon starts once.

    python benchmarks/poll.py [--feeds 1000] [--rounds 3]
"""

import argparse
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

from loopback import feed_urls, running

WORKERS = 32
PHASES = ("cold", "unchanged", "unchanged again", "10 % changed")


def measure(work: Callable[[], int]) -> dict[str, float]:
    """Wall and CPU seconds (children included) and the count that the work returns."""

    def cpu() -> float:
        used = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
        return sum(u.ru_utime + u.ru_stime for u in used)

    wall, before = time.perf_counter(), cpu()
    count = work()
    return {"wall_s": time.perf_counter() - wall, "cpu_s": cpu() - before, "count": count}


def bump(url: str) -> None:
    """Let a tenth of the feeds have news."""
    port = url.rpartition("/")[0]
    with urllib.request.urlopen(f"{port}/bump?percent=10", timeout=30) as reply:
        assert reply.status == 204


def floor(urls: list[str]) -> list[dict[str, float]]:
    """The bare loop with feedparser."""
    import feedparser

    return _bare(urls, lambda body: len(feedparser.parse(BytesIO(body)).entries))


def fast_floor(urls: list[str]) -> list[dict[str, float]]:
    """The bare loop with the fastest parser there is."""
    import fastfeedparser  # type: ignore[import-not-found,import-untyped,unused-ignore]  # no dependency of ours

    return _bare(urls, lambda body: len(fastfeedparser.parse(body).entries))


def _bare(urls: list[str], count: Callable[[bytes], int]) -> list[dict[str, float]]:
    """No database, no matching, no alerts."""
    import httpx

    etags: dict[str, str] = {}
    with httpx.Client(timeout=30, trust_env=False, limits=httpx.Limits(max_connections=WORKERS)) as client:

        def one(url: str) -> int:
            headers = {"If-None-Match": etags[url]} if url in etags else {}
            reply = client.get(url, headers=headers)
            if reply.status_code == 304:
                return 0
            etags[url] = reply.headers["etag"]
            return count(reply.content)

        def poll() -> int:
            with ThreadPoolExecutor(WORKERS) as threads:
                return sum(threads.map(one, urls))

        return _phases(poll, urls)


def ours(urls: list[str]) -> list[dict[str, float]]:
    """The program's poller: leases, matching against the starter pack, archive, outbox, all in SQLite."""
    from msgspec.structs import replace

    from reformwatch.model.feed import NewFeed
    from reformwatch.services.packs import install, load_builtin
    from reformwatch.settings import build_settings
    from reformwatch.store.feeds import add_feed
    from reformwatch.wiring.basics import create_store, utc_now
    from reformwatch.wiring.tools import Tools

    with tempfile.TemporaryDirectory() as folder:
        settings = build_settings(
            {
                "database": {"url": f"sqlite:///{folder}/bench.sqlite"},
                "http": {"allow_private": ["127.0.0.0/8"], "per_host_gap_s": 0, "workers": WORKERS},
            }
        )
        store = create_store(settings)
        install(store, replace(load_builtin("kazakhstan"), feeds=()), now=utc_now())
        with store.write() as tx:
            for url in urls:
                add_feed(tx, NewFeed(url=url, name=url), now=utc_now())
        tools = Tools(settings, store, owner="cli")

        def poll() -> int:
            report = tools.poller.poll_feeds(range(1, len(urls) + 1))
            assert report.polled == len(urls), report
            assert report.failed == 0, report
            return report.new_entries

        found = _phases(poll, urls, after=tools.close)
        store.close()
        return found


def _phases(
    poll: Callable[[], int], urls: list[str], after: Callable[[], None] = lambda: None
) -> list[dict[str, float]]:
    found = [measure(poll), measure(poll), measure(poll)]
    bump(urls[0])

    def last() -> int:
        count = poll()
        after()  # worker processes are counted when they have ended
        return count

    found.append(measure(last))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [one | {"memory_mb": memory} for one in found]


def _in_a_process(which: str, urls: list[str]) -> list[dict[str, float]]:
    done = subprocess.run(
        [sys.executable, str(Path(__file__)), "--child", which],
        input=json.dumps(urls), capture_output=True, text=True, check=False, env=dict(os.environ),
    )  # fmt: skip
    if done.returncode:
        sys.exit(done.stderr)
    found: list[dict[str, float]] = json.loads(done.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", choices=["floor", "fast", "ours"])
    given = parser.parse_args()
    if given.child:
        urls = json.load(sys.stdin)
        print(json.dumps({"floor": floor, "fast": fast_floor, "ours": ours}[given.child](urls)))
        return
    has_fast = importlib.util.find_spec("fastfeedparser") is not None
    results: dict[str, list[list[dict[str, float]]]] = {which: [] for which in ("floor", "fast", "ours")}
    for round_ in range(given.rounds):
        for which in ("floor", "fast", "ours") if round_ % 2 == 0 else ("ours", "fast", "floor"):
            if which == "fast" and not has_fast:
                continue
            with running("feeds", str(given.feeds)) as told:
                results[which].append(_in_a_process(which, feed_urls(told, given.feeds)))
    _print(results, given)


def _print(results: dict[str, list[list[dict[str, float]]]], given: Any) -> None:
    print(
        f"{given.feeds} feeds, {WORKERS} workers, medians of {given.rounds} rounds; seconds of wall time, and of CPU\n"
    )
    names = {"floor": "httpx + feedparser", "fast": "httpx + fastfeedparser"}
    floors = [which for which in names if results[which]]
    print(f"{'phase':16} {'ours':>13}" + "".join(f"   {names[which]:>24}  ratios" for which in floors))
    for i, phase in enumerate(PHASES):
        ours = _middle(results["ours"], i)
        line = f"{phase:16} {ours[0]:6.2f} {ours[1]:6.2f}"
        for which in floors:
            bare = _middle(results[which], i)
            line += f"   {bare[0]:17.2f} {bare[1]:6.2f}  {ours[0] / bare[0]:.2f} {ours[1] / bare[1]:.2f}"
        print(line)
    for which, name in (*names.items(), ("ours", "reformwatch")):
        if results[which]:
            peak = statistics.median(run[0]["memory_mb"] for run in results[which])
            print(f"peak memory, {name}: {peak:.0f} MB (main process)")
    print("\nthe bare loops keep nothing; CPU of our parser processes is in the last phase, when they have ended")


def _middle(runs: list[list[dict[str, float]]], phase: int) -> tuple[float, float]:
    wall, cpu = (statistics.median(run[phase][key] for run in runs) for key in ("wall_s", "cpu_s"))
    return wall, cpu


if __name__ == "__main__":
    main()
