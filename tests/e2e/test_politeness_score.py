"""The politeness of the real poller and the real client, scored rule by rule by a server whose time is virtual."""

import logging
import random
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from conftest import NOW as START
from politeness import DAY, HOUR, World, open_world
from politeness_rules import complaints, scores, table
from politeness_sites import MINUTE, all_sites, timing_sites, validator_sites
from reformwatch.model.feed import NoticeKind
from reformwatch.pipeline.parsing import ParserPool
from reformwatch.store import Store


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Thousands of polls would be thousands of lines of a failure's report."""
    caplog.set_level(logging.CRITICAL, logger="reformwatch")


@pytest.fixture
def database(sqlite_store: Store) -> Path:
    """An empty, migrated database."""
    assert sqlite_store.sqlite_path is not None
    random.seed(20220312)  # the jitter of each run is the same; which feed gets which is not
    return Path(sqlite_store.sqlite_path)


def assert_no_violations(world: World, *, is_whole: bool = True) -> None:
    found = scores(world.finish(), is_whole=is_whole)
    sys.stdout.write(f"\n{table(found)}\n")
    assert not complaints(found), "\n" + complaints(found)
    assert not is_whole or min(score.judged for score in found) > 0, "a rule that judged nothing"


@pytest.mark.slow
def test_a_month_of_every_behaviour_breaks_no_rule(database: Path, parser: ParserPool) -> None:
    # trust: C01, C02, C03, C04, C05, C06, C07, C10, C11, C12, C13, C14, C15, C17, C18, C19, C20, C22, C23, C24
    with open_world(all_sites(), database=database, parser=parser) as world:
        world.run(until=34 * DAY)  # a wish of ten years is kept for 30 days, and a tenth more
        assert_no_violations(world)


@pytest.mark.slow
def test_a_restart_every_five_minutes_for_a_day_asks_nobody_once_more(database: Path, parser: ParserPool) -> None:
    # trust: C08, FRB037
    with open_world(all_sites(begins=4 * HOUR), database=database, parser=parser, step=5 * MINUTE) as world:
        record = world.record
        for _ in range(288):
            due = {name for name, at in world.due().items() if at <= world.clock.now}
            before = len(record.visits)
            world.restart()
            world.poll()
            assert {visit.site.name for visit in record.visits[before:]} == due
            world.clock.now += 5 * MINUTE
        assert_no_violations(world, is_whole=False)
    asked = [visit for visit in record.visits if not visit.answer.is_redirect and visit.is_of_feed]
    assert len(asked) == len(record.plans), "a request that no plan came of"


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["no names", "no connections"])
def test_six_hours_without_a_network_are_no_feed_s_fault_and_end_without_a_burst(
    database: Path, parser: ParserPool, fault: str
) -> None:
    # trust: C26
    few = [*validator_sites(), *timing_sites()]
    sites = [*few, *(replace(site, host=f"twin-of-{site.host}") for site in few)]  # of few, chance makes bursts
    with open_world(sites, database=database, parser=parser, step=MINUTE) as world:
        world.run(until=30 * HOUR)
        world.network.has_no_names, world.network.is_cut = fault == "no names", fault == "no connections"
        before = len(world.record.visits)
        world.run(until=36 * HOUR)
        assert len(world.record.visits) == before
        assert world.network.refused > len(sites)
        world.network.has_no_names = world.network.is_cut = False
        world.run(until=3 * DAY)
        assert_no_violations(world, is_whole=False)
        record = world.record
    told = Counter(notice.kind for notice in record.notices)
    assert told == {NoticeKind.NETWORK: 1, NoticeKind.NETWORK_BACK: 1}, (
        "the network's fault is told once, and its end; no feed is blamed"
    )
    after = Counter((v.at - START - 36 * HOUR) // MINUTE for v in record.visits[before:])
    first = {minute: count for minute, count in after.items() if minute < 20}
    assert len(first) >= 10, f"requests by the minute after the return: {first}"
    assert max(first.values()) <= sum(first.values()) / 4, f"a burst: {first}"


def test_the_pace_after_the_network_s_return_is_the_one_before(database: Path, parser: ParserPool) -> None:
    # trust: C26
    with open_world(validator_sites(), database=database, parser=parser, step=MINUTE) as world:
        world.run(until=12 * HOUR)
        world.network.is_cut = True
        world.run(until=18 * HOUR)
        world.network.is_cut = False
        world.run(until=19 * HOUR)
        feeds = world.finish().feeds.values()
    late = [feed.name for feed in feeds if feed.poll.last_ok_at is None or feed.poll.last_ok_at < START + 18 * HOUR]
    assert len(late) <= len(feeds) / 2, f"not asked within the hour after the return: {late}"
    assert all(feed.poll.failing_since is None for feed in feeds if feed.name not in late)
