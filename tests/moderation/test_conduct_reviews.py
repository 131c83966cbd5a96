"""A review is begun and moved by named people only, leaves its rows, and takes nothing from the person it is about."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from moderation import conduct_reviews, openings, policy, queue
from moderation.conduct import Given, IllegalReviewAct
from moderation.conduct_reviews import ActRefused, NobodyKnown, NotTheirs, ReviewRunning, StaleReview, UnknownReview
from moderation.record import Actor
from store import audit, cases, conduct, findings
from store.conduct import ConductReviewRow
from store.database import Session, Store
from store.replies import ReplyRow
from tests.conftest import KEY
from tests.factories import MONDAY, NOON, POWYS, a_comment, a_user, an_account, comes, with_account
from tests.moderation.test_conduct import WHOLE
from vocabulary import (
    Author,
    Finding,
    Label,
    Platform,
    Reason,
    ReplyKind,
    ReplyState,
    ReviewAct,
    ReviewState,
    Role,
    SentBy,
    State,
)

A, S = ReviewAct, ReviewState
NAME = "Mair Enghraifft"
DAY = timedelta(days=1)


@pytest.fixture
def catrin(store: Store) -> Actor:
    with_account(store)
    return staff(store, "catrin", Role.COMMUNICATIONS, "*")


def staff(store: Store, username: str, role: Role, area: str) -> Actor:
    return store.write(lambda session: Actor(username, a_user(session, username, role, area).id))


def begun(store: Store, who: Actor, act: ReviewAct = A.OPEN, *, case_id: int = 0, words: str = "Since June.") -> int:
    chosen = case_id or comes(store).case_id

    def begin(session: Session) -> int:
        return conduct_reviews.begin(session, chosen, act=act, words=words, actor=who, policy=POWYS, now=NOON).id

    return store.write(begin)


def does(
    store: Store,
    review: int,
    act: ReviewAct,
    who: Actor,
    said: Given | None = None,
    *,
    now: datetime = NOON,
    **more: Any,
) -> ReviewState:
    def step(session: Session) -> ReviewState:
        given = said or WHOLE[act]
        return conduct_reviews.act(session, review, act, given, actor=who, policy=POWYS, now=now, **more).state

    return store.write(step)


def review_of(store: Store, review: int) -> ConductReviewRow:
    with store.read() as session:
        return conduct_reviews.get(session, review)


def trail(store: Store) -> list[dict[str, Any]]:
    with store.read() as session:
        assert audit.verify(session, KEY, None) is None
        return [row for row in audit.rows(session) if row["action"].startswith("conduct.")]


def test_from_the_first_doubt_to_the_end_each_act_is_somebodys_and_leaves_its_rows(store: Store, catrin: Actor) -> None:
    dewi = staff(store, "dewi", Role.COMMUNICATIONS, "*")
    review = begun(store, catrin)
    walk = [
        (A.WARN, catrin, S.WARNED), (A.DECIDE, catrin, S.DECIDED), (A.NOTIFY, catrin, S.DECIDED),
        (A.APPEAL, catrin, S.APPEALED), (A.UPHOLD, dewi, S.DECIDED), (A.CONTINUE, dewi, S.DECIDED),
        (A.LIFT, catrin, S.LIFTED),
    ]  # fmt: skip
    for act, who, state in walk:
        assert does(store, review, act, who) is state
    with store.read() as session:
        steps = conduct.steps(session, review)
        events = [each.detail for each in cases.events(session, 1) if each.what == "conduct_reviewed"]
    assert [each.act.act for each in steps] == [A.OPEN, *(act for act, _, _ in walk)]
    assert [each.who for each in steps] == ["Catrin", *(who.name.title() for _, who, _ in walk)]
    assert [row["action"] for row in trail(store)] == [f"conduct.{each.act.act}" for each in steps]
    assert [detail["act"] for detail in events] == [each.act.act.value for each in steps]
    assert review_of(store, review).ended_at == NOON


def test_neither_the_trail_nor_the_case_gets_a_word_of_theirs_or_an_officers(store: Store, catrin: Actor) -> None:
    review = begun(store, catrin, words=f"{NAME} writes every day.")
    does(store, review, A.WARN, catrin, Given(letter_cy=f"Annwyl {NAME}", letter_en="Dear you", sent_by=SentBy.EMAIL))
    does(store, review, A.DECIDE, catrin)
    for row in trail(store):
        written = repr(row)
        assert "Enghraifft" not in written
        assert "e-mail only" not in written
    assert trail(store)[-1]["after"] == {
        "state": "decided", "author": 1, "case": 1, "restrictions": ["one_channel"], "review_on": "2027-05-02",
    }  # fmt: skip
    with store.read() as session:
        assert not [each for each in cases.events(session, 1) if each.what == "conduct_reviewed" and each.words]


def test_an_officer_may_refer_with_a_reason_and_do_no_more(store: Store, catrin: Actor) -> None:
    rhys = staff(store, "rhys", Role.OFFICER, "waste")
    case = comes(store).case_id
    with pytest.raises(ActRefused):
        begun(store, rhys, A.REFER, case_id=case, words="  ")
    with pytest.raises(NotTheirs):
        begun(store, rhys, A.OPEN, case_id=case)
    review = begun(store, rhys, A.REFER, case_id=case)
    assert review_of(store, review).state is S.REFERRED
    for act in (A.OPEN, A.DISMISS):
        with pytest.raises(NotTheirs):
            does(store, review, act, rhys)
    assert does(store, review, A.OPEN, catrin) is S.OPENED


@pytest.mark.parametrize("who", [Actor("system"), Actor("ghost", 999)])
def test_the_system_never_acts_in_a_review(store: Store, catrin: Actor, who: Actor) -> None:
    review = begun(store, catrin)
    with pytest.raises(NotTheirs):
        begun(store, who, case_id=1)
    for act in (A.WARN, A.DECIDE, A.DISMISS):
        with pytest.raises(NotTheirs):
            does(store, review, act, who)


def test_an_officer_of_another_area_refers_nobody(store: Store, catrin: Actor) -> None:
    elin = staff(store, "elin", Role.OFFICER, "highways")
    with pytest.raises(NotTheirs):
        begun(store, elin, A.REFER)


def test_whoever_decided_or_kept_the_decision_does_not_hear_the_appeal(store: Store, catrin: Actor) -> None:
    dewi, nest = (staff(store, name, Role.COMMUNICATIONS, "*") for name in ("dewi", "nest"))
    review = begun(store, catrin)
    does(store, review, A.WARN, catrin)
    does(store, review, A.DECIDE, catrin)
    does(store, review, A.CONTINUE, dewi)
    does(store, review, A.APPEAL, catrin)
    for who in (catrin, dewi):
        with pytest.raises(ActRefused, match="a colleague must"):
            does(store, review, A.OVERTURN, who)
    assert does(store, review, A.OVERTURN, nest) is S.OVERTURNED


def test_a_decision_without_a_warning_needs_its_reason(store: Store, catrin: Actor) -> None:
    review = begun(store, catrin)
    with pytest.raises(ActRefused, match="have not been warned"):
        does(store, review, A.DECIDE, catrin)
    assert review_of(store, review).state is S.OPENED


def test_nothing_is_done_that_the_table_has_not(store: Store, catrin: Actor) -> None:
    review = begun(store, catrin)
    for act in (A.CONTINUE, A.LIFT, A.APPEAL, A.UPHOLD, A.REFER):
        with pytest.raises(IllegalReviewAct):
            does(store, review, act, catrin)
    with pytest.raises(UnknownReview):
        does(store, 99, A.WARN, catrin)


def test_a_form_that_is_too_old_does_nothing(store: Store, catrin: Actor) -> None:
    review = begun(store, catrin)
    saw = review_of(store, review).version
    does(store, review, A.WARN, catrin, saw=saw)
    with pytest.raises(StaleReview):
        does(store, review, A.DECIDE, catrin, saw=saw)
    does(store, review, A.DECIDE, catrin)
    saw = review_of(store, review).version
    does(store, review, A.NOTIFY, catrin, saw=saw)
    with pytest.raises(StaleReview):
        does(store, review, A.NOTIFY, catrin, saw=saw)


def test_one_review_runs_at_a_time_and_another_may_follow(store: Store, catrin: Actor) -> None:
    review = begun(store, catrin)
    with pytest.raises(ReviewRunning):
        begun(store, catrin, case_id=1)
    does(store, review, A.DISMISS, catrin)
    assert begun(store, catrin, case_id=1) != review


def test_the_database_itself_lets_no_second_review_run(store: Store, catrin: Actor) -> None:
    begun(store, catrin)
    second: dict[str, Any] = dict(author_id=1, case_id=1, state=S.OPENED, begun_at=NOON, restrictions=[])
    with pytest.raises(IntegrityError):
        store.write(lambda session: session.add(ConductReviewRow(**second, how_cy="", how_en="")))


def test_of_an_unknown_author_there_is_no_review(store: Store, catrin: Actor) -> None:
    case = comes(store, a_comment(author=None)).case_id
    with pytest.raises(NobodyKnown):
        begun(store, catrin, case_id=case)


def test_a_decision_is_looked_at_again_within_the_months_of_the_policy(store: Store, catrin: Actor) -> None:
    review = begun(store, catrin)
    does(store, review, A.WARN, catrin)
    does(store, review, A.DECIDE, catrin)
    row = review_of(store, review)
    assert row.review_on == date(2027, 5, 2)
    assert not conduct_reviews.is_overdue(row, date(2027, 5, 2))
    assert conduct_reviews.is_overdue(row, date(2027, 5, 3))
    with store.read() as session:
        assert conduct.count_overdue(session, None, today=date(2027, 5, 3)) == 1
        assert conduct.count_overdue(session, frozenset({"highways"}), today=date(2027, 5, 3)) == 0
    does(store, review, A.CONTINUE, catrin, now=NOON + 182 * DAY)
    assert review_of(store, review).review_on == date(2027, 8, 3)
    with store.read() as session:
        assert conduct.count_overdue(session, None, today=date(2027, 5, 4)) == 0


def decided(store: Store, who: Actor, case_id: int) -> int:
    review = begun(store, who, case_id=case_id)
    does(store, review, A.WARN, who)
    does(store, review, A.DECIDE, who)
    return review


def test_what_they_write_while_a_decision_stands_opens_a_case_like_anybodys(store: Store, catrin: Actor) -> None:
    decided(store, catrin, comes(store).case_id)
    later = MONDAY + 7 * DAY
    fresh = a_comment("Mae plentyn mewn perygl", native_id="c2", thread="p2", posted_at=later)
    placed = comes(store, fresh, now=later + DAY / 24)
    with store.read() as session:
        case = queue.get(session, placed.case_id)
        told = conduct_reviews.standing(session, case.author_id, today=date(2026, 11, 9))
    assert placed.how == "opened"
    assert (case.state, case.answer_owed, case.due) == (State.RECEIVED, True, date(2026, 11, 16))
    assert told is not None
    assert (told.decision, told.restrictions, told.how_en) == (True, ("one_channel",), "By e-mail only.")
    assert not told.overdue


def test_nothing_is_joined_across_platforms(store: Store, catrin: Actor) -> None:
    decided(store, catrin, comes(store).case_id)
    store.write(lambda session: an_account(session, "cyngor-x", platform=Platform.X))
    same_name = a_comment(account="cyngor-x", author=Author("a1", NAME), native_id="x1")
    elsewhere = comes(store, same_name)
    with store.read() as session:
        author = queue.get(session, elsewhere.case_id).author_id
        assert author is not None
        assert conduct_reviews.standing(session, author, today=date(2026, 11, 3)) is None
        assert conduct_reviews.weigh(session, author, policy=POWYS, now=NOON).figures.comments == 1


def test_the_evidence_is_what_the_store_holds_and_our_silence_stands_beside_it(store: Store, catrin: Actor) -> None:
    case = comes(store).case_id
    comes(store, a_comment("Eto", native_id="c2", posted_at=MONDAY + DAY))

    def answers(session: Session) -> None:
        row = queue.get(session, case, lock=True)
        at = MONDAY + 10 * DAY
        queue.acknowledged(session, row, row.round, at, actor=catrin, now=at)
        queue.answered(session, row, row.round, at, actor=catrin, now=at, policy=POWYS)

    store.write(answers)
    third = a_comment("Eto fyth", native_id="c3", posted_at=MONDAY + 11 * DAY)
    comes(store, third, now=MONDAY + 11 * DAY)
    why = Reason(
        "the same matter again after a reply, {count} times (unreasonable persistence: ICO, section 14)", {"count": 3}
    )
    seen = [Finding(about=Label.VEXATIOUS, score=0.9, why=(why,), classifier="vexatious/2")]
    store.write(lambda session: findings.replace(session, 3, 1, seen, now=NOON))
    with store.read() as session:
        weighed = conduct_reviews.weigh(session, 1, policy=POWYS, now=MONDAY + 12 * DAY)
    seen_of = weighed.figures
    assert (seen_of.comments, seen_of.in_week, seen_of.posts, seen_of.busiest_week) == (3, 1, 1, 2)
    assert (seen_of.after_answer, seen_of.unheard, seen_of.late) == (1, 1, 1)
    assert [(each.comment_id, each.finding.why) for each in weighed.flagged] == [(3, (why,))]


def test_a_finding_that_a_person_took_away_is_no_evidence(store: Store, catrin: Actor) -> None:
    comes(store)
    seen = [Finding(about=Label.VEXATIOUS, score=0.9, why=(), classifier="vexatious/2")]
    store.write(lambda session: findings.replace(session, 1, 1, seen, now=NOON))

    def corrects(session: Session) -> None:
        queue.correct(
            session, 1, Label.VEXATIOUS, "no", actor=catrin, policy=POWYS, now=NOON, words="We never answered."
        )

    store.write(corrects)
    with store.read() as session:
        assert conduct_reviews.weigh(session, 1, policy=POWYS, now=NOON).flagged == ()


def test_a_letter_said_to_be_sent_as_a_reply_must_be_there_as_one(store: Store, catrin: Actor) -> None:
    review = begun(store, catrin)
    said = Given(letter_cy="Annwyl Mair,\r\nrhybudd", letter_en="Dear Mair", sent_by=SentBy.REPLY)
    with pytest.raises(ActRefused, match="no reply on the case has these words"):
        does(store, review, A.WARN, catrin, said)
    reply = ReplyRow(
        case_id=1, comment_id=1, round=1, kind=ReplyKind.HOLDING, state=ReplyState.APPROVED,
        text_cy="Annwyl Mair,\nrhybudd", text_en="", author_id=catrin.user_id, created_at=NOON,
    )  # fmt: skip
    store.write(lambda session: session.add(reply))
    assert does(store, review, A.WARN, catrin, said) is S.WARNED


def test_the_letters_of_every_pack_are_filled_in_and_keep_no_brace(store: Store, catrin: Actor) -> None:
    review = decided(store, catrin, comes(store).case_id)
    row = review_of(store, review)
    for name in policy.names():
        pack = policy.load(name)
        for tongue in ("cy", "en"):
            for template in (pack.conduct.warning, pack.conduct.decision):
                text = conduct_reviews.letter(template.say(tongue), "GW-2026-000001", pack, tongue, row, "2 May 2027")
                assert "{" not in text
                assert "GW-2026-000001" in text
                assert pack.conduct.basis.called.say(tongue) in text


def test_pages_opened_at_the_same_moment_are_counted_one_by_one(store: Store, catrin: Actor) -> None:
    comes(store)

    def opens(_: int) -> str:
        try:
            store.write(lambda session: openings.open_author(session, 1, rule=POWYS.viewing, actor=catrin, now=NOON).id)
        except openings.PurposeNeeded:
            return "asked"
        return "opened"

    with ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(opens, range(6))) == ["asked"] * 4 + ["opened"] * 2
