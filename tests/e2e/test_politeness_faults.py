"""Politeness that the program did not have when these tests were written; each says what should happen."""

import logging
from collections import Counter
from pathlib import Path

import pytest

from crowd import Crowd, add, reading
from politeness import DAY, HOUR, Site, open_world
from politeness_rules import judge_hourly, judge_skips
from politeness_sites import ETAG, MINUTE, both, leads
from reformwatch.pipeline.parsing import ParserPool
from reformwatch.store import Store
from servers import Wire, redirect


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="reformwatch")


@pytest.fixture
def database(sqlite_store: Store) -> Path:
    assert sqlite_store.sqlite_path is not None
    return Path(sqlite_store.sqlite_path)


def test_a_feed_that_moved_to_a_known_one_s_address_is_merged_with_it(database: Path, parser: ParserPool) -> None:
    # trust: C10
    sites = [
        Site(host="new", stamps=both),
        Site(host="old", stamps=both, episodes=(leads(301, "new", begins=DAY),)),
    ]
    with open_world(sites, database=database, parser=parser) as world:
        world.run(until=4 * DAY)
        record = world.finish()
    assert not [sentence for sentence in judge_hourly(record) if sentence]
    assert [v for v in record.of("old") if v.at - record.visits[0].at > 2 * DAY] == []


def test_feeds_of_many_hosts_that_lead_to_one_ask_that_one_by_one(sqlite_store: Store, parser: ParserPool) -> None:
    # trust: C09, FRB033
    def lead(wire: Wire) -> None:
        wire.send(redirect(302, "http://one.example/feed"))

    add(sqlite_store, (f"host{i}/1" for i in range(40)))
    crowd = Crowd({f"host{i}.example": lead for i in range(40)})
    with crowd, reading(sqlite_store, crowd, parser, workers=10, gap_s=0.02) as run:
        report = run.poller.poll_due()
    assert (report.polled, report.failed) == (40, 0)
    assert crowd.most_of_a_host["one.example"] == 1
    assert min(crowd.gaps()["one.example"]) >= 0.019


@pytest.mark.parametrize("cause", ["outage", "stop"])
def test_what_is_late_is_not_asked_in_the_hours_that_it_skips(database: Path, parser: ParserPool, cause: str) -> None:
    # trust: C17, FRB024
    hours = frozenset(range(13, 24))
    told = "".join(f"<hour>{hour}</hour>" for hour in hours)
    channel = f"<ttl>75</ttl><skipHours>{told}</skipHours>"
    skipping = Site(host="skips", stamps=ETAG, channel=channel, every=None, skip_hours=hours)
    others = [Site(host=f"other-{n}", stamps=ETAG, every=None) for n in range(8)]
    with open_world([skipping, *others], database=database, parser=parser, step=MINUTE) as world:
        world.run(until=2 * HOUR)  # 12:00, and it is due soon
        world.network.is_cut = cause == "outage"
        if cause == "outage":
            world.run(until=5 * HOUR)
        else:
            world.clock.now += 3 * HOUR
            world.restart()
        world.network.is_cut = False
        world.run(until=8 * HOUR)
        record = world.finish()
    late = [visit for visit in record.of("skips") if visit.at.hour in hours]
    assert not late, f"{late[0].at:%H:%M}"
    assert not [sentence for sentence in judge_skips(record) if sentence]


def test_a_program_that_dies_after_each_fetch_does_not_ask_again_at_each_start(
    database: Path, parser: ParserPool
) -> None:
    # trust: FRB037
    class Died(BaseException):
        pass

    def die(step: str) -> None:
        if step == "parsed":
            raise Died

    with open_world([Site(host="poison", stamps=both)], database=database, parser=parser, step=5 * MINUTE) as world:
        for _ in range(12):
            world.hook = die
            if world.due()["poison"] <= world.clock.now:
                with pytest.raises(Died):
                    world.poll()
            world.clock.now += 5 * MINUTE
            world.restart()
        asked = Counter(visit.site.host for visit in world.record.visits)
    assert asked["poison"] <= 5, f"asked {asked['poison']} times within an hour"
