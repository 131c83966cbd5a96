"""What the pages ask is answered alike on both databases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from store import accounts, comments, desk, people, sessions
from store.accounts import AccountRow
from store.cases import CaseRow, RoundRow
from store.database import Session, Store
from store.desk import Wanted
from tests.factories import MONDAY, a_comment, a_user, an_account
from vocabulary import Author, ReplyLanguage, Role, Severity, State

DUE = date(2026, 11, 9)


@dataclass
class Desk:
    store: Store
    number: int = 0

    def case(self, session: Session, **over: object) -> CaseRow:
        """A case with its round and its comment; the rest is filled in."""
        self.number += 1
        account = desk_account(session)
        said = a_comment(f"sylw {self.number}", native_id=f"c{self.number}", author=Author(f"a{self.number}", "Mair"))
        comment_id = comments.keep(session, account, [said], now=MONDAY).new[0]
        comment = session.get_one(comments.CommentRow, comment_id)
        facts: dict[str, object] = dict(
            reference=f"GW-2026-{self.number:06d}",
            account_id=account.id,
            author_id=comment.author_id,
            thread="p1",
            state=State.RECEIVED,
            service_area="waste",
            language="cy",
            reply_in=ReplyLanguage.CY,
            answer_owed=True,
            severity=Severity.NONE,
            due=DUE,
            round=1,
            because=[],
            policy_version="p 1",
            opened_at=MONDAY,
        )
        case = CaseRow(**facts | over)
        session.add(case)
        session.flush()
        turn = RoundRow(
            case_id=case.id,
            number=1,
            comment_id=comment_id,
            answer_owed=True,
            received_at=MONDAY,
            due=case.due,
            first_due=case.due,
        )
        session.add(turn)
        comment.case_id = case.id
        return case


def desk_account(session: Session) -> AccountRow:
    found = [account for account in accounts.everyone(session) if account.slug == "cyngor-fb"]
    return found[0] if found else an_account(session)


@pytest.fixture
def cases(store: Store) -> Store:
    """Eleven cases: due on five days, in two areas, one closed and one that owes no answer."""
    made = Desk(store)

    def seed(session: Session) -> None:
        for number in range(9):
            area = "waste" if number % 3 else "highways"
            made.case(session, due=DUE + timedelta(days=number % 5), service_area=area)
        made.case(session, state=State.CLOSED)
        made.case(session, answer_owed=False, due=DUE - timedelta(days=30), reply_in=ReplyLanguage.BOTH)

    store.write(seed)
    return store


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(areas=None), 10),
        (Wanted(areas=frozenset({"waste"})), 7),
        (Wanted(areas=frozenset({"waste", "highways", "planning"})), 10),
        (Wanted(areas=frozenset({"waste"}), area="highways"), 0),
        (Wanted(areas=None, area="highways"), 3),
        (Wanted(areas=frozenset()), 0),
        (Wanted(areas=None, state=State.CLOSED), 1),
        (Wanted(areas=None, reply_in=ReplyLanguage.BOTH), 1),
        (Wanted(areas=None, due_before=DUE + timedelta(days=1)), 2),
        (Wanted(areas=None, owner_id=7), 0),
    ],
)
@pytest.mark.parametrize("limit", [1, 4, 25])
def test_a_page_and_the_count_agree_and_paging_shows_each_case_once(
    cases: Store, wanted: Wanted, found: int, limit: int
) -> None:
    with cases.read() as session:
        assert desk.count(session, wanted) == found
        page = desk.queue_page(session, wanted, limit=limit)
        keys = [case.key for case in page.cases]
        while page.later:
            page = desk.queue_page(session, wanted, after=page.later, limit=limit)
            keys += [case.key for case in page.cases]
        back = [case.key for case in page.cases]
        while page.earlier:
            page = desk.queue_page(session, wanted, before=page.earlier, limit=limit)
            back = [case.key for case in page.cases] + back
    assert keys == sorted(set(keys)) == back
    assert len(keys) == found


def test_a_line_of_the_queue_says_who_wrote_what_and_where(cases: Store) -> None:
    with cases.read() as session:
        line = desk.queue_page(session, Wanted(areas=None, state=State.CLOSED)).cases[0]
    assert (line.author, line.words, line.account, line.comments) == ("Mair", "sylw 10", "Cyngor Enghraifft", 1)
    assert not line.acknowledged


def test_a_case_comes_with_all_that_belongs_to_it(cases: Store) -> None:
    with cases.read() as session:
        file = desk.case_file(session, 1)
        assert desk.case_file(session, 999) is None
        assert desk.area_of(session, 1) == "highways"
        assert desk.area_of(session, 999) is None
        assert desk.case_of_part(session, 1) is None
        assert desk.case_of_comment(session, 999) is None
    assert file is not None
    assert [each.revisions[0].text for each in file.said] == ["sylw 1"]
    assert file.post is None
    assert (file.written, file.history, file.native_replies) == ((), (), ())


def test_a_session_is_found_by_its_hash_until_it_ends(store: Store) -> None:
    idle, lasts = timedelta(hours=1), timedelta(hours=12)

    def begin(session: Session) -> int:
        user = a_user(session)
        sessions.open_session(session, token_hash=b"h" * 32, user_id=user.id, csrf="t", now=MONDAY, lasts=lasts)
        return user.id

    user_id = store.write(begin)
    with store.read() as session:
        found = sessions.find(session, b"h" * 32, now=MONDAY, idle=idle)
        assert found is not None
        assert (found.user_id, found.grants, found.csrf) == (user_id, ((Role.OFFICER, "waste"),), "t")
        assert sessions.find(session, b"x" * 32, now=MONDAY, idle=idle) is None
        assert sessions.find(session, b"h" * 32, now=MONDAY + idle, idle=idle) is None
        assert sessions.find(session, b"h" * 32, now=MONDAY + lasts, idle=lasts * 2) is None
    store.write(lambda session: sessions.touch(session, b"h" * 32, now=MONDAY + idle))
    with store.read() as session:
        assert sessions.find(session, b"h" * 32, now=MONDAY + idle, idle=idle) is not None
    store.write(lambda session: sessions.end(session, b"h" * 32))
    with store.read() as session:
        assert sessions.find(session, b"h" * 32, now=MONDAY, idle=idle) is None
        assert sessions.owner(session, "mair") is not None
        assert sessions.owner(session, "nobody") is None


def test_officers_are_listed_by_area_and_others_are_not(store: Store) -> None:
    def staff(session: Session) -> None:
        a_user(session, "mair")
        a_user(session, "dewi", area=people.EVERY_AREA)
        a_user(session, "siwan", role=Role.AUDITOR, area=people.EVERY_AREA)

    store.write(staff)
    with store.read() as session:
        found = sessions.officers(session)
    assert {area: [each.full_name for each in names] for area, names in found.items()} == {
        "*": ["Dewi"],
        "waste": ["Mair"],
    }
