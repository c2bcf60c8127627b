"""Ground: foreign text, made safe to store and to show."""

import re
import unicodedata
from typing import Final

#: C0 and C1 controls other than tab and newline, NUL, bidi overrides and isolates, word joiners, BOM, tag characters,
#: lone surrogates, the two marks of our own messages. Zero-width joiners stay (they belong to some scripts) but never
#: in floods.
_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\uffff\ue000\ue001"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_LINE_BREAKS: Final = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_JOINER_FLOOD: Final = re.compile("([\u200c\u200d\u034f])[\u200c\u200d\u034f]+")
_SPACES: Final = re.compile(r"[ \t\u00a0\u2000-\u200a\u202f\u3000]+")
_MARK_FLOOD: Final = re.compile(r"(?:[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff]){5,}")

#: All characters that the patterns above match, except blanks and ends of lines. Most texts have none of them, so that
#: a single search is enough.
_UNUSUAL: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\xa0\u0300-\u036f\u0483-\u0489\u061c\u1ab0-\u1aff\u2000-\u200f\u2028-\u202f\u2060-\u2069"
    "\u20d0-\u20ff\u3000\ufeff\ufff9-\uffff\ue000\ue001\ud800-\udfff\U000e0000-\U000e007f]"
)

ELLIPSIS: Final = "…"


def clean(text: str, *, limit: int) -> str:
    """Lines of plain text without control characters, bidi overrides and double spaces.

    ``limit`` counts characters; a cut text ends with an ellipsis. Text is also cut before it is cleaned, so that the
    time depends on ``limit`` and not on the length of ``text``.
    """
    text = text[: 4 * limit + 64]
    if _UNUSUAL.search(text):
        text = _LINE_BREAKS.sub("\n", text)
        text = _UNSAFE.sub("", text)
        text = _JOINER_FLOOD.sub(r"\1", text)
        text = _MARK_FLOOD.sub("", text)
        text = _SPACES.sub(" ", text)
    elif "  " in text:
        text = _SPACES.sub(" ", text)
    if "\n" in text:
        text = "\n".join([line for raw in text.split("\n") if (line := raw.strip(" "))])
    text = text.strip()
    return shorten(unicodedata.normalize("NFC", text), limit=limit)


def clean_line(text: str, *, limit: int) -> str:
    """As :func:`clean`, with all line breaks replaced by spaces."""
    return shorten(" ".join(clean(text, limit=2 * limit).split()), limit=limit)


def shorten(text: str, *, limit: int) -> str:
    """``text`` if it has at most ``limit`` characters, else its beginning with an ellipsis, cut at a word if near."""
    if len(text) <= limit:
        return text
    if limit < 1:
        return ""
    head = text[: limit - 1]
    space = head.rfind(" ")
    is_near = space > max(limit - 30, limit // 2)
    return (head[:space] if is_near else head).rstrip() + ELLIPSIS


def without_surrogates(text: str) -> str:
    """Text that can be encoded as UTF-8: lone surrogates are left out."""
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "ignore").decode("utf-8")
    return text


def printable(text: str) -> str:
    """Text for a terminal or a log line: characters that are not printable are written as escapes. # trust: D27."""
    return "".join(
        " " if c in "\u00a0\u202f" else c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode()
        for c in text
    )


def header_safe(text: str, *, limit: int) -> str:
    """Untrusted text for a mail header: a single line without controls and without encoded-words (RFC 2047).

    The text is cleaned first: a character that cleaning removes between ``=`` and ``?`` would otherwise join them.
    # trust: D15, E15
    """
    return shorten(clean_line(text, limit=limit).replace("=?", "= ?"), limit=limit)
