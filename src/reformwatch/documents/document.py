"""Documents: the parsing of the document at a feed's address by its type: a feed, a news sitemap, a web page.

Runs in a worker process that can be killed. The readers and their parsers are imported in that process only, so that
the daemon needs less memory.
"""

from reformwatch.model.entry import ParsedFeed, Unreadable
from reformwatch.model.feed import SourceType
from reformwatch.model.problem import Problem, ProblemCode

#: The modules that parse documents, which a worker imports at its start.
READERS = ("reformwatch.documents.feed", "reformwatch.documents.sitemap", "reformwatch.documents.page")


def read_document(
    body: bytes,
    *,
    url: str,
    content_type: str | None = None,
    source_type: SourceType = SourceType.FEED,
    selector: str | None = None,
) -> ParsedFeed | Unreadable:
    """Parse the body of the reply from ``url``; ``selector`` (CSS) selects the items of a page."""
    match source_type:
        case SourceType.FEED:
            from reformwatch.documents.feed import parse_feed

            return parse_feed(body, url=url, content_type=content_type)
        case SourceType.SITEMAP:
            from reformwatch.documents.sitemap import parse_sitemap

            return parse_sitemap(body, url=url, content_type=content_type)
        case SourceType.PAGE:
            from reformwatch.documents.page import parse_page

            if not selector:
                return Unreadable(problem=Problem.of(ProblemCode.SELECTOR_MISSING))
            return parse_page(body, url=url, selector=selector, content_type=content_type)


def read_article(body: bytes, *, url: str, content_type: str | None = None) -> str:
    """The main text of an article's page; empty where it has none."""
    from reformwatch.documents.fulltext import extract_text

    return extract_text(body, url=url, content_type=content_type) or ""
