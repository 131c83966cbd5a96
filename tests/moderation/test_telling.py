"""The outbox of messages, on both databases: an entry is in one message, which leaves once, or a person is asked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from moderation import queue, senior, telling
from moderation.escalation import Tell
from moderation.notices import LEASE
from moderation.policy import Whom
from moderation.queue import ReasonNeeded, StaleCase
from moderation.record import SYSTEM, Actor
from moderation.telling import AlreadySettled, Intent, Reach, Scribe
from store import notices as outbox
from store import people
from store import senior as flags
from store.audit import AuditRow
from store.cases import EventRow
from store.database import Session, Store
from store.notices import EntryRow, NoticeRow
from tests.factories import NOON, a_comment, an_account, comes
from tests.moderation.given import AREAS, POWYS
from vocabulary import Author, Language, Note, NoticeState, Reason, Role, Severity

SCRIBE = Scribe(AREAS, POWYS, "https://gwylio.example")
WEBHOOKS = {"communications": "https://teams.example/cyfrinach"}


@pytest.fixture
def ready(store: Store) -> Store:
    """One account, one officer of waste with an address, one communications officer."""

    def seed(session: Session) -> None:
        an_account(session)
        for username, role, language in (("rhys", Role.OFFICER, "cy"), ("catrin", Role.COMMUNICATIONS, "en")):
            people.add(
                session, username=username, full_name=username, password_hash="!", grants=[(role, "waste")],
                language=language, email=f"{username}@cyngor.example", now=NOON,
            )  # fmt: skip

    store.write(seed)
    return store


def reach(session: Session) -> Reach:
    return Reach(outbox.colleagues(session), WEBHOOKS, by_mail=True)


def warned(store: Store, number: int = 1, *, whom: Whom = Whom.AREA, now: datetime = NOON, **over: Any) -> int:
    """Somebody wrote, and it was told to those of the area; the id of the case."""
    comment = a_comment(native_id=f"c{number}", author=Author(f"a{number}", "Mair Enghraifft"))
    case_id = comes(store, comment, now=now).case_id
    about = Reason("policy: {rule}", {"rule": "late", "rule_cy": "hwyr"})
    tell = Tell(whom, "waste", about, f"answer-late/{whom}/answer:2026-11-09", **over)

    def act(session: Session) -> None:
        case = queue.get(session, case_id)
        queue.tell(session, case, key=tell.key, whom=whom.value, about=about, now=now)
        telling.address(session, case, tell, reach(session), now=now)

    store.write(act)
    return case_id


def gather(store: Store, recipient: str = "user:1", *, now: datetime = NOON, open_now: bool = True) -> int | None:
    def act(session: Session) -> int | None:
        made = telling.gather(session, recipient, reach(session), SCRIBE, open_now=open_now, now=now)
        return made.id if made else None

    return store.write(act)


def claim(
    store: Store, *, now: datetime = NOON, by_day: bool = True, passing_over: tuple[str, ...] = ()
) -> Intent | None:
    return store.write(
        lambda session: telling.claim(
            session, reach(session), webhooks=WEBHOOKS, by_day=by_day, passing_over=passing_over, now=now
        )
    )


def notice(store: Store, notice_id: int) -> NoticeRow:
    with store.read() as session:
        return session.get_one(NoticeRow, notice_id)


def test_a_warning_is_put_down_once_for_each_who_is_to_hear(ready: Store) -> None:
    case_id = warned(ready)

    def again(session: Session) -> int:
        about = Reason("policy: {rule}", {"rule": "late"})
        tell = Tell(Whom.AREA, "waste", about, "answer-late/area/answer:2026-11-09")
        return telling.address(session, queue.get(session, case_id), tell, reach(session), now=NOON)

    assert ready.write(again) == 0
    with ready.read() as session:
        assert [entry.recipient for entry in session.scalars(select(EntryRow))] == ["user:1"]


def test_everything_that_waits_goes_into_one_message_and_into_no_second(ready: Store) -> None:
    warned(ready, 1)
    warned(ready, 2)
    made = gather(ready)
    assert made is not None
    assert notice(ready, made).cases == 2
    assert gather(ready, now=NOON + timedelta(days=1)) is None
    with ready.read() as session:
        assert {entry.notice_id for entry in session.scalars(select(EntryRow))} == {made}


def test_an_intent_is_durable_and_nobody_else_has_it(ready: Store) -> None:
    warned(ready)
    made = gather(ready)
    intent = claim(ready)
    assert intent is not None
    assert (intent.notice_id, intent.to, intent.recipient) == (made, "rhys@cyngor.example", "user:1")
    assert [said.language for said in intent.said] == ["cy"]
    assert notice(ready, intent.notice_id).state is NoticeState.SENDING
    assert claim(ready) is None


def test_at_night_only_what_may_be_told_at_any_hour_leaves(ready: Store) -> None:
    warned(ready, 1)
    warned(ready, 2, urgent=True, at_night=True)
    made = gather(ready, open_now=False)
    assert made is not None
    assert notice(ready, made).cases == 1
    assert claim(ready, by_day=False) is not None
    assert gather(ready, now=NOON + timedelta(hours=2)) is not None
    assert claim(ready, by_day=False) is None, "what is tried again by night is only what may be told by night"
    assert claim(ready, by_day=True) is not None


def test_the_urgent_leave_first_and_a_way_that_is_shut_is_passed_over(ready: Store) -> None:
    warned(ready, 1)
    gather(ready)
    warned(ready, 2, whom=Whom.COMMUNICATIONS, urgent=True)
    for recipient in ("user:2", "teams:communications"):
        gather(ready, recipient)
    to = [intent.to for intent in iter(lambda: claim(ready, passing_over=("teams:",)), None)]
    assert to == ["catrin@cyngor.example", "rhys@cyngor.example"]
    rest = claim(ready)
    assert rest is not None
    assert rest.to == WEBHOOKS["communications"]
    assert [said.language for said in rest.said] == ["cy", "en"]


def test_an_intent_that_lost_its_process_comes_before_a_person_and_is_settled_once(ready: Store) -> None:
    warned(ready)
    gather(ready)
    intent = claim(ready)
    assert intent is not None
    assert ready.write(lambda session: telling.recover(session, now=NOON + LEASE - timedelta(seconds=1))) == 0
    assert ready.write(lambda session: telling.recover(session, now=NOON + LEASE)) == 1
    assert claim(ready, now=NOON + timedelta(days=1)) is None
    with ready.read() as session:
        assert [each.id for each in outbox.for_a_person(session)] == [intent.notice_id]

    catrin = Actor("catrin", 2)
    ready.write(lambda session: telling.settle(session, intent.notice_id, again=False, actor=catrin, now=NOON))
    assert notice(ready, intent.notice_id).state is NoticeState.SENT
    with pytest.raises(AlreadySettled):
        ready.write(lambda session: telling.settle(session, intent.notice_id, again=True, actor=catrin, now=NOON))
    with pytest.raises(AlreadySettled):
        ready.write(lambda session: telling.settle(session, 999, again=True, actor=catrin, now=NOON))


def test_a_message_with_nowhere_to_go_comes_before_a_person(ready: Store) -> None:
    warned(ready)
    made = gather(ready)

    def move_out(session: Session) -> None:
        people.by_username(session, "rhys").email = ""

    ready.write(move_out)
    assert claim(ready) is None
    assert made is not None
    assert (notice(ready, made).state, notice(ready, made).needs_person) == (NoticeState.FAILED_FOR_GOOD, True)


def test_a_case_is_unopened_from_the_first_warning_after_the_last_look(ready: Store) -> None:
    first, second = warned(ready, 1), warned(ready, 2, now=NOON + timedelta(hours=1))

    def unopened() -> dict[int, datetime]:
        with ready.read() as session:
            return outbox.unopened_since(session, [first, second])

    assert unopened() == {first: NOON, second: NOON + timedelta(hours=1)}
    rhys = Actor("rhys", 1)
    ready.write(lambda session: telling.opened(session, first, actor=rhys, now=NOON + timedelta(minutes=1)))
    assert unopened().keys() == {second}
    ready.write(
        lambda session: queue.note(session, second, actor=rhys, now=NOON + timedelta(hours=2), words="Wedi ffonio")
    )
    assert unopened() == {}
    ready.write(
        lambda session: queue.tell(
            session, queue.get(session, first), key="x/area/2", whom="area", about=Reason("x"),
            now=NOON + timedelta(hours=3),
        )
    )  # fmt: skip
    assert unopened() == {first: NOON + timedelta(hours=3)}
    ready.write(lambda session: telling.opened(session, first, actor=rhys, now=NOON + timedelta(hours=4)))
    assert unopened() == {}


def test_a_flag_for_senior_management_needs_a_reason_and_leaves_a_record(ready: Store) -> None:
    case_id, rhys = comes(ready).case_id, Actor("rhys", 1)
    with pytest.raises(ReasonNeeded):
        ready.write(lambda session: senior.flag(session, case_id, actor=rhys, now=NOON, words="  "))
    with pytest.raises(ReasonNeeded):
        ready.write(lambda session: senior.flag(session, case_id, actor=SYSTEM, now=NOON, words="Y wasg"))
    with pytest.raises(StaleCase):
        ready.write(lambda session: senior.flag(session, case_id, actor=rhys, now=NOON, words="Y wasg", saw=99))
    ready.write(lambda session: senior.flag(session, case_id, actor=rhys, now=NOON, words=" Y wasg "))
    with pytest.raises(senior.AlreadyFlagged):
        ready.write(lambda session: senior.flag(session, case_id, actor=rhys, now=NOON, words="Eto"))

    with ready.read() as session:
        [flagged] = flags.standing(session)
        assert (flagged.case_id, flagged.reason, flagged.by, flagged.area) == (case_id, "Y wasg", "rhys", "waste")
        assert flags.standing(session, frozenset({"highways"})) == []
        [event] = session.scalars(select(EventRow).where(EventRow.what == Note.SENIOR_FLAGGED.value))
        assert (event.words, event.user_id) == ("Y wasg", 1)
        [row] = session.scalars(select(AuditRow).where(AuditRow.action == "case.senior_flagged"))
        assert "wasg" not in str(row.after)

    ready.write(lambda session: senior.end_flag(session, case_id, actor=rhys, now=NOON))
    with pytest.raises(senior.NotFlagged):
        ready.write(lambda session: senior.end_flag(session, case_id, actor=rhys, now=NOON))
    ready.write(lambda session: senior.flag(session, case_id, actor=rhys, now=NOON, words="Eto"))
    with ready.read() as session:
        assert [each.reason for each in flags.standing(session)] == ["Eto"]


def test_what_is_urgent_and_what_is_late_is_counted_by_area(ready: Store) -> None:
    comes(ready, a_comment(native_id="c1", author=None), severity=Severity.URGENT, language=Language.EN)
    comes(ready, a_comment(native_id="c2", author=None), area="highways")
    comes(ready, a_comment(native_id="c3", author=None), answer_owed=False)
    due = NOON.date() + timedelta(days=7)
    with ready.read() as session:
        assert [each.area for each in outbox.urgent_cases(session)] == ["waste"]
        assert outbox.urgent_cases(session, frozenset({"highways"})) == []
        assert outbox.late_answers(session, due) == []
        late = outbox.late_answers(session, due + timedelta(days=1))
        assert [(each.area, each.late, each.oldest) for each in late] == [("highways", 1, due), ("waste", 1, due)]
        assert [each.area for each in outbox.late_answers(session, due + timedelta(days=1), frozenset({"waste"}))] == [
            "waste"
        ]


def test_two_processes_that_gather_and_send_at_once_make_one_message_and_send_it_once(ready: Store) -> None:
    for number in range(1, 6):
        warned(ready, number)
    together = Barrier(4)

    def works(_: int) -> tuple[int | None, Intent | None]:
        together.wait()
        return gather(ready), claim(ready)

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(works, range(4)))
    made = [notice_id for notice_id, _ in done if notice_id is not None]
    sent = [intent for _, intent in done if intent is not None]
    last = claim(ready)
    assert len(made) == 1
    assert len(sent) + (last is not None) == 1
    assert notice(ready, made[0]).cases == 5
