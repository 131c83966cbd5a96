"""Platforms that lie: what they say is kept, put aside or refused, the other accounts go on, and the trail holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import pipeline
from collectors.base import Action, Budget, Capabilities, Cursor, Page, Receipt, Standing
from collectors.items import Unreadable, moment, sift, with_fit_ids
from pipeline import Installation
from store import audit
from store.accounts import AccountRow
from store.comments import AuthorRow, RevisionRow
from tests.town import NINE, Town, town
from vocabulary import Author, Comment, OwnReply, Platform, Post

WORDS = "Geiriau preswylydd na ddylid eu gweld"
NO_ZONE = NINE.replace(tzinfo=None)
FARTHEST, NEAREST = timezone(timedelta(hours=14)), timezone(timedelta(hours=-14))


@dataclass
class Liar:
    """A collector whose pages are written by hand; an exception among them is raised in its turn."""

    pages: Sequence[Page | Exception]
    account: str = "dyffryn-fb"
    platform: Platform = Platform.FACEBOOK
    asked: list[Cursor] = field(default_factory=list)

    def streams(self) -> Sequence[str]:
        return ("comments",)

    def fetch(self, stream: str, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        self.asked.append(cursor)
        for page in self.pages:
            if isinstance(page, Exception):
                raise page
            yield page

    def recheck(self, native_ids: Sequence[str]) -> Mapping[str, Standing]:
        return {}

    def capabilities(self) -> Capabilities:
        return Capabilities(frozenset(), 0, proves_absence=False, settles_after=timedelta(minutes=1))

    def length_of(self, text: str) -> int:
        return len(text)

    def reply(self, native_id: str, text: str, *, key: str) -> Receipt:
        raise AssertionError("nobody asks this of it here")

    def act(self, action: Action, native_id: str) -> None:
        raise AssertionError("nobody asks this of it here")

    def own_replies(self, native_id: str, *, since: datetime) -> Sequence[OwnReply]:
        return ()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path) as made:
        yield made


def said(**over: Any) -> Comment:
    facts: dict[str, Any] = dict(
        account="dyffryn-fb", native_id="1", text=WORDS, posted_at=NINE - timedelta(hours=1), author=Author("a", "Mair")
    )
    return Comment(**facts | over)


def lied_to(place: Town, *pages: Page | Exception) -> Installation:
    """The town, where Facebook lies and X does not."""
    liar = Liar(pages)

    def opened(account: AccountRow, now: datetime) -> Any:
        return liar if account.slug == "dyffryn-fb" else place.here.collector(account, now)

    return replace(place.here, collector=opened)


def holds(place: Town) -> bool:
    with place.store.read() as session:
        return (
            audit.verify(session, place.store.audit_key, audit.read_head(place.here.settings.audit_head_file)) is None
        )


UNFIT = ("\ud800", "1\0", "1\n2", "9" * 501, "\x1b[2J", "a\u202eb")


@pytest.mark.parametrize("unfit", UNFIT)
@pytest.mark.parametrize("where", ["native_id", "thread", "in_reply_to", "author"])
def test_an_id_that_no_database_keeps_puts_its_item_aside_and_not_the_page(unfit: str, where: str) -> None:
    fact = Author(unfit) if where == "author" else unfit

    def read(item: Mapping[str, Any], raw: bytes) -> Comment:
        return said(**{"native_id": item["id"]} | ({where: fact} if item["id"] == "2" else {}))

    sifted = sift([{"id": "1"}, {"id": "2"}, {"id": "3"}], read)
    assert [each.native_id for each in sifted.comments] == ["1", "3"]
    assert len(sifted.troubles) == 1
    assert unfit not in sifted.troubles[0].native_id


def test_posts_and_replies_of_ours_have_ids_that_can_be_kept_too() -> None:
    for item in (
        Post(account="a", native_id="\ud800", text="", posted_at=NINE),
        OwnReply(account="a", native_id="1", in_reply_to="\0", text="", posted_at=NINE),
    ):
        with pytest.raises(Unreadable):
            with_fit_ids(item)


@pytest.mark.parametrize(
    "written",
    [
        "0001-01-01T00:00:00+14:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "9999-12-31T00:00:00Z",
        "2026-11-16T09:00:00",
        "2026-02-30T09:00:00Z",
        "",
        "yesterday",
    ],
)
def test_a_time_at_which_nobody_wrote_is_not_a_time(written: str) -> None:
    with pytest.raises(Unreadable):
        moment({"created_time": written}, "created_time")


STRANGE = {
    "half a character in a name": dict(author=Author("a", "Mair \ud800")),
    "a name of a megabyte": dict(author=Author("a", "M" * 1_000_000)),
    "a name that turns its line around": dict(author=Author("a", "Mair\u202e\0\x1b[31m")),
    "half a character in an address": dict(url="https://\udfff"),
    "an address of a megabyte": dict(url="https://x/" + "y" * 1_000_000),
    "a text of a megabyte": dict(text="y " * 500_000),
    "half characters and controls": dict(text="\ud800\0\x1b\u202e y biniau"),
    "no words at all": dict(text=""),
    "a time yet to come": dict(posted_at=datetime(2199, 12, 31, tzinfo=UTC)),
    "the end of time": dict(posted_at=datetime(9999, 12, 31, 23, tzinfo=NEAREST)),
    "nobody": dict(author=None),
}


@pytest.mark.parametrize("over", STRANGE.values(), ids=STRANGE)
def test_a_strange_comment_has_its_case_like_any_other(place: Town, over: dict[str, Any]) -> None:
    here = lied_to(place, Page(Cursor("w"), complete=True, comments=(said(**over),)))
    assert pipeline.collect(here, "dyffryn-fb", now=NINE).new == 1
    assert pipeline.read_waiting(here, now=NINE) == 1
    (case,) = place.cases()
    assert case.due < (NINE + timedelta(days=60)).date()
    with place.store.read() as session:
        name = session.scalar(select(AuthorRow.name)) or ""
    assert len(name) <= 200
    assert not set(name) & set("\ud800\0\x1b\u202e")
    assert holds(place)


BROKEN: dict[str, tuple[Page | Exception, ...]] = {
    "an exception nobody expects": (ValueError(WORDS),),
    "one in the middle": (Page(Cursor("", "p1"), complete=False, comments=(said(),)), RuntimeError(WORDS)),
    "endless nesting": (RecursionError(WORDS),),
    "an id that cannot be kept": (Page(Cursor("w"), complete=True, comments=(said(native_id=f"{WORDS}\ud800"),)),),
    "a time before time": (
        Page(Cursor("w"), complete=True, comments=(said(posted_at=datetime(1, 1, 1, tzinfo=FARTHEST)),)),
    ),
    "an edit before time": (
        Page(Cursor("w"), complete=True, comments=(said(edited_at=datetime(1, 1, 1, tzinfo=FARTHEST)),)),
    ),
    "a time without a zone": (Page(Cursor("w"), complete=True, comments=(said(posted_at=NO_ZONE),)),),
    "an edit without a zone": (Page(Cursor("w"), complete=True, comments=(said(edited_at=NO_ZONE),)),),
}


@pytest.mark.parametrize("pages", BROKEN.values(), ids=BROKEN)
def test_whatever_an_account_provokes_stands_on_its_stream_and_the_others_go_on(
    place: Town, pages: tuple[Page | Exception, ...]
) -> None:
    here = lied_to(place, *pages)
    place.says("Pryd mae'r biniau?", "dyffryn-x")
    now = place.wait(minutes=1)
    told = [pipeline.collect(here, slug, now=now) for slug in ("dyffryn-fb", "dyffryn-x")]
    assert told[0].troubles
    assert told[1].new == 1
    stream = place.streams("dyffryn-fb")["comments"]
    assert stream.failures == 1
    assert stream.watermark == ""
    for written in (stream.trouble, *told[0].troubles):
        assert WORDS not in written
    assert pipeline.read_waiting(here, now=now) == 1 + told[0].new
    assert holds(place)


def test_a_comment_that_is_said_back_and_forth_keeps_every_wording_and_one_case(place: Town) -> None:
    for wording in ("un", "dau", "un", "dau", "un"):
        here = lied_to(place, Page(Cursor("w"), complete=True, comments=(said(text=wording),)))
        pipeline.collect(here, "dyffryn-fb", now=place.wait(minutes=10))
        pipeline.read_waiting(here, now=place.now)
    (comment,) = place.comments()
    assert comment.latest == 5
    assert len(place.cases()) == 1
    with place.store.read() as session:
        assert session.scalars(select(RevisionRow.text).order_by(RevisionRow.number)).all() == [
            "un", "dau", "un", "dau", "un",
        ]  # fmt: skip
    assert holds(place)


def test_the_same_id_on_another_account_is_another_comment(place: Town) -> None:
    here = lied_to(place, Page(Cursor("w"), complete=True, comments=(said(native_id="7"),)))
    pipeline.collect(here, "dyffryn-fb", now=NINE)
    other = Liar([Page(Cursor("w"), complete=True, comments=(said(native_id="7", account="dyffryn-x"),))])
    pipeline.collect(replace(place.here, collector=lambda account, now: other), "dyffryn-x", now=NINE)
    assert len(place.comments()) == 2


def test_a_platform_whose_clock_runs_ahead_gives_nobody_a_later_deadline(place: Town) -> None:
    here = lied_to(
        place,
        Page(
            Cursor("w"),
            complete=True,
            comments=(
                said(native_id="1", author=Author("a"), posted_at=NINE),
                said(native_id="2", author=Author("b"), posted_at=NINE + timedelta(days=400)),
            ),
        ),
    )
    pipeline.collect(here, "dyffryn-fb", now=NINE)
    pipeline.read_waiting(here, now=NINE)
    honest, ahead = place.cases()
    assert honest.due == ahead.due
