"""What becomes of documents that hurt parsers: each goes through a worker process as in a poll; a summary is printed.

python benchmarks/hostile.py [FOLDER ...]     (default: ../shared/data/hostile and feeds_captured, where they are)
"""

import argparse
import resource
import threading
import time
from collections import Counter
from pathlib import Path

from reformwatch.model.entry import ParsedFeed, Unreadable
from reformwatch.model.feed import Fetched, Validators
from reformwatch.pipeline.parsing import ParserPool

ROOT = Path(__file__).parents[1]
FOLDERS = (ROOT.parent / "shared/data/hostile", ROOT.parent / "shared/data/feeds_captured")
SLOW_S = 1.0


def outcome_of(parsed: ParsedFeed | Unreadable | None) -> str:
    """A kind of outcome, without what differs from document to document."""
    if parsed is None:
        return "NOT PARSED: the pool broke"
    if isinstance(parsed, ParsedFeed):
        return f"a feed ({parsed.format})"
    return f"unreadable: {parsed.problem.code.value}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, default=FOLDERS)
    folders = [folder for folder in parser.parse_args().folders if folder.is_dir()]
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    if not files:
        print("no documents: give a folder of them")
        return
    outcomes: Counter[str] = Counter()
    slow: list[tuple[float, Path]] = []
    started = time.perf_counter()
    with ParserPool(workers=1) as pool:
        for path in files:
            took, parsed = parse(pool, path)
            outcomes[outcome_of(parsed)] += 1
            if took > SLOW_S:
                slow.append((took, path))
    print(f"{len(files)} documents in {time.perf_counter() - started:.0f} s, one after another, in a worker process\n")
    for kind, count in outcomes.most_common():
        print(f"{count:6}  {kind}")
    print(f"\nslower than {SLOW_S:g} s: {len(slow)}")
    for took, path in sorted(slow, reverse=True)[:10]:
        print(f"  {took:5.1f} s  {path.stat().st_size:10,} bytes  {path.name}")
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    killed = sum(n for kind, n in outcomes.items() if "takes more than" in kind or "makes the parser die" in kind)
    print(f"workers that had to be killed, or died: {killed}")


def parse(pool: ParserPool, path: Path) -> tuple[float, ParsedFeed | Unreadable | None]:
    """One document through the pool: seconds, and what came of it."""
    done = threading.Event()
    found: list[ParsedFeed | Unreadable | None] = []

    def keep(parsed: ParsedFeed | Unreadable | None) -> None:
        found.append(parsed)
        done.set()

    fetched = Fetched(
        body=path.read_bytes(), body_hash="", url="http://example.org/feed", content_type=None, validators=Validators()
    )
    started = time.perf_counter()
    pool.submit(fetched, keep)
    done.wait()
    return time.perf_counter() - started, found[0]


if __name__ == "__main__":
    main()
