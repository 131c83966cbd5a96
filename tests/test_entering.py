"""What people write down by hand is one comment with its evidence, or nothing at all, and then a case like another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

import pipeline
from classifiers.panel import Panel
from collectors.base import Collector
from collectors.registry import Unsupported
from moderation import budgets, policy, service_areas
from moderation.entries import Box, Entry
from moderation.record import Actor
from moderation.replies import Draft, NotFromHere
from pipeline import EntryRefused, Installation
from settings import Keys, Settings
from store import accounts, audit, cases, comments, evidence
from store.accounts import AccountRow
from store.audit import AuditRow
from store.cases import CaseRow, RoundRow
from store.comments import AuthorRow, CommentRow, RevisionRow
from store.database import Session, Store
from store.evidence import Evidence, EvidenceChanged, EvidenceRow, look_at
from tests.conftest import KEY
from tests.factories import a_user, an_account
from tests.town import ByWords
from tests.web.world import A_PNG
from vocabulary import Origin, Platform, ReplyKind, State

TEN = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
NINE = TEN - timedelta(hours=1)
AN_ENTRY = Entry(text="Pryd mae'r biniau'n cael eu casglu?", posted_at=NINE, author_name="Mair Enghraifft", form="f1")


@dataclass
class Council:
    """A Snapchat account that nothing reads, and an officer."""

    here: Installation
    mair: Actor

    @property
    def store(self) -> Store:
        return self.here.store

    def enters(self, *files: Evidence, now: datetime = TEN, **typed: Any) -> int | None:
        entry = replace(AN_ENTRY, **typed)
        return pipeline.enter(self.here, "cyngor-snap", entry, files, actor=self.mair, now=now)

    def opened(self, *files: Evidence, **typed: Any) -> tuple[CaseRow, RoundRow]:
        case_id = self.enters(*files, **typed)
        assert case_id is not None
        return self.case(case_id)

    def case(self, case_id: int) -> tuple[CaseRow, RoundRow]:
        with self.store.read() as session:
            case = session.get_one(CaseRow, case_id)
            return case, cases.current_round(session, case)

    def count(self, row: type[Any]) -> int:
        with self.store.read() as session:
            return session.scalar(select(func.count()).select_from(row)) or 0


@pytest.fixture
def council(store: Store, tmp_path: Path) -> Council:
    return a_council(store, tmp_path)


@pytest.fixture
def lone(on_sqlite: Store, tmp_path: Path) -> Council:
    return a_council(on_sqlite, tmp_path)


def a_council(store: Store, folder: Path) -> Council:
    here = Installation(
        settings=Settings(state_dir=folder),
        keys=Keys(audit=KEY, credentials=b"n" * 43 + b"="),
        store=store,
        policy=policy.load("powys"),
        areas=service_areas.load(),
        budgets=budgets.load(),
        open_panel=lambda: Panel([ByWords()]),
        collector=nothing_reads,
    )

    def begin(session: Session) -> Actor:
        an_account(session, "cyngor-snap", platform=Platform.SNAPCHAT, now=TEN)
        return Actor("mair", a_user(session).id)

    return Council(here, store.write(begin))


def nothing_reads(account: AccountRow, now: datetime) -> Collector:
    raise Unsupported(f"{account.slug}: nothing reads {account.platform.value}")


def a_picture(name: str = "sgrinlun.png", content: bytes = A_PNG) -> Evidence:
    return look_at(name, BytesIO(content), lambda: content)


def test_an_entry_is_kept_read_and_put_in_the_queue_with_its_clocks_running_since_it_was_said(council: Council) -> None:
    case, turn = council.opened(a_picture())

    assert (case.state, case.service_area, case.language) == (State.RECEIVED, "waste", "cy")
    assert (turn.received_at, turn.due) == (NINE, date(2026, 11, 27))
    with council.store.read() as session:
        comment = session.scalars(select(CommentRow)).one()
        author = session.scalars(select(AuthorRow)).one()
        kept = evidence.of_comments(session, [comment.id])[comment.id]
    assert (comment.origin, comment.case_id, comment.history) == (Origin.MANUAL, case.id, False)
    assert comment.native_id.startswith("manual:")
    assert author.name == "Mair Enghraifft"
    assert [(each.name, each.by) for each in kept] == [("sgrinlun.png", "Mair")]


def test_who_entered_what_is_on_the_trail_without_a_word_of_it(council: Council) -> None:
    council.enters(a_picture("Mair Enghraifft.png"))

    with council.store.read() as session:
        rows = session.scalars(select(AuditRow).order_by(AuditRow.number)).all()
        assert audit.verify(session, KEY, None) is None
    entered = next(row for row in rows if row.action == "comment.entered")
    assert (entered.actor, entered.subject) == ("mair", "comment:1")
    assert entered.after == {"account": "cyngor-snap", "evidence": [a_picture().sha256]}
    assert all(word not in f"{row.before}{row.after}" for row in rows for word in ("Mair", "biniau"))


def test_a_form_sent_twice_is_one_comment_and_one_case(council: Council) -> None:
    first, second = council.enters(a_picture()), council.enters(a_picture())

    assert first == second
    assert (council.count(CommentRow), council.count(CaseRow), council.count(EvidenceRow)) == (1, 1, 1)
    assert council.count(RevisionRow) == 1


def test_two_clicks_at_the_same_moment_are_one_comment_too(council: Council) -> None:
    with ThreadPoolExecutor(4) as clicks:
        answers = list(clicks.map(lambda _: council.enters(a_picture()), range(4)))

    assert set(answers) == {1}
    assert (council.count(CommentRow), council.count(CaseRow), council.count(EvidenceRow)) == (1, 1, 1)


def test_a_file_that_came_only_with_the_second_click_is_kept_all_the_same(lone: Council) -> None:
    lone.enters()
    lone.enters(a_picture())

    assert (lone.count(CommentRow), lone.count(EvidenceRow)) == (1, 1)


def test_what_was_said_before_the_account_was_registered_still_opens_a_case(lone: Council) -> None:
    case, turn = lone.opened(posted_at=NINE - timedelta(days=30))

    assert case.state is State.RECEIVED
    assert turn.due < TEN.date()
    with lone.store.read() as session:
        assert accounts.by_slug(session, "cyngor-snap").open_since == TEN


def test_the_same_user_name_is_the_same_person_and_a_name_alone_is_not(lone: Council) -> None:
    lone.enters(form="f1", author_id="mair.e")
    lone.enters(form="f2", author_id="@mair.e", author_name="")
    lone.enters(form="f3")
    lone.enters(form="f4")

    with lone.store.read() as session:
        rows = session.execute(select(CommentRow.author_id).order_by(CommentRow.id)).scalars().all()
    assert rows[0] == rows[1]
    assert len(set(rows)) == 3


@pytest.mark.parametrize(
    ("typed", "box"),
    [({"text": " "}, Box.TEXT), ({"posted_at": TEN + timedelta(minutes=1)}, Box.POSTED_AT), ({"url": "x"}, Box.URL)],
)
def test_what_is_wrong_is_refused_and_nothing_of_it_is_kept(lone: Council, typed: dict[str, Any], box: Box) -> None:
    with pytest.raises(EntryRefused) as refused:
        lone.enters(a_picture(), **typed)

    assert [each.box for each in refused.value.objections] == [box]
    assert (lone.count(CommentRow), lone.count(EvidenceRow), lone.count(AuditRow)) == (0, 0, 0)


def test_a_file_that_changes_while_it_is_kept_takes_the_comment_with_it(council: Council) -> None:
    changed = look_at("b.png", BytesIO(A_PNG + b"1"), lambda: A_PNG + b"2")

    with pytest.raises(EvidenceChanged):
        council.enters(a_picture(), changed)

    assert [council.count(row) for row in (CommentRow, AuthorRow, EvidenceRow, AuditRow)] == [0, 0, 0, 0]


def test_what_could_not_be_read_at_once_is_kept_and_read_in_the_next_run(lone: Council) -> None:
    well = lone.here
    lone.here = replace(well, open_panel=failing)

    assert lone.enters(a_picture()) is None
    assert (lone.count(CommentRow), lone.count(EvidenceRow), lone.count(CaseRow)) == (1, 1, 0)

    assert pipeline.read_waiting(well, now=TEN) == 1
    assert lone.count(CaseRow) == 1


def failing() -> Panel:
    raise MemoryError


def test_no_platform_is_ever_asked_what_became_of_it(council: Council) -> None:
    council.enters()

    with council.store.read() as session:
        assert comments.unseen_since(session, 1, before=TEN + timedelta(days=9), posted_since=TEN, limit=9) == []
    assert pipeline.recheck(council.here, "cyngor-snap", now=TEN + timedelta(days=9)) == 0


def test_nobody_shows_again_what_is_on_no_platform(lone: Council) -> None:
    lone.enters()
    before = lone.count(AuditRow)

    with pytest.raises(NotFromHere):
        pipeline.show_again(lone.here, 1, actor=lone.mair, words="camgymeriad", now=TEN)

    assert lone.count(AuditRow) == before


def test_the_answer_given_on_the_telephone_is_recorded_and_answers_the_case(council: Council) -> None:
    case, _ = council.opened()
    draft = Draft(ReplyKind.ANSWER, "Bob dydd Mawrth, dywedais.")

    pipeline.record_reply(council.here, case.id, draft, at=NINE + timedelta(minutes=5), actor=council.mair, now=TEN)

    answered, turn = council.case(case.id)
    assert (answered.state, turn.answered_at) == (State.ANSWERED, NINE + timedelta(minutes=5))


def test_a_copy_leaves_only_once_the_trail_says_to_whom(lone: Council) -> None:
    lone.enters(a_picture())

    copy = pipeline.hand_out(lone.here, 1, actor=lone.mair, now=TEN)

    assert (copy.content, copy.name, copy.media_type) == (A_PNG, "sgrinlun.png", "image/png")
    with lone.store.read() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.action == "evidence.handed_out")).one()
    assert (row.actor, row.subject, row.after) == ("mair", "evidence:1", {"sha256": copy.sha256})
