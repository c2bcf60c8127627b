"""Net: the body of a reply, inflated piece by piece and bounded. httpx 0.28 inflates a piece whole: 3 kB can become
gigabytes. # trust: D04
"""

import contextlib
import zlib
from collections.abc import Iterable, Iterator
from typing import Final

import httpx

from reformwatch.model.problem import ProblemCode
from reformwatch.net.errors import ErrorKind, RequestError

_PIECE_BYTES: Final = 65_536
_GZIP_MAGIC: Final = b"\x1f\x8b"


class CutShort(zlib.error):
    """A compressed body ends too early."""


def whole_body(response: httpx.Response, limit: int) -> bytes:
    """A body of at most ``limit`` bytes, inflated. Raises RequestError where it is larger, zlib.error where broken."""
    body = bytearray()
    for piece in _pieces(response, limit):
        body += piece
        if len(body) > limit:
            raise RequestError(ErrorKind.TOO_LARGE, ProblemCode.TOO_LARGE, limit_kb=limit // 1024)
    return bytes(body)


def beginning_of_body(response: httpx.Response, limit: int) -> bytes:
    """The first ``limit`` bytes of a body whose status says enough: what can't be inflated is left out."""
    body = bytearray()
    with contextlib.suppress(zlib.error):
        for piece in _pieces(response, limit, is_strict=False):
            body += piece
            if len(body) >= limit:
                break
    return bytes(body[:limit])


def _pieces(response: httpx.Response, limit: int, *, is_strict: bool = True) -> Iterator[bytes]:
    """The body as it comes in, inflated. Another encoding than gzip: RequestError, or nothing where not strict."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding in {"", "identity"}:
        return response.iter_raw()
    if encoding in {"gzip", "x-gzip"}:
        return _inflated(response.iter_raw(), limit)
    if not is_strict:
        return iter(())
    raise RequestError(ErrorKind.PROTOCOL, ProblemCode.ENCODING_NOT_ASKED, encoding=encoding[:40])


def _inflated(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """gzip members inflated piece by piece; at most ``limit`` and one piece more ever exist."""
    inflater = _new_inflater()
    total, is_empty, held = 0, True, b""
    for chunk in chunks:
        rest, held = held + chunk, b""
        is_empty = is_empty and not rest
        while rest:
            if inflater.eof:
                if rest == _GZIP_MAGIC[:1]:
                    held = rest  # half a mark: the next chunk shows whether another member begins
                    break
                if not rest.startswith(_GZIP_MAGIC):
                    return  # padding after the last member
                inflater = _new_inflater()
            piece = inflater.decompress(rest, _PIECE_BYTES)
            total += len(piece)
            yield piece
            if total > limit:
                return
            rest = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
    while not inflater.eof and (piece := inflater.decompress(inflater.unconsumed_tail, _PIECE_BYTES)):
        yield piece
    if not inflater.eof and not is_empty:
        raise CutShort


def _new_inflater() -> "zlib._Decompress":
    return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
