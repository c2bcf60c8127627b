"""Documents: the main text of an article's page, for feeds whose entries are only teasers.

trafilatura separates it from menus, teasers and comments. It gets a tree of bounded size, in its fast mode: its other
mode also runs two more extractors, one without support for Kazakh and one that is slow on odd pages.
"""

import re
from typing import Any, Final

from reformwatch.documents.feed import MAX_CONTENT
from reformwatch.documents.html import page_text, page_tree
from reformwatch.documents.limits import RefusedMarkup
from reformwatch.text import clean, clean_line

#: In characters. A short report is longer; a shorter text is a caption, a cookie notice or a wall.
MIN_TEXT: Final = 200

_MAX_ATTRIBUTE: Final = 500
_MAX_SCRIPT: Final = 50_000
#: A whole title, or its beginning up to a mark: "Access denied | The Courier", but not "Access denied to 500 voters".
_WALL: Final = re.compile(
    r"(?:just a moment|attention required|access (?:to this page )?(?:has been |is )?denied|security check|robot check"
    r"|are you a (?:robot|human)|(?:please )?verify (?:that )?you are (?:a )?human|checking your browser"
    r"|pardon our interruption|ddos-guard|captcha|(?:page )?not found|forbidden|service (?:temporarily )?unavailable"
    r"|(?:error )?(?:40[134]|429|50[0234])(?: (?:error|forbidden|not found|unauthorized|too many requests|bad gateway"
    r"|internal server error|service unavailable|gateway time-?out))?"
    r"|один момент|доступ (?:ограничен|запрещ[её]н)|проверка браузера|страница не найдена|вы не робот"
    r"|un momento|acceso denegado|página no encontrada|бет табылмады|қолжетімділік шектелген)"
    r"\s*(?:$|[.!…?|:–—-])",
    re.IGNORECASE,
)
#: In characters. The text of a wall is short; an article with such a title is longer.
_MAX_WALL: Final = 1_500


def extract_text(body: bytes, *, url: str, content_type: str | None = None) -> str | None:
    """The plain text of the article on a page, at most ``MAX_CONTENT`` characters; None where there is none.

    There is none where the page is not HTML, has less than ``MIN_TEXT`` characters of running text, is a wall
    (“Just a moment...”), or is refused by :mod:`limits`.
    """
    if not _may_be_html(content_type):
        return None
    try:
        tree = page_tree(page_text(body, content_type))
    except RefusedMarkup:
        return None
    if tree is None or tree.find("body") is None:
        return None
    text = _main_text(_without_ballast(tree), url)
    title = clean_line(tree.findtext(".//title") or "", limit=100)
    is_wall = len(text) < _MAX_WALL and _WALL.match(title) is not None
    return text if _is_running_text(text) and not is_wall else None


def _is_running_text(text: str) -> bool:
    """Whether a text is long enough, and over half of it are letters."""
    return len(text) >= MIN_TEXT and sum(map(str.isalpha, text)) > len(text) / 2


def _may_be_html(content_type: str | None) -> bool:
    kind = (content_type or "").partition(";")[0].strip().lower()
    return kind in {"", "text/html", "application/xhtml+xml", "text/plain", "application/octet-stream"}


def _without_ballast(tree: Any) -> Any:
    """The tree without long scripts and attributes, which trafilatura would parse as documents of their own."""
    for element in tree.iter():
        if element.tag == "script" and len(element.text or "") > _MAX_SCRIPT:
            element.text = None
        for name, value in element.items():
            if len(value) > _MAX_ATTRIBUTE:
                del element.attrib[name]
    return tree


def _main_text(tree: Any, url: str) -> str:
    from trafilatura import extract  # a heavy import, needed for feeds with full text only

    try:
        text = extract(tree, url=url, fast=True, include_comments=False, include_tables=True)
    except Exception:  # noqa: BLE001 - an extractor's bug on an odd page: the entry keeps its teaser
        return ""
    return clean(text or "", limit=MAX_CONTENT)
