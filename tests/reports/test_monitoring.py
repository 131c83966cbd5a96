"""The month's list says who looked and what was taken down, repeated looking first, and is made once."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from moderation import openings
from moderation.record import Actor
from reports.monitoring import Monitoring, monitoring, publish_last_month, written
from reports.month import Month, NoSuchMonth
from settings import Settings
from store import audit
from store.database import Session, Store
from store.jobs import RunOnceRow
from tests.conftest import KEY
from tests.factories import POWYS, a_comment, a_user, comes, with_account
from vocabulary import Author
from words import Words

NOVEMBER = Month(2026, 11)
AT = datetime(2026, 11, 3, 9, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("month", "start", "end"),
    [
        ("2026-11", "2026-11-01T00:00", "2026-12-01T00:00"),
        ("2026-07", "2026-06-30T23:00", "2026-07-31T23:00"),
        ("2026-10", "2026-09-30T23:00", "2026-11-01T00:00"),
        ("2026-12", "2026-12-01T00:00", "2027-01-01T00:00"),
    ],
)
def test_a_month_is_that_of_a_calendar_in_cardiff(month: str, start: str, end: str) -> None:
    found = Month.parse(month)
    assert (f"{found.start:%Y-%m-%dT%H:%M}", f"{found.end:%Y-%m-%dT%H:%M}") == (start, end)
    assert str(found) == month
    assert found.previous.following == found.following.previous == found


@pytest.mark.parametrize(
    "month", ["", "2026", "2026-13", "2026-00", "26-11", "2026-1", "0001-01", "9999-12", "٢٠٢٦-11"]
)
def test_anything_else_is_no_month(month: str) -> None:
    with pytest.raises(NoSuchMonth):
        Month.parse(month)


def test_at_half_past_eleven_in_june_the_month_that_is_over_is_still_may() -> None:
    assert Month.before(datetime(2026, 6, 30, 22, 30, tzinfo=UTC)) == Month(2026, 5)
    assert Month.before(datetime(2026, 6, 30, 23, 30, tzinfo=UTC)) == Month(2026, 6)


def opens(store: Store, who: Actor, author: int, at: datetime, purpose: str = "") -> None:
    rule = POWYS.viewing
    store.write(lambda session: openings.open_author(session, author, rule=rule, actor=who, now=at, purpose=purpose))


def sees(store: Store, who: Actor, case: int, at: datetime) -> None:
    openings.see_review(store, case, actor=who, now=at)


def listed(store: Store, month: Month = NOVEMBER) -> Monitoring:
    with store.read() as session:
        return monitoring(session, month)


@pytest.fixture
def rhys(store: Store) -> Actor:
    with_account(store)
    comes(store)
    comes(store, a_comment("Eto", native_id="c2", author=Author("a2", "Elen Enghraifft"), thread="p2"))
    return staff(store, "rhys")


def staff(store: Store, username: str) -> Actor:
    return store.write(lambda session: Actor(username, a_user(session, username).id))


def acts(store: Store, action: str, at: datetime, subject: str = "case:1") -> None:
    store.write(lambda session: audit.append(session, actor="rhys", action=action, subject=subject, now=at))


def test_whoever_looked_most_often_comes_first_with_their_purposes(store: Store, rhys: Actor) -> None:
    mair = staff(store, "mair")
    opens(store, mair, 2, AT)
    for number in range(3):
        opens(store, rhys, 1, AT + number * DAY, "The same bin." if number == 2 else "")
    sees(store, mair, 2, AT)
    sees(store, mair, 2, AT + DAY)
    report = listed(store)
    assert [(each.who, each.author_id, each.times, each.purposes) for each in report.at_authors] == [
        ("Rhys", 1, 3, ("The same bin.",)), ("Mair", 2, 1, ()),
    ]  # fmt: skip
    assert [(each.who, each.reference, each.times) for each in report.at_restricted] == [("Mair", "GW-2026-000002", 2)]
    assert report.at_authors[0].moments[0] == AT


def test_a_month_has_its_own_and_nothing_of_its_neighbours(store: Store, rhys: Actor) -> None:
    for at in (NOVEMBER.start - DAY / 86_400, NOVEMBER.start, NOVEMBER.end - DAY / 86_400, NOVEMBER.end):
        opens(store, rhys, 1, at, "A purpose.")
        acts(store, "case.hidden", at)
    report = listed(store)
    assert [each.times for each in report.looked] == [2]
    assert len(report.taken_down) == 2


def test_what_was_taken_down_is_read_from_the_trail_and_nothing_else_is(store: Store, rhys: Actor) -> None:
    for action in ("case.hidden", "case.unhidden", "case.noted", "comment.gone", "author.viewed", "case.deleted"):
        acts(store, action, AT, "comment:4" if action == "case.deleted" else "case:1")
    assert [(each.who, each.action, each.subject) for each in listed(store).taken_down] == [
        ("Rhys", "case.hidden", "GW-2026-000001"),
        ("Rhys", "case.unhidden", "GW-2026-000001"),
        ("Rhys", "case.deleted", "comment:4"),
    ]


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_the_file_says_the_same_in_both_languages_and_names_nobody_outside(store: Store, rhys: Actor) -> None:
    opens(store, rhys, 1, AT, "=HYPERLINK(1)")
    acts(store, "case.hidden", AT)
    english, welsh = (written(listed(store), Words(each)) for each in ("en", "cy"))
    assert [len(row) for row in rows_of(english)] == [len(row) for row in rows_of(welsh)]
    assert rows_of(english)[1] == [
        "2026-11", "Rhys", "Author 1 on Facebook", "1", AT.isoformat(), AT.isoformat(), "'=HYPERLINK(1)",
    ]  # fmt: skip
    assert rows_of(welsh)[1][2] == "Awdur 1 (Facebook)"
    assert rows_of(welsh)[-1][3] == "wedi'i guddio ar y platfform"
    assert b"Enghraifft" not in english + welsh


def test_last_months_list_is_made_once_and_that_is_on_the_trail(store: Store, rhys: Actor, tmp_path: Path) -> None:
    opens(store, rhys, 1, AT)
    settings, first = Settings(state_dir=tmp_path / "state"), datetime(2026, 12, 1, 5, 20, tzinfo=UTC)
    assert listed(store).made_at is None
    paths = publish_last_month(store, settings, now=first)
    assert [path.name for path in paths] == ["monitoring-2026-11.cy.csv", "monitoring-2026-11.en.csv"]
    assert all(path.exists() for path in paths)
    assert publish_last_month(store, settings, now=first + 5 * DAY) == ()
    assert listed(store).made_at == first

    def trail(session: Session) -> list[dict[str, object]]:
        assert session.get(RunOnceRow, "monitoring:2026-11") is not None
        assert audit.verify(session, KEY, None) is None
        return [row for row in audit.rows(session) if row["action"] == "report.monitoring"]

    with store.read() as session:
        [row] = trail(session)
    assert row["subject"] == "report:monitoring:2026-11"
