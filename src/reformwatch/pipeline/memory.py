"""Pipeline: what a process keeps of the memory that it no longer needs (glibc; elsewhere nothing happens)."""

import contextlib
import ctypes
from typing import Final

# malloc.h
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8

_HEAPS: Final = 2
_BLOCK_BYTES: Final = 256 << 10


def keep_little() -> None:
    """Let threads share two heaps, and give each large block back as soon as it is free.

    By default each of many threads gets a heap of its own, which keeps what its largest document ever needed; and after
    the first large block, blocks of up to 32 MB are cut out of the heaps, where a small one behind them keeps them.
    # trust: F07
    """
    with contextlib.suppress(OSError, AttributeError):
        glibc = ctypes.CDLL(None)
        glibc.mallopt(_M_ARENA_MAX, _HEAPS)
        glibc.mallopt(_M_MMAP_THRESHOLD, _BLOCK_BYTES)


def give_back() -> None:
    """Return to the system what is free in the heaps, also in their midst. Takes milliseconds."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
