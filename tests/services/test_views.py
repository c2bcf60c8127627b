"""Services, views: the one form in which a thing is shown, and its JSON."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import ClassVar

import pytest

from conftest import ROOT
from reformwatch.cli.output import emit_json
from reformwatch.model.feed import FeedKind
from reformwatch.services import views
from reformwatch.services.views import View, as_json


class Inner(View, frozen=True, kw_only=True):
    """A part of a view."""

    aside: ClassVar = frozenset({"sentence"})

    zeta: FeedKind
    alpha: timedelta | None
    sentence: str = "for a person"


class Outer(Inner, frozen=True, kw_only=True):
    """A view with everything a view may hold; what ``Inner`` has stands first."""

    at: datetime
    week: date
    parts: tuple[Inner, ...]
    by_kind: Mapping[FeedKind, int]


INNER = Inner(zeta=FeedKind.OFFICIAL, alpha=None)
OUTER = Outer(
    zeta=FeedKind.AGENCY,
    alpha=timedelta(minutes=1, milliseconds=600),
    at=datetime(2022, 3, 12, 10, 0, tzinfo=UTC),
    week=date(2022, 3, 7),
    parts=(INNER,),
    by_kind={FeedKind.FOREIGN: 2},
)


def test_times_lengths_and_enums_are_written_in_one_way_each() -> None:
    assert as_json(OUTER) == {
        "zeta": "agency",
        "alpha": 61,
        "at": "2022-03-12T10:00:00+00:00",
        "week": "2022-03-07",
        "parts": [{"zeta": "official", "alpha": None}],
        "by_kind": {"foreign": 2},
    }
    east = datetime(2022, 3, 12, 16, 0, 0, 5, tzinfo=timezone(timedelta(hours=6)))
    assert as_json([east]) == ["2022-03-12T16:00:00.000005+06:00"]


def test_json_has_the_fields_of_a_view_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    emit_json([OUTER])
    [printed] = json.loads(capsys.readouterr().out)
    assert list(printed) == ["zeta", "alpha", "at", "week", "parts", "by_kind"]


ALL_VIEWS = [kind for kind in vars(views).values() if isinstance(kind, type) and issubclass(kind, View)]


@pytest.mark.parametrize("view", [kind for kind in ALL_VIEWS if kind is not View], ids=lambda kind: kind.__name__)
def test_every_view_is_made_by_a_service(view: type[View]) -> None:
    modules = [path for path in (ROOT / "src/reformwatch/services").glob("*.py") if path.stem != "views"]
    assert any(re.search(rf"\b{view.__name__}\(", path.read_text(encoding="utf-8")) for path in modules)


@pytest.mark.parametrize("view", ALL_VIEWS, ids=lambda kind: kind.__name__)
def test_what_a_view_leaves_out_of_its_json_is_one_of_its_fields(view: type[View]) -> None:
    assert view.aside <= set(view.__struct_fields__)
