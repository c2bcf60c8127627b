"""Ground: what is wrong with a feed, its document or its hub, as a code with its facts.

Codes are stored and compared; the sentence is made where it is shown (``messages.problems``).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Self

from msgspec import field
from msgspec.structs import force_setattr

from reformwatch.model.value import Value

Fact = str | int | float

#: The longest fact, in characters: a fact can be a part of a foreign document.
MAX_FACT: Final = 400


class ProblemCode(StrEnum):
    """Stable names: they are stored in databases and read by scripts. The facts of each are in parentheses."""

    # no whole reply
    NAME_NOT_FOUND = "name_not_found"  # (host)
    NAME_SERVER_SILENT = "name_server_silent"  # (host)
    CONNECTION_FAILED = "connection_failed"  # (host, detail)
    CONNECTION_BROKEN = "connection_broken"  # (host, detail)
    TIMED_OUT = "timed_out"  # (host, seconds)
    CERTIFICATE_REFUSED = "certificate_refused"  # (host, detail)
    NOT_HTTP = "not_http"  # (host, detail)
    REPLY_CUT_SHORT = "reply_cut_short"  # (host)
    TOO_LARGE = "too_large"  # (limit_kb)
    ENCODING_NOT_ASKED = "encoding_not_asked"  # (encoding)
    PRIVATE_ADDRESS = "private_address"  # (host, address)
    TOO_MANY_REDIRECTS = "too_many_redirects"  # (limit, url)
    REDIRECT_TO_HTTP = "redirect_to_http"  # (host, url)
    REDIRECT_UNUSABLE = "redirect_unusable"  # (host, url)
    ADDRESS_UNUSABLE = "address_unusable"  # (url)
    ADDRESS_NOT_WEB = "address_not_web"  # (url)
    PROGRAM_STOPPING = "program_stopping"
    NO_TIME_LEFT = "no_time_left"  # (url)
    NOT_FETCHED = "not_fetched"  # (url)
    PROGRAM_FAULT = "program_fault"  # (error: the exception's name)

    # a reply without a document
    HTTP_STATUS = "http_status"  # (status)
    GONE = "gone"  # (status)
    ROBOTS_BLOCKED = "robots_blocked"  # (status)
    REDIRECT_NOWHERE = "redirect_nowhere"  # (status)
    NOT_MODIFIED_UNASKED = "not_modified_unasked"
    MOVED_TO_KNOWN_FEED = "moved_to_known_feed"  # (url, feed: the number of that feed)

    # a document that is something else
    NOT_A_FEED_EMPTY = "not_a_feed_empty"
    NOT_A_FEED_WEB_PAGE = "not_a_feed_web_page"  # (title, if any)
    NOT_A_FEED_XML = "not_a_feed_xml"  # (element)
    NOT_A_FEED_JSON = "not_a_feed_json"  # (text)
    NOT_A_FEED_BROKEN_JSON = "not_a_feed_broken_json"
    NOT_A_FEED_TEXT = "not_a_feed_text"  # (kind, text)
    NOT_A_SITEMAP_EMPTY = "not_a_sitemap_empty"
    NOT_A_SITEMAP_WEB_PAGE = "not_a_sitemap_web_page"  # (title, if any)
    NOT_A_SITEMAP_XML = "not_a_sitemap_xml"  # (element)
    NOT_A_SITEMAP_FEED = "not_a_sitemap_feed"
    NOT_A_SITEMAP_TEXT = "not_a_sitemap_text"  # (kind, text)
    SITEMAP_INDEX = "sitemap_index"  # (count, links, more: how many are not among the links, if any)
    SITEMAP_INDEX_EMPTY = "sitemap_index_empty"
    NOT_A_PAGE_EMPTY = "not_a_page_empty"
    NOT_A_PAGE_WITHOUT_MARKUP = "not_a_page_without_markup"  # (title, if any)
    NOT_A_PAGE_XML = "not_a_page_xml"  # (element)
    NOT_A_PAGE_TEXT = "not_a_page_text"  # (kind, text)
    SELECTOR_MISSING = "selector_missing"
    SELECTOR_TOO_LONG = "selector_too_long"  # (selector, limit)
    SELECTOR_WRONG = "selector_wrong"  # (selector, detail)
    SELECTOR_FINDS_NOTHING = "selector_finds_nothing"  # (selector; title, if any)
    SELECTOR_FINDS_NO_ENTRIES = "selector_finds_no_entries"  # (selector, count; title, if any)

    # a document that can't be read
    MARKUP_REFUSED_DEPTH = "markup_refused_depth"  # (limit)
    MARKUP_REFUSED_ELEMENTS = "markup_refused_elements"  # (limit)
    MARKUP_REFUSED_ATTRIBUTES = "markup_refused_attributes"  # (element, count, limit)
    MARKUP_REFUSED_WIDE_ELEMENT = "markup_refused_wide_element"
    MARKUP_REFUSED_NAMESPACES = "markup_refused_namespaces"  # (limit)
    MARKUP_REFUSED_ENTITY = "markup_refused_entity"  # (entity)
    MARKUP_REFUSED_BROKEN_ENTITIES = "markup_refused_broken_entities"
    MARKUP_REFUSED_DOCTYPE = "markup_refused_doctype"
    MARKUP_REFUSED_ENCODING = "markup_refused_encoding"  # (encoding)
    PAGE_TOO_LONG = "page_too_long"  # (count, limit)
    GZIP_BROKEN = "gzip_broken"
    GZIP_TOO_LARGE = "gzip_too_large"  # (limit)
    GZIP_CUT_SHORT = "gzip_cut_short"
    PARSER_FAILED = "parser_failed"  # (error: the exception's name)
    PARSER_TIME_LIMIT = "parser_time_limit"  # (seconds)
    PARSER_DIED = "parser_died"
    PARSER_MEMORY = "parser_memory"

    # a hub
    HUB_STATUS = "hub_status"  # (host, status)
    HUB_REFUSED = "hub_refused"  # (reason, if any)
    HUB_MISSED_PUSH = "hub_missed_push"
    HUB_SILENT = "hub_silent"
    HUB_LEASE_ENDED = "hub_lease_ended"

    #: A sentence that an earlier version stored, for which there is no code.
    UNKNOWN = "unknown"  # (text)


class Problem(Value, frozen=True, kw_only=True):
    """What is wrong. ``facts`` are the values for its sentence, each of at most ``MAX_FACT`` characters."""

    code: ProblemCode
    facts: Mapping[str, Fact] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        if any(isinstance(fact, str) and len(fact) > MAX_FACT for fact in self.facts.values()):
            cut = {name: fact[:MAX_FACT] if isinstance(fact, str) else fact for name, fact in self.facts.items()}
            force_setattr(self, "facts", cut)

    @classmethod
    def of(cls, code: ProblemCode, **facts: Fact | None) -> Self:
        """A problem with these facts; those that are None are left out."""
        return cls(code=code, facts={name: fact for name, fact in facts.items() if fact is not None})
