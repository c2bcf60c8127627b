"""Documents: the main text of an article's page, for feeds whose entries are only teasers.

trafilatura tells it from menus, teasers and comments. It is given a tree that was bounded before, and its fast way:
the other one asks two more extractors, of which one knows no Kazakh and one takes long on odd pages.
"""

import re
from typing import Any, Final

from reformwatch.documents.feed import MAX_CONTENT
from reformwatch.documents.html import page_text, page_tree
from reformwatch.documents.limits import RefusedMarkup
from reformwatch.text import clean, clean_line

#: A short report has more; what is shorter is a caption, a cookie notice or a wall.
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
#: A wall says what it is in few words; an article that begins like one has more.
_MAX_WALL: Final = 1_500


def extract_text(body: bytes, *, url: str, content_type: str | None = None) -> str | None:
    """The plain text of the article on a page, at most ``MAX_CONTENT`` characters; None where there is none.

    There is none where the page is not HTML, has less than ``MIN_TEXT`` characters of running text, is a wall
    (“Just a moment...”), or would hurt a parser.
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
    return text if _runs(text) and not is_wall else None


def _runs(text: str) -> bool:
    """Whether a text is long enough, and letters for the most part."""
    return len(text) >= MIN_TEXT and sum(map(str.isalpha, text)) > len(text) / 2


def _may_be_html(content_type: str | None) -> bool:
    kind = (content_type or "").partition(";")[0].strip().lower()
    return kind in {"", "text/html", "application/xhtml+xml", "text/plain", "application/octet-stream"}


def _without_ballast(tree: Any) -> Any:
    """The tree without scripts and attributes that are too long: trafilatura reads some as documents of their own."""
    for element in tree.iter():
        if element.tag == "script" and len(element.text or "") > _MAX_SCRIPT:
            element.text = None
        for name, value in element.items():
            if len(value) > _MAX_ATTRIBUTE:
                del element.attrib[name]
    return tree


def _main_text(tree: Any, url: str) -> str:
    from trafilatura import extract  # a heavy import, for those who asked for whole texts only

    try:
        found = extract(tree, url=url, fast=True, include_comments=False, include_tables=True)
    except Exception:  # noqa: BLE001 - an extractor's bug on an odd page: the entry keeps its teaser
        return ""
    return clean(found or "", limit=MAX_CONTENT)
