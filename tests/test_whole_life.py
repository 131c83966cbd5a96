"""The whole life of cases, with everybody at it: nothing is lost, nothing illegal happens, every date has its reason.

People write, edit and delete on two simulated platforms; time passes; holidays are announced; three officers
answer, pass on, put off, ask to take down, agree, appeal, act on many cases at once, from fresh pages and from
old ones; platforms fail.  The real collectors, pipeline and store stand between.  What must hold is said once for
each thing, after every step.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

import pipeline
from moderation import lifecycle, matters, queue, removal_life, removals, replies, triage
from moderation.calendar import WALES, Holiday
from moderation.deadlines import london_date
from moderation.house_rules import RemovalRefused, Wish
from moderation.lifecycle import TRANSITIONS, IllegalTransition
from moderation.matters import MatterRefused, NoFurtherStage, RunsAlready
from moderation.policy import Policy
from moderation.queue import ClosingRefused, StaleCase
from moderation.record import Actor
from moderation.removal_life import STANDING, IllegalRemoval
from moderation.replies import Draft
from reports.week import Week
from reports.weekly import weekly
from simulator.faults import Kind
from store import audit, cases
from store.audit import AuditRow
from store.cases import CaseRow, EventRow, RoundRow
from store.comments import CommentRow, RevisionRow
from store.database import Session
from store.evidence import EvidenceRow
from store.matters import MatterRow
from store.removals import RemovalEventRow, RemovalRow, approvals
from tests.factories import a_user
from tests.moderation.given import CARMARTHENSHIRE, POWYS, with_rules
from tests.town import SOURCES, Town, town
from vocabulary import (
    Act,
    Clock,
    MatterAct,
    MatterState,
    Note,
    Presence,
    RemovalKind,
    RemovalState,
    ReplyKind,
    ReplyState,
    Role,
    State,
)

EXAMPLES = int(os.environ.get("LIFE_EXAMPLES", "6"))
STEPS = 40
STAFF = {"mair": Role.OFFICER, "rhian": Role.COMMUNICATIONS, "gethin": Role.COMMUNICATIONS, "lowri": Role.LEGAL}
AUTHORS = ("a1", "a2", "a3")
TEXTS = ("Pryd mae'r biniau?", "When is the bin lorry coming?", "Diolch", "Ffoniwch hi ar 07700 900123", "Eto!")
MOVES_DATES = frozenset({Note.DUE_RECOMPUTED, Note.COMMENT_JOINED, Act.REOPEN})
"""What may stand behind another day: a day off, a pause, more from the author, a case that is taken up again."""
OUT_OF_SIGHT = frozenset({RemovalState.HIDDEN, RemovalState.REMOVED, RemovalState.APPEALED, RemovalState.UPHELD})
SEEN = frozenset({Presence.PRESENT, Presence.EDITED})
BROKEN = (Kind.SERVER_ERROR, Kind.DROPPED_BEFORE, Kind.APPLIED_THEN_504, Kind.FORBIDDEN, Kind.RATE_LIMITED)


class WholeLife(RuleBasedStateMachine):
    """One town for one history; `policy` is given by a subclass for each pack."""

    policy: Policy

    @initialize()
    def begin(self) -> None:
        self.opened = ExitStack()
        folder = self.opened.enter_context(tempfile.TemporaryDirectory(prefix="gwylio-life-"))
        self.folder = Path(folder)
        self.town: Town = self.opened.enter_context(town(self.folder))
        self.town.here = replace(self.town.here, policy=self.policy)
        self.staff = {name: self._join(name, role) for name, role in STAFF.items()}
        self.written: list[str] = []
        self.bulks: list[tuple[int, Actor]] = []
        self.holidays: list[Holiday] = []
        self.dues: dict[int, tuple[int, date, int]] = {}
        self.somebody_writes(TEXTS[0], "dyffryn-fb", "a1")
        self.we_collect(10)

    def teardown(self) -> None:
        if hasattr(self, "opened"):
            try:
                self._settle()
                self._nothing_was_lost()
            finally:
                self.opened.close()

    def _join(self, name: str, role: Role) -> Actor:
        return self.town.store.write(lambda session: Actor(name, a_user(session, name, role, "*").id))

    @property
    def case_ids(self) -> list[int]:
        return [case.id for case in self.town.cases()]

    def _case(self, data: st.DataObject) -> CaseRow:
        return self.town.case(data.draw(st.sampled_from(self.case_ids)))

    def _write(self, act: Any) -> Any:
        return self.town.store.write(act)

    # --- what people do on the platforms

    @rule(
        text=st.sampled_from(TEXTS), slug=st.sampled_from(sorted(SOURCES)), author=st.sampled_from(["a1", "a2", "a3"])
    )
    def somebody_writes(self, text: str, slug: str, author: str) -> None:
        self.written.append(self.town.says(f"{text} {len(self.written)}", slug, author=author))

    @precondition(lambda self: self.written)
    @rule(place=st.integers(0, 99))
    def somebody_edits(self, place: int) -> None:
        native_id = self.written[place % len(self.written)]
        message = self.town.world.message(native_id)
        on_facebook = message is not None and message.account == "dyffryn-fb"
        if message is not None and on_facebook and message.exists(self.town.now) and len(message.versions) < 3:
            self.town.wait(seconds=5)
            self.town.world.edit(native_id, f"{message.text} (golygwyd)", self.town.now)

    @precondition(lambda self: self.written)
    @rule(place=st.integers(0, 99))
    def somebody_deletes(self, place: int) -> None:
        message = self.town.world.message(self.written[place % len(self.written)])
        if message is not None and message.exists(self.town.now):
            self.town.wait(seconds=5)
            self.town.world.delete(message.native_id, self.town.now)

    # --- what passes by itself

    @rule(minutes=st.sampled_from([1, 10, 90, 24 * 60, 4 * 24 * 60]))
    def we_collect(self, minutes: int) -> None:
        self.town.wait(minutes=minutes)
        self.town.collect()
        self.town.read()
        pipeline.warn(self.town.here, now=self.town.now)

    @rule(minutes=st.sampled_from([1, 10, 30]))
    def we_dispatch(self, minutes: int) -> None:
        self.town.wait(minutes=minutes)
        self.town.dispatch()

    @rule(kind=st.sampled_from(BROKEN), method=st.sampled_from(["GET", "POST"]), times=st.integers(1, 3))
    def a_platform_fails(self, kind: Kind, method: str, times: int) -> None:
        self.town.spoil(kind, method=method, times=times)

    @rule(days=st.integers(1, 12))
    def a_holiday_is_announced(self, days: int) -> None:
        day = london_date(self.town.now) + timedelta(days=days)
        self.holidays.append(Holiday(day, WALES, "A day off", "Diwrnod i ffwrdd", "gov.uk"))
        pipeline.refresh_holidays(self.town.here, now=self.town.now, known=self.holidays)

    # --- what officers do

    @precondition(lambda self: self.case_ids)
    @rule(data=st.data(), act=st.sampled_from(sorted(Act)), who=st.sampled_from(["mair", "rhian"]))
    def an_officer_acts(self, data: st.DataObject, act: Act, who: str) -> None:
        case = self._case(data)
        more: dict[str, Any] = dict(words="Rheswm", outcome=self.policy.outcomes[0].slug, saw=case.version)
        do = partial(
            queue.advance,
            case_id=case.id,
            act=act,
            actor=self.staff[who],
            now=self.town.wait(minutes=1),
            policy=self.policy,
            **more,
        )
        if (case.state, act) not in TRANSITIONS:
            with pytest.raises(IllegalTransition):
                self._write(do)
        elif act is Act.CLOSE and self._runs(case.id):
            with pytest.raises(ClosingRefused):
                self._write(do)
        else:
            assert self._write(do).state is TRANSITIONS[case.state, act]

    @precondition(lambda self: self.case_ids)
    @rule(data=st.data())
    def two_officers_act_on_the_same_page(self, data: st.DataObject) -> None:
        case = self._case(data)
        note = partial(queue.advance, act=Act.ASSIGN, policy=self.policy, words="I fi", saw=case.version)
        if (case.state, Act.ASSIGN) not in TRANSITIONS:
            return
        mair, rhian = self.staff["mair"], self.staff["rhian"]
        self._write(lambda session: note(session, case.id, actor=mair, now=self.town.now))
        with pytest.raises(StaleCase):
            self._write(lambda session: note(session, case.id, actor=rhian, now=self.town.now))

    @precondition(lambda self: self.case_ids)
    @rule(
        data=st.data(),
        kind=st.sampled_from(ReplyKind),
        who=st.sampled_from(["mair", "rhian"]),
        at_once=st.booleans(),
    )
    def an_officer_replies(self, data: st.DataObject, kind: ReplyKind, who: str, at_once: bool) -> None:
        """Once, or twice in the same second by two of them: then one leaves."""
        case = self._case(data)
        said = f"Ateb {case.reference}.{case.version}"
        draft = Draft(kind, said, "", exception="Prawf")
        send = partial(pipeline.send_reply, self.town.here, case.id, draft, now=self.town.now, saw=case.version)
        try:
            send(actor=self.staff[who])
        except (replies.ReplyRefused, replies.NoReplyHere, replies.AlreadyOnItsWay, IllegalTransition):
            return
        if at_once:
            with pytest.raises((StaleCase, replies.AlreadyOnItsWay)):
                send(actor=self.staff["gethin"])

    @precondition(lambda self: self.case_ids)
    @rule(data=st.data(), days=st.integers(0, 8))
    def an_officer_puts_it_off(self, data: st.DataObject, days: int) -> None:
        case, today = self._case(data), london_date(self.town.now)
        until = today + timedelta(days=days)
        latest = triage.latest_snooze(case, today)
        off = partial(
            triage.snooze, case_id=case.id, until=until, actor=self.staff["mair"], now=self.town.now, words="Aros"
        )
        if latest is None or not today < until <= latest or case.state in {State.ANSWERED, State.CLOSED}:
            with pytest.raises(triage.NoSnooze):
                self._write(off)
        else:
            assert self._write(off).snoozed_until == until

    @precondition(lambda self: self.case_ids)
    @rule(data=st.data(), act=st.sampled_from([Act.ASSIGN, Act.CLOSE]), take_back=st.booleans())
    def one_act_on_many(self, data: st.DataObject, act: Act, take_back: bool) -> None:
        rhian = self.staff["rhian"]
        chosen = data.draw(st.sets(st.sampled_from(self.case_ids), min_size=1, max_size=4))
        saw = {case_id: self.town.case(case_id).version for case_id in sorted(chosen)}
        before = {case_id: self.town.case(case_id).state for case_id in saw}
        done = self._write(
            lambda session: triage.on_several(
                session,
                saw,
                act,
                allowed=lambda case: True,
                actor=rhian,
                policy=self.policy,
                now=self.town.now,
                words="Gyda'i gilydd",
                outcome=self.policy.outcomes[0].slug if act is Act.CLOSE else "",
            )
        )
        assert len(done.done) + len(done.refused) == len(saw)
        if take_back:
            undo = partial(triage.undo, bulk_id=done.bulk_id, actor=rhian, policy=self.policy, now=self.town.now)
            self._write(undo)
            with pytest.raises(triage.CannotUndo):
                self._write(undo)
            if act is Act.ASSIGN:
                assert {case_id: self.town.case(case_id).state for case_id in saw} == {
                    case_id: TRANSITIONS.get((state, act), state) for case_id, state in before.items()
                }

    @precondition(lambda self: self.case_ids)
    @rule(data=st.data(), clock=st.sampled_from([Clock.FOI, Clock.SAR, Clock.COMPLAINT]))
    def it_is_a_request_too(self, data: st.DataObject, clock: Clock) -> None:
        case = self._case(data)
        try:
            self._write(
                lambda session: matters.take_up(
                    session,
                    case.id,
                    clock,
                    policy=self.policy,
                    actor=self.staff["mair"],
                    now=self.town.now,
                    words="Cais yw hwn",
                )
            )
        except RunsAlready:
            assert clock in self._runs(case.id)

    @rule(data=st.data(), what=st.sampled_from(sorted(MatterAct)))
    def the_request_moves(self, data: st.DataObject, what: MatterAct) -> None:
        with self.town.store.read() as session:
            rows = session.scalars(select(MatterRow).order_by(MatterRow.id)).all()
        if not rows:
            return
        row = data.draw(st.sampled_from(rows))
        allowed = matters.allowed_from(row.clock, row.state, self.policy, row.stage)
        self.town.wait(hours=20)
        move = partial(
            matters.act,
            case_id=row.case_id,
            matter_id=row.id,
            what=what,
            policy=self.policy,
            actor=self.staff["mair"],
            now=self.town.now,
            words="Rheswm",
        )
        if what not in allowed:
            with pytest.raises((MatterRefused, NoFurtherStage)):
                self._write(move)
        else:
            assert self._write(move).state is matters.TRANSITIONS[row.state, what]

    def _runs(self, case_id: int) -> set[Clock]:
        with self.town.store.read() as session:
            rows = session.scalars(select(MatterRow).where(MatterRow.case_id == case_id))
            return {row.clock for row in rows if row.state not in {MatterState.DONE, MatterState.DISMISSED}}

    # --- taking down

    @precondition(lambda self: self.case_ids)
    @rule(data=st.data(), kind=st.sampled_from(RemovalKind), sure=st.booleans())
    def an_officer_asks_to_take_it_down(self, data: st.DataObject, kind: RemovalKind, sure: bool) -> None:
        comment = data.draw(st.sampled_from([each for each in self.town.comments() if each.case_id is not None]))
        wish = Wish("personal_data", kind, "Rhif ffôn", confirmed=sure, exception="Darllenais eto" if sure else "")
        try:
            pipeline.ask_removal(
                self.town.here, comment.id, wish, actor=self.staff["mair"], now=self.town.wait(minutes=1)
            )
        except RemovalRefused:
            assert not sure, "nothing is asked twice of whoever has said why"
        except removals.AlreadyAsked:
            assert self._stands(comment.id)
        except removals.NothingToRemove:
            assert comment.presence not in SEEN

    def _stands(self, comment_id: int) -> bool:
        with self.town.store.read() as session:
            states = session.scalars(select(RemovalRow.state).where(RemovalRow.comment_id == comment_id)).all()
        return bool(STANDING & set(states))

    @rule(data=st.data(), step=st.sampled_from(["yes", "no", "back", "undo", "again", "appeal", "stays", "shown"]))
    def a_removal_moves(self, data: st.DataObject, step: str) -> None:
        with self.town.store.read() as session:
            rows = session.scalars(select(RemovalRow).order_by(RemovalRow.id)).all()
            given = {row.id: {each.role for each in approvals(session, row.id)} for row in rows}
        if not rows:
            return
        row = data.draw(st.sampled_from(rows))
        now = self.town.wait(minutes=1)
        if step == "again":
            pipeline.carry_out(self.town.here, row.id, actor=self.staff["rhian"], now=now)
            return
        left = [Role(each) for each in row.needed if Role(each) not in given[row.id]]
        role = left[0] if left else Role.COMMUNICATIONS
        agreeing = self.staff["lowri" if role is Role.LEGAL else "rhian"]
        mair, gethin = self.staff["mair"], self.staff["gethin"]
        facts = {"words": "Rheswm", "now": now, "saw": row.version}
        acts: dict[str, tuple[Any, Actor]] = {
            "yes": (partial(removals.decide, role=role, agrees=True, held={role}), agreeing),
            "no": (partial(removals.decide, role=role, agrees=False, held={role}), agreeing),
            "back": (removals.withdraw, mair),
            "undo": (removals.undo, agreeing),
            "appeal": (partial(removals.appeal, came_at=now, due=london_date(now) + timedelta(days=14)), mair),
            "stays": (partial(removals.decide_appeal, stays=True), gethin),
            "shown": (partial(removals.decide_appeal, stays=False), gethin),
        }
        act, actor = acts[step]
        do = partial(act, removal_id=row.id, actor=actor, **facts)
        try:
            pipeline.act_on_removal(self.town.here, do, actor=actor, now=now)
        except IllegalRemoval:
            wanted = {"back": "withdraw", "yes": "agree", "no": "refuse", "stays": "uphold", "shown": "overturn"}
            assert wanted.get(step, step) not in removal_life.allowed_from(row.state)

    # --- what holds, whatever happened

    @invariant()
    def every_comment_has_one_case_and_every_case_a_next_act(self) -> None:
        if not hasattr(self, "opened"):
            return
        with self.town.store.read() as session:
            loose = session.scalar(select(func.count()).select_from(CommentRow).where(CommentRow.case_id.is_(None)))
            assert loose == 0
            for case in session.scalars(select(CaseRow)):
                assert case.service_area in self.town.here.areas.slugs
                assert lifecycle.allowed_from(case.state)
                turn = cases.current_round(session, case)
                assert turn.due == case.due
                running = case.state in lifecycle.ANSWER_OWED
                assert (turn.ended_at is None) or not running, "an open case whose clock has stopped"

    @invariant()
    def a_state_has_one_writer_and_every_move_is_in_the_table(self) -> None:
        if not hasattr(self, "opened"):
            return
        with self.town.store.read() as session:
            at: dict[int, State] = {}
            for event in session.scalars(select(EventRow).order_by(EventRow.id)):
                assert event.from_state is at.setdefault(event.case_id, event.from_state)
                if event.from_state is not event.to_state:
                    assert TRANSITIONS[event.from_state, Act(event.what)] is event.to_state
                at[event.case_id] = event.to_state
            assert at == {case.id: case.state for case in session.scalars(select(CaseRow))}

            of_removals: dict[int, RemovalState] = {}
            for row in session.scalars(select(RemovalEventRow).order_by(RemovalEventRow.id)):
                assert row.from_state is of_removals.setdefault(row.removal_id, row.from_state)
                if row.from_state is not row.to_state:
                    act = removal_life.RemovalAct(row.what)
                    assert removal_life.next_state(row.from_state, act) is row.to_state
                of_removals[row.removal_id] = row.to_state
            assert of_removals == {row.id: row.state for row in session.scalars(select(RemovalRow))}

    @invariant()
    def a_date_moves_only_with_a_reason_and_what_was_promised_first_never(self) -> None:
        if not hasattr(self, "opened"):
            return
        with self.town.store.read() as session:
            first = dict(session.execute(select(RoundRow.id, RoundRow.first_due)).all())
            fresh = {}
            for case in session.scalars(select(CaseRow)):
                last = session.scalar(select(func.max(EventRow.id)).where(EventRow.case_id == case.id)) or 0
                fresh[case.id] = (case.round, case.due, last)
                number, due, seen_to = self.dues.get(case.id, fresh[case.id])
                if due != case.due:
                    since = session.scalars(
                        select(EventRow.what).where(EventRow.case_id == case.id, EventRow.id > seen_to)
                    ).all()
                    assert MOVES_DATES & set(since), f"another day, and nobody said why: {since}"
                    assert number != case.round or Note.DUE_RECOMPUTED in since
                if case.snoozed_until is not None and case.answer_owed and case.state in lifecycle.ANSWER_OWED:
                    moved = session.scalar(
                        select(func.count()).where(
                            EventRow.case_id == case.id, EventRow.what == Note.DUE_RECOMPUTED.value
                        )
                    )
                    assert case.snoozed_until < case.due or moved
        assert {key: first[key] for key in self.promised} == self.promised
        self.promised, self.dues = first, fresh

    promised: dict[int, date] = {}  # noqa: RUF012 - replaced, never changed

    @invariant()
    def what_is_taken_down_has_its_evidence_and_stands_as_it_is_said_to(self) -> None:
        if not hasattr(self, "opened"):
            return
        with self.town.store.read() as session:
            latest: dict[int, RemovalRow] = {}
            for row in session.scalars(select(RemovalRow).order_by(RemovalRow.id)):
                assert row.evidence_id is not None
                kept = session.get_one(EvidenceRow, row.evidence_id)
                assert kept.comment_id == row.comment_id
                latest[row.comment_id] = row
            for comment_id, row in latest.items():
                comment = session.get_one(CommentRow, comment_id)
                if row.owed or comment.presence in {Presence.DELETED_BY_AUTHOR, Presence.UNAVAILABLE}:
                    continue
                if row.state in OUT_OF_SIGHT:
                    assert comment.presence not in SEEN
                elif row.kind is RemovalKind.HIDE:
                    assert comment.presence in SEEN

    @invariant()
    def the_trail_holds_and_has_every_event(self) -> None:
        if not hasattr(self, "opened"):
            return
        with self.town.store.read() as session:
            events = session.scalar(select(func.count()).select_from(EventRow))
            silent = AuditRow.action.in_(["case.round_answered"])
            rows = session.scalar(
                select(func.count()).select_from(AuditRow).where(AuditRow.action.startswith("case."), ~silent)
            )
            recounted = session.scalar(
                select(func.count()).select_from(EventRow).where(EventRow.what == Note.DUE_RECOMPUTED.value)
            )
            assert events is not None
            assert rows is not None
            assert recounted is not None
            assert events - recounted <= rows <= events, "a recount leaves one row for a page of cases"
            head = audit.read_head(self.town.here.settings.audit_head_file)
            assert audit.verify(session, self.town.here.keys.audit, head) is None

    # --- and at the end

    def _settle(self) -> None:
        """The platforms mend, and everything that is under way arrives."""
        self.town.mend()
        for _ in range(6):
            self.town.wait(minutes=40)
            self.town.collect()
            self.town.read()
            self.town.dispatch()

    def _nothing_was_lost(self) -> None:
        here, store = self.town, self.town.store
        known = {comment.native_id for comment in here.comments()}
        for native_id in self.written:
            message = here.world.message(native_id)
            assert message is not None
            if message.exists(here.now):
                assert native_id in known, "a comment was missed"
        doubled = {text: times for text, times in Counter(here.published()).items() if times > 1}
        assert doubled == {}
        with_a_person = set(here.before_a_person())
        blocked = {part.reply_id for part in here.parts() if part.id in with_a_person}
        for part in here.parts():
            done = part.state is ReplyState.SENT or part.id in with_a_person or part.reply_id in blocked
            assert done or part.state in {ReplyState.DRAFT, ReplyState.AWAITING_APPROVAL}, f"{part.state}: lost"
        with store.read() as session:
            self._the_report_says_the_same(session)
            for row in session.scalars(select(RemovalRow)):
                texts = session.scalars(select(RevisionRow.text).where(RevisionRow.comment_id == row.comment_id)).all()
                assert texts, "the words of what was taken down are kept"

    def _the_report_says_the_same(self, session: Session) -> None:
        """What the weekly reports count, added up, is what stands in the rows."""
        arrived, now = session.scalars(select(CommentRow.posted_at)).all(), self.town.now
        week, totals = Week.of(london_date(min(arrived))), []
        while week.start <= now:
            totals.append(weekly(session, self.policy, self.town.here.areas, week, now=now).total)
            week = Week.of(week.first_day + timedelta(days=7))
        owed_and_given = (
            select(func.count()).select_from(RoundRow).where(RoundRow.answered_at.is_not(None), RoundRow.answer_owed)
        )
        assert sum(each.received for each in totals) == len(arrived)
        assert sum(each.answered for each in totals) == session.scalar(owed_and_given)
        assert totals[-1].still_open == sum(
            case.answer_owed and case.state in lifecycle.ANSWER_OWED for case in session.scalars(select(CaseRow))
        )


def _standing_still(pack: Policy) -> Policy:
    """The same pack, where the answer's clock stands still while the author must say more."""
    return with_rules(pack, pauses=pack.pauses.model_copy(update={"clocks": ("answer",)}))


PACKS = [POWYS, _standing_still(CARMARTHENSHIRE)]


@pytest.mark.slow
@pytest.mark.parametrize("pack", PACKS, ids=["powys", "carmarthenshire"])
def test_whatever_everybody_does_nothing_is_lost_and_nothing_illegal_happens(pack: Policy) -> None:
    run_state_machine_as_test(
        type("Life", (WholeLife,), {"policy": pack}),
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
