"""Documents: the decoding of a document's bytes.

Encodings are tried in this order: that of the first bytes (byte-order mark), then feedparser's order: that of HTTP,
that of the document's declaration, UTF-8, Windows-1252. It is done here and not by the parser, so that all checks read
the same text as the parser.
# trust: D02, D10
"""

import codecs
import re
from collections.abc import Iterator
from typing import Final

from reformwatch.documents.limits import RefusedMarkup
from reformwatch.model.problem import ProblemCode

#: The longer marks first: UTF-32's begins with UTF-16's.
_MARKS: Final = (
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (b"\x00<\x00?", "utf-16-be"),
    (b"<\x00?\x00", "utf-16-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00\x00\x00", "utf-32-le"),
)
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?([^\"';\s]{1,60})", re.IGNORECASE)
_DECLARED: Final = re.compile(rb"\s*<\?xml[^<>]{0,500}?encoding\s*=\s*[\"']([^\"'<>]{1,60})", re.IGNORECASE)
_DECLARATION: Final = re.compile(r"\s*(?:<\?xml\s[^<>]*>)?", re.IGNORECASE)
_WIDE: Final = ("utf-16", "utf-32")
#: In an encoding that reads these bytes as other characters, markup can be hidden from a scan of bytes.
_PROBE: Final = rb"""<>&;/!?-=+[]:'" abcxyzABCXYZ0189 +ADw- \x3c \u003c"""

#: References to surrogates and to what lies beyond Unicode, in a row: &#55357;&#56842; is one emoji. The pattern begins
#: with plain characters, outside of the group, since a search for these is thirty times as fast.
_DIGITS: Final = r"(?:[xX](?:[dD][89a-fA-F][0-9a-fA-F]{2}|[0-9a-fA-F]{5,})|5[5-7][0-9]{3}|[0-9]{6,})(?![0-9a-fA-F]);?"
_IMPOSSIBLE: Final = re.compile(rf"&#{_DIGITS}(?:&#{_DIGITS})*")
_REFERENCE: Final = re.compile(r"&#([xX]?)0*([0-9a-fA-F]*)")


def decoded(body: bytes, content_type: str | None = None) -> str:
    """The text of an XML document without byte-order mark and NUL, otherwise unchanged.

    ``content_type`` is the header of the reply; None: there was none. Raises RefusedMarkup for encodings that can hide
    markup (UTF-7, EBCDIC).
    """
    for encoding in _candidates(body, content_type):
        text = _strictly(body, encoding)
        if text is not None and ("<" in text or not encoding.startswith(_WIDE)):
            return text.lstrip("\ufeff").replace("\x00", "")
    return _tolerantly(body).lstrip("\ufeff").replace("\x00", "")


def without_declaration(text: str) -> str:
    """A document without its ``<?xml ...?>`` and the blanks before it: decoded text has no encoding to declare."""
    match = _DECLARATION.match(text)
    return text[match.end() :] if match else text


def without_impossible_references(text: str) -> str:
    """A text with joined references to surrogate pairs; those to lone surrogates and beyond Unicode are left out."""
    return _IMPOSSIBLE.sub(_joined, text)


def _joined(match: re.Match[str]) -> str:
    codes = [_code(hex_mark, digits) for hex_mark, digits in _REFERENCE.findall(match.group())]
    units = "".join(chr(code) for code in codes if code < 0x110000)
    characters = units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return "".join(f"&#{ord(character)};" for character in characters)


def _code(mark: str, digits: str) -> int:
    return 0x110000 if len(digits) > 7 else int(digits or "0", 16 if mark else 10)


def _candidates(body: bytes, content_type: str | None) -> Iterator[str]:
    yield from (encoding for first_bytes, encoding in _MARKS if body.startswith(first_bytes))
    if from_http := _CHARSET.search(content_type or ""):
        yield from _usable(from_http.group(1))
    if from_document := _DECLARED.match(body[:1024]):
        yield from _usable(from_document.group(1).decode("ascii", "replace"))
    yield "utf-8"


def _usable(name: str) -> Iterator[str]:
    """The encoding of this name; nothing where Python has none. Raises RefusedMarkup where it can hide markup."""
    try:
        encoding = codecs.lookup(name).name
        is_plain = encoding.startswith(_WIDE) or _PROBE.decode(encoding) == _PROBE.decode("ascii")
    except UnicodeError:
        is_plain = False
    except (LookupError, ValueError):
        return
    if not is_plain:
        raise RefusedMarkup(ProblemCode.MARKUP_REFUSED_ENCODING, encoding=name[:40])
    if encoding != "ascii":  # a default of servers; then the encoding that the document declares is used
        yield "gb18030" if encoding == "gb2312" else encoding


def _strictly(body: bytes, encoding: str) -> str | None:
    """The text if all of it is in this encoding, else None; an incomplete character at the end is left out."""
    try:
        return codecs.getincrementaldecoder(encoding)("strict").decode(body)
    except (UnicodeError, LookupError):
        return None


def _tolerantly(body: bytes) -> str:
    """The text in UTF-8 if its non-ASCII characters are over ten times its invalid bytes, else in Windows-1252."""
    text = body.decode("utf-8", "replace")
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    is_utf8 = beyond_ascii > 10 * text.count("\ufffd")
    return text if is_utf8 else body.decode("cp1252", "replace")
