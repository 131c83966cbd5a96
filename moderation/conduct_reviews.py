"""Reviews of conduct: begun, moved along the table, and told to whoever reads the case.

`act` is the only writer of a review's state.  Each act adds its own row, an event on the case that
the review was begun from, and a row to the audit trail, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from moderation import conduct, queue, routing
from moderation.conduct import Contact, Figures, Given, Lack
from moderation.deadlines import london_date
from moderation.policy import Policy
from moderation.record import Actor, write_down
from store import audit, findings, people, replies
from store import conduct as kept
from store.cases import CaseRow
from store.conduct import ConductActRow, ConductReviewRow, Said, Turn
from store.database import Session
from vocabulary import Finding, GwylioError, Label, Note, Reason, ReviewAct, ReviewState, Role, SentBy

SHOWN = 20
"""How many flagged comments a review shows, the newest first."""
READ = 500
"""How many of an author's newest comments are looked through for flags."""

_NOT_SENT = Reason("no reply on the case has these words: send it there first, or say how else it was sent")


class UnknownReview(GwylioError):
    """There is no such review."""


class StaleReview(GwylioError):
    """Somebody acted in the review while it was being read; nothing was done."""


class ReviewRunning(GwylioError):
    """A review of this person's conduct runs already."""


class NobodyKnown(GwylioError):
    """The platform does not say who wrote, so there is nobody whose conduct could be weighed."""


class NotTheirs(GwylioError):
    """Only communications act in a review, by name."""


class ActRefused(GwylioError):
    """The act lacks something; `lacks` says what, each at its field."""

    def __init__(self, lacks: Sequence[Lack]) -> None:
        self.lacks = tuple(lacks)
        super().__init__("; ".join(str(lack.why) for lack in lacks))


def begin(
    session: Session, case_id: int, *, act: ReviewAct, words: str, actor: Actor, policy: Policy, now: datetime
) -> ConductReviewRow:
    """Refer a person's conduct to communications (REFER), or open a review of it (OPEN), from one of their cases.

    Raises:
        ActRefused: without a reason.
        ReviewRunning, NobodyKnown: as they say.
        NotTheirs: somebody opens a review who may only refer.
    """
    case = queue.get(session, case_id, lock=True)
    user_id = _person(session, actor, case, opens=act is ReviewAct.OPEN)
    given = Given(words=words)
    if missing := conduct.lacks(act, given, warned=False, user_id=user_id, deciders=(), policy=policy):
        raise ActRefused(missing)
    if case.author_id is None:
        raise NobodyKnown(f"nobody knows who wrote {case.reference}")
    if kept.running(session, case.author_id) is not None:
        raise ReviewRunning(f"a review runs already on the author of {case.reference}")
    state = ReviewState.OPENED if act is ReviewAct.OPEN else ReviewState.REFERRED
    review = ConductReviewRow(
        author_id=case.author_id,
        case_id=case.id,
        state=state,
        begun_at=now,
        restrictions=[],
        how_cy="",
        how_en="",
    )
    session.add(review)
    session.flush()
    _write_down(session, review, case, act, given, before="", user_id=user_id, actor=actor, now=now, detail={})
    return review


def act(
    session: Session,
    review_id: int,
    what: ReviewAct,
    given: Given,
    *,
    actor: Actor,
    policy: Policy,
    now: datetime,
    saw: int | None = None,
) -> ConductReviewRow:
    """Move a review along one row of the table.

    Raises:
        UnknownReview: there is no such review.
        StaleReview: somebody acted in it since `saw`.
        conduct.IllegalReviewAct: the table has no such row.
        NotTheirs: the system, or somebody who is not of communications.
        ActRefused: something is missing.
    """
    review = get(session, review_id, saw=saw, lock=True)
    case = queue.get(session, review.case_id)
    user_id = _person(session, actor, case, opens=True)
    before, after = review.state, conduct.next_state(review.state, what)
    done = kept.acts(session, review_id)
    missing = conduct.lacks(
        what,
        given,
        warned=any(each.act is ReviewAct.WARN for each in done),
        user_id=user_id,
        deciders={each.user_id for each in done if each.act in conduct.DECIDING},
        policy=policy,
    )
    if given.sent_by is SentBy.REPLY and not missing and not _was_sent(session, review, given):
        missing = [Lack("sent_by", _NOT_SENT)]
    if missing:
        raise ActRefused(missing)
    review.state = after
    detail = _decide(review, what, given, now=now)
    if given.sent_by is not None:
        detail["sent_by"] = given.sent_by.value
    if after.ended:
        review.ended_at = now
    kept.touch(review)
    session.flush()
    _write_down(
        session, review, case, what, given, before=before.value, user_id=user_id, actor=actor, now=now, detail=detail
    )
    return review


def get(session: Session, review_id: int, *, saw: int | None = None, lock: bool = False) -> ConductReviewRow:
    """The review, as it is now.

    Raises:
        UnknownReview, StaleReview: as `act`.
    """
    review = session.get(ConductReviewRow, review_id, with_for_update=lock or None)
    if review is None:
        raise UnknownReview(f"there is no review {review_id}")
    if saw is not None and review.version != saw:
        raise StaleReview(f"review {review_id} has moved since you opened it")
    return review


@dataclass(frozen=True, slots=True)
class Standing:
    """What an officer is told on a case of somebody whose contact is limited: advice, and nothing else.

    `decision` is False while a review runs that has decided nothing.
    """

    review_id: int
    state: ReviewState
    decision: bool
    restrictions: tuple[str, ...]
    how_cy: str
    how_en: str
    review_on: date | None
    overdue: bool


def standing(session: Session, author_id: int | None, *, today: date) -> Standing | None:
    """The review that runs on the author of a case, as its readers are told of it; None where there is none."""
    review = kept.running(session, author_id)
    if review is None:
        return None
    return Standing(
        review.id,
        review.state,
        review.state.stands,
        tuple(review.restrictions),
        review.how_cy,
        review.how_en,
        review.review_on,
        is_overdue(review, today),
    )


def is_overdue(review: ConductReviewRow, today: date) -> bool:
    """Whether a decision should have been looked at again by now."""
    return review.state.stands and review.review_on is not None and review.review_on < today


@dataclass(frozen=True, slots=True)
class Flagged:
    """One comment in which a classifier saw conduct to look at, with its reasons; `case_id` where it has a case."""

    comment_id: int
    at: datetime
    case_id: int | None
    finding: Finding


@dataclass(frozen=True, slots=True)
class Weighed:
    """All the evidence of one review."""

    figures: Figures
    flagged: tuple[Flagged, ...]


def weigh(session: Session, author_id: int, *, policy: Policy, now: datetime) -> Weighed:
    """What is known of somebody's conduct towards us on one platform; nothing is joined across platforms."""
    said = kept.said_by(session, author_id)
    turns = kept.turns_of(session, author_id)
    newest = [each.comment_id for each in said[-READ:]]
    counted = {
        comment_id: routing.counted(seen, policy) for comment_id, seen in findings.of_comments(session, newest).items()
    }
    labels = {
        comment_id: frozenset(each.about for each in seen if isinstance(each.about, Label))
        for comment_id, seen in counted.items()
    }
    contacts = list(_contacts(said, turns, labels))
    flagged = [
        Flagged(each.comment_id, each.at, each.case_id, finding)
        for each in reversed(said[-READ:])
        for finding in counted[each.comment_id]
        if finding.about in {Label.VEXATIOUS, Label.REPEATED}
    ]
    late = sum(_was_late(turn, london_date(now)) for turn in turns)
    return Weighed(conduct.figures(contacts, late=late, now=now), tuple(flagged[:SHOWN]))


def letter(text: str, reference: str, policy: Policy, language: str, review: ConductReviewRow, review_on: str) -> str:
    """A letter of the policy with what is known filled in; what is not stays in its braces."""
    restrictions = [policy.restriction(slug) for slug in review.restrictions]
    filled = {
        "reference": reference,
        "basis": policy.conduct.basis.called.say(language),
        "restrictions": "; ".join(each.say(language) for each in restrictions if each),
        "how": review.how_cy if language == "cy" else review.how_en,
        "review_on": review_on,
    }
    for name, value in filled.items():
        if value:
            text = text.replace(f"{{{name}}}", value)
    return text


def _contacts(said: Sequence[Said], turns: Sequence[Turn], labels: Mapping[int, frozenset[Label]]) -> Sequence[Contact]:
    """Each comment with what we had done in its conversation before it."""
    answered: dict[tuple[int, str], datetime] = {}
    replied: dict[tuple[int, str], datetime] = {}
    for turn in turns:
        place = (turn.account_id, turn.thread)
        for first, at in ((answered, turn.answered_at), (replied, turn.acknowledged_at or turn.answered_at)):
            if at is not None and (place not in first or at < first[place]):
                first[place] = at
    begun: set[tuple[int, str]] = set()
    contacts = []
    for each in said:
        post = (each.account_id, each.thread)
        contacts.append(
            Contact(
                at=each.at,
                post=post,
                area=each.area,
                labels=labels.get(each.comment_id, frozenset()),
                after_answer=post in answered and answered[post] < each.at,
                unheard=post in begun and not (post in replied and replied[post] < each.at),
            )
        )
        begun.add(post)
    return contacts


def _was_late(turn: Turn, today: date) -> bool:
    """Whether an answer that was owed came after its day, or has not come and its day is over."""
    if not turn.answer_owed:
        return False
    over = turn.answered_at or turn.ended_at
    return (london_date(over) if over else today) > turn.due


def _decide(review: ConductReviewRow, what: ReviewAct, given: Given, *, now: datetime) -> dict[str, object]:
    """What a decision leaves on the review, and its codes and dates for the records."""
    if what not in conduct.DECIDING:
        return {}
    review.review_on = conduct.after_months(london_date(now), given.review_in)
    if what is ReviewAct.DECIDE:
        review.restrictions = list(given.restrictions)
        review.how_cy, review.how_en = given.how_cy.strip(), given.how_en.strip()
        review.decided_at = now
    return {"restrictions": list(review.restrictions), "review_on": review.review_on.isoformat()}


def _was_sent(session: Session, review: ConductReviewRow, given: Given) -> bool:
    """Whether a reply on the case since the review began has the words of the letter, in one language at least."""
    wanted = [given.letter_cy.split(), given.letter_en.split()]
    return any(
        text.split() in wanted
        for reply in replies.of_case(session, review.case_id)
        if reply.created_at >= review.begun_at
        for text in (reply.text_cy, reply.text_en)
        if text.strip()
    )


def _person(session: Session, actor: Actor, case: CaseRow, *, opens: bool) -> int:
    """The id of whoever acts: somebody of communications, or to refer an officer as well.

    Raises:
        NotTheirs: nobody, or somebody else.
    """
    roles = {Role.COMMUNICATIONS} if opens else {Role.COMMUNICATIONS, Role.OFFICER}
    granted = people.grants(session, actor.user_id) if actor.user_id is not None else ()
    if actor.user_id is None or not any(
        grant.role in roles and grant.area in (case.service_area, people.EVERY_AREA) for grant in granted
    ):
        raise NotTheirs("only communications act in a review of conduct, each by name")
    return actor.user_id


def _write_down(
    session: Session,
    review: ConductReviewRow,
    case: CaseRow,
    what: ReviewAct,
    given: Given,
    *,
    before: str,
    user_id: int,
    actor: Actor,
    now: datetime,
    detail: Mapping[str, object],
) -> None:
    session.add(
        ConductActRow(
            review_id=review.id,
            at=now,
            user_id=user_id,
            act=what,
            to_state=review.state,
            words=given.words.strip(),
            said=given.said(),
            detail=dict(detail),
        )
    )
    audit.append(
        session,
        actor=actor.name,
        action=f"conduct.{what.value}",
        subject=f"conduct_review:{review.id}",
        now=now,
        before={"state": before} if before else {},
        after={"state": review.state.value, "author": review.author_id, "case": case.id, **detail},
    )
    write_down(
        session, case, Note.CONDUCT_REVIEWED, actor=actor, now=now, detail={"review": review.id, "act": what.value}
    )
