"""Do the tests see it when the heart of the program is broken? ``python tests/mutations.py [WORD ...]``

Copies the project to a temporary folder, breaks one thing there at a time, and runs the tests that should notice. Words
choose the mutations whose name has one of them. Ends with 1 where one survives.

A mutation is a small change of one place: a bound moved by one, a condition left out. Its old text must stand in the
source exactly once; where that changes, so must this list.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[1]
#: Where the sources are, by the names that are used below.
SOURCES: Final = {
    "alerts": "src/reformwatch/planning/alerts.py",
    "conditional": "src/reformwatch/net/conditional.py",
    "deliver": "src/reformwatch/pipeline/deliver.py",
    "evaluate": "src/reformwatch/matching/query/evaluate.py",
    "grammar": "src/reformwatch/matching/query/grammar.py",
    "kazakh": "src/reformwatch/language/kazakh.py",
    "limiter": "src/reformwatch/net/host_limiter.py",
    "match": "src/reformwatch/matching/index.py",
    "notifications": "src/reformwatch/store/notifications.py",
    "outbox": "src/reformwatch/store/outbox.py",
    "plan": "src/reformwatch/planning/poll_plan.py",
    "plans": "src/reformwatch/store/plans.py",
    "flow": "src/reformwatch/pipeline/fetch_flow.py",
    "retry": "src/reformwatch/planning/retry.py",
    "route": "src/reformwatch/pipeline/route.py",
    "routing": "src/reformwatch/planning/routing.py",
    "schedule": "src/reformwatch/planning/schedule.py",
    "urls": "src/reformwatch/urls.py",
    "webhook": "src/reformwatch/channels/webhook.py",
}
#: Where the tests are, by the names that are used below.
TESTS: Final = {
    "alerts": "tests/planning/test_alerts.py",
    "conditional": "tests/net/test_conditional.py",
    "deliverer": "tests/pipeline/test_deliver.py",
    "evaluate": "tests/matching/test_query_evaluate.py",
    "grammar": "tests/matching/test_query_grammar.py",
    "language": "tests/language/test_forms.py",
    "politeness": "tests/net/test_host_limiter.py",
    "notifications": "tests/store/test_notifications.py",
    "outbox": "tests/store/test_outbox.py",
    "plan": "tests/planning/test_poll_plan.py",
    "plans": "tests/store/test_plans.py",
    "reading": "tests/e2e/test_reading.py",
    "route": "tests/pipeline/test_route.py",
    "routing": "tests/planning/test_routing.py",
    "schedule": "tests/planning/test_schedule_retry.py",
    "urls": "tests/test_urls_text.py",
    "webhook": "tests/channels/test_webhook_channel.py",
}
#: The quick ones, on one kind of database, in one order, until the first that fails.
PYTEST: Final = [
    sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", "-m", "not slow",
    "-k", "not postgresql",
]  # fmt: skip
PATIENCE_S: Final = 600
_IS_FAILED: Final = 1


class Mutation(NamedTuple):
    """What is broken: in a source, one text for another; the tests that should notice."""

    name: str
    source: str
    old: str
    new: str
    tests: str


MUTATIONS: Final = [
    # routing
    Mutation(
        "a slice begins with the first follower again",
        "notifications", "t.subscribers.c.id > alert.after", "t.subscribers.c.id > 0", "notifications",
    ),
    Mutation(
        "an alert is routed after its first slice",
        "route", "if len(subscribers) < size:", "if True:", "route",
    ),
    Mutation(
        "a paused subscriber is notified",
        "routing", "if subscriber.state is SubscriberState.PAUSED:", "if False:", "routing",
    ),
    Mutation(
        "a summary is suppressed where one of its stories was heard",
        "routing", "all(notified_of) and bool(notified_of)", "any(notified_of)", "routing",
    ),
    Mutation(
        "a known story is an alert though nobody is left",
        "alerts", "else Code.NOBODY_LEFT", "else None", "alerts",
    ),
    # matching
    Mutation(
        "NEAR reaches one word further forward",
        "evaluate", "+ node.distance + 1, key=_first", "+ node.distance + 2, key=_first", "evaluate",
    ),
    Mutation(
        "NEAR reaches one word further back",
        "evaluate", "- node.distance, key=_last", "- node.distance - 1, key=_last", "evaluate",
    ),
    Mutation("ONEAR takes either order", "evaluate", "if node.ordered", "if False", "evaluate"),
    Mutation(
        "NOT is always met",
        "evaluate", "return not _is_met(node.child, text, scope, ranges)", "return True", "evaluate",
    ),
    Mutation(
        "a phrase lets a word stand between",
        "evaluate", "for at in starts if at + i in places]", "for at in starts if {at + i, at + i + 1} & places]",
        "evaluate",
    ),
    Mutation("a prefix may have three letters", "grammar", "MIN_PREFIX: Final = 4", "MIN_PREFIX: Final = 3", "grammar"),
    Mutation(
        "all of a text is its first sentence",
        "match", "if is_sentence and stop.start() > 0:", "if False:", "evaluate",
    ),
    Mutation(
        "all of a headline is its first subject",
        "match", "return at if at > 0 else len(title)", "return len(title)", "evaluate",
    ),
    Mutation(
        "Kazakh endings need no harmony",
        "kazakh", "return not harmony.isdisjoint(vowels)", "return True", "language",
    ),
    # planning
    Mutation("a first poll is no baseline", "alerts", "if not feed.has_baseline:", "if False:", "plan"),
    Mutation("nothing is late", "alerts", "if seen < now - late_after:", "if False:", "plan"),
    Mutation(
        "a burst begins one story sooner",
        "alerts", "len(alerts) > burst_limit", "len(alerts) >= burst_limit", "alerts",
    ),
    Mutation(
        "a guid that is used again is the old entry",
        "plan", "if known is not None and _is_reused(entry, known):", "if False:", "plan",
    ),
    Mutation("a story is told as often as it comes", "routing", "if was_notified:", "if False:", "routing"),
    Mutation(
        "the ledger of who has heard is not asked",
        "notifications",
        "t.notified.c.story_id.in_(chunk)",
        "sa.false()",
        "notifications",
    ),
    Mutation(
        "all are told of mentions",
        "routing", "if not is_about and not subscriber.wants_mentions:", "if False:", "routing",
    ),
    # when to ask again, and how
    Mutation("jitter shortens a wait", "schedule", "(1 + 0.1 * jitter)", "(1 - 0.1 * jitter)", "schedule"),
    Mutation(
        "a failing server's Retry-After is not obeyed",
        "schedule", "hinted_waits = [outcome.hints.retry_after] if", "hinted_waits = [] if", "schedule",
    ),
    Mutation(
        "no gap between two requests to a host",
        "limiter", "self._free_at[host] = now + gap_s", "self._free_at[host] = now", "politeness",
    ),
    Mutation(
        "two requests to a host at once",
        "limiter", 'return float("inf")', "return 0.0", "politeness",
    ),
    Mutation(
        "a 304 brings validators",
        "conditional", "return NotModified(hints=hints, moved_to=moved_to)",
        'return NotModified(hints=hints, moved_to=moved_to, validators=Validators(etag=reply.header("etag")))',
        "conditional",
    ),
    Mutation(
        "an error page is taken for a feed, with its validators",
        "conditional", "if reply.status != 200:\n        kind", "if reply.status >= 500:\n        kind", "conditional",
    ),
    Mutation("one page of an entry more", "flow", "ENTRY_PAGES: Final = 30", "ENTRY_PAGES: Final = 31", "reading"),
    Mutation("one older page more", "flow", "OLDER_PAGES: Final = 10", "OLDER_PAGES: Final = 11", "reading"),
    # delivering
    Mutation("nine attempts instead of ten", "retry", "Final = len(WAITS) + 1", "Final = len(WAITS)", "schedule"),
    Mutation("410 is tried again", "webhook", "if status == 410:", "if False:", "webhook"),
    Mutation(
        "a stale token settles",
        "outbox", ', t.deliveries.c.lease_token == sa.bindparam("our_token"))',
        ', sa.bindparam("our_token", type_=sa.Text).is_not(None))', "outbox",
    ),
    Mutation(
        "a lease holds for ever",
        "outbox", "t.deliveries.c.lease_until <= now)", "sa.false())", "outbox",
    ),
    Mutation(
        "a lease holds nobody off",
        "outbox", "t.deliveries.c.lease_until <= now)", "sa.true())", "outbox",
    ),
    Mutation(
        "one sending of a subscriber more at once",
        "deliver", "_SENDING_PER_SUBSCRIBER: Final = 8", "_SENDING_PER_SUBSCRIBER: Final = 9", "deliverer",
    ),
    # addresses
    Mutation("nothing is tracking", "urls", "    return lowered in _TRACKING_NAMES or", "    return False and", "urls"),
    Mutation(
        "a fragment makes another page",
        "urls", 'return parts.fragment if parts.fragment.startswith("!") else ""', "return parts.fragment", "urls",
    ),
]  # fmt: skip


def main(words: list[str]) -> int:
    """Try them; the exit code."""
    chosen = [one for one in MUTATIONS if not words or any(word in one.name for word in words)]
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        copy = copied(Path(folder) / "project")
        if run(copy, sorted({one.tests for one in chosen})) != 0:
            say("the tests fail as they are; nothing was tried")
            return 1
        outcomes = [tried(copy, one) for one in chosen]
    killed = outcomes.count("killed")
    say(f"{killed} of {len(chosen)} killed")
    return 0 if killed == len(chosen) else 1


def copied(target: Path) -> Path:
    """The project without what tools left in it."""
    left_out = shutil.ignore_patterns(".*", "__pycache__", "dist", "build")
    shutil.copytree(ROOT, target, ignore=left_out, symlinks=True)
    return target


def tried(copy: Path, mutation: Mutation) -> str:
    """What became of a mutation."""
    path = copy / SOURCES[mutation.source]
    text = path.read_text(encoding="utf-8")
    began = time.monotonic()
    if text.count(mutation.old) != 1:
        outcome = f"NOT TRIED, {SOURCES[mutation.source]} has its text {text.count(mutation.old)} times"
    else:
        path.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
        code = run(copy, [mutation.tests])
        path.write_text(text, encoding="utf-8")
        outcome = {_IS_FAILED: "killed", 0: "SURVIVED"}.get(code, f"NOT TRIED, pytest ended with {code}")
    say(f"{outcome:8}  {mutation.name} ({TESTS[mutation.tests]}, {time.monotonic() - began:.0f} s)")
    return outcome


def run(copy: Path, tests: list[str]) -> int:
    """How pytest ends in the copy; as after a failure where it does not end."""
    paths = [TESTS[name] for name in tests]
    # no .pyc: two versions of a file within a second, of one length, would share one
    settings = {"PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        return subprocess.run(
            [*PYTEST, *paths], cwd=copy, env=os.environ | settings, stdout=subprocess.DEVNULL, timeout=PATIENCE_S,
            check=False,
        ).returncode  # fmt: skip
    except subprocess.TimeoutExpired:
        return _IS_FAILED


def say(line: str) -> None:
    """A line, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
