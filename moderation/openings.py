"""The openings of pages about one person, recorded: an author's, a restricted case's, a review's.

What the trail gets is who, which and when.  The purpose is an officer's own words, may name
somebody, and stays in its table.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from moderation import viewing
from moderation.policy import Policy, Viewing
from moderation.record import Actor
from store import audit, conduct, findings, openings
from store.cases import CaseRow
from store.database import Session, Store
from store.openings import OpeningRow
from vocabulary import GwylioError, Language, Opened


class PurposeNeeded(GwylioError):
    """This author's page was opened by the same person before; they must say what it is for."""

    def __init__(self, number: int) -> None:
        super().__init__("say why you open this page again")
        self.number = number


def open_author(
    session: Session, author_id: int, *, rule: Viewing, actor: Actor, now: datetime, purpose: str = ""
) -> OpeningRow:
    """Record that somebody opens an author's page.

    Raises:
        PurposeNeeded: it is one opening too many for none to be given.
    """
    user_id = _somebody(actor)
    openings.one_at_a_time(session, user_id)
    earlier = openings.of_author(session, user_id, author_id, since=now - timedelta(days=rule.within_days.value))
    number = viewing.number_of(earlier, now, rule)
    if viewing.purpose_needed(earlier, now, rule) and not purpose.strip():
        raise PurposeNeeded(number)
    return _record(
        session,
        Opened.AUTHOR,
        f"author:{author_id}",
        actor,
        now=now,
        author_id=author_id,
        purpose=purpose,
        number=number,
    )


def looked_for(session: Session, author_ids: Collection[int], *, actor: Actor, now: datetime) -> None:
    """Record that somebody searched for these authors by their name, and found them.

    It asks for no purpose and counts as no opening: what is found is cases, and what an author has said to us all
    together is on their page, which is opened as before.
    """
    for author_id in sorted(author_ids):
        audit.append(session, actor=actor.name, action="author.searched", subject=f"author:{author_id}", now=now)


def still_reading(session: Session, opening_id: int, author_id: int, *, actor: Actor, now: datetime) -> bool:
    """Whether somebody loads again a page that they opened a short while ago."""
    since = now - viewing.ONE_READING
    return openings.reading(session, opening_id, _somebody(actor), author_id, since=since) is not None


def openings_of(session: Session, author_id: int, *, rule: Viewing, actor: Actor, now: datetime) -> int:
    """How often somebody has opened an author's page within the days that count."""
    since = now - timedelta(days=rule.within_days.value)
    return len(openings.of_author(session, _somebody(actor), author_id, since=since))


def is_restricted(session: Session, case: CaseRow, policy: Policy) -> bool:
    """Whether it is recorded who sees this case."""
    if case.restricted:
        return True
    scores = findings.labels_of_cases(session, [case.id]).get(case.id, {})
    language = Language(case.language)
    flagged = {label for label, score in scores.items() if score >= policy.threshold(label, language)}
    return viewing.restricted(flagged, under_review=conduct.running(session, case.author_id) is not None)


def see_case(store: Store, case_id: int, *, policy: Policy, actor: Actor, now: datetime, purpose: str = "") -> bool:
    """Record that somebody sees a case, if it is restricted; whether it is."""
    with store.read() as session:
        case = session.get(CaseRow, case_id)
        if case is None or not is_restricted(session, case, policy):
            return False
    _see(store, Opened.CASE, case_id, actor, now=now, purpose=purpose)
    return True


def see_review(store: Store, case_id: int, *, actor: Actor, now: datetime) -> None:
    """Record that somebody sees the review of conduct that was begun from a case."""
    _see(store, Opened.REVIEW, case_id, actor, now=now, purpose="")


def _see(store: Store, what: Opened, case_id: int, actor: Actor, *, now: datetime, purpose: str) -> None:
    """Once in one reading, unless a purpose is given: that is always kept."""
    user_id = _somebody(actor)

    def known(session: Session) -> bool:
        since = now - viewing.ONE_READING
        return not purpose.strip() and openings.opened_lately(session, user_id, what, case_id, since=since)

    def act(session: Session) -> None:
        openings.one_at_a_time(session, user_id)
        if not known(session):
            _record(session, what, f"case:{case_id}", actor, now=now, case_id=case_id, purpose=purpose)

    with store.read() as session:
        if known(session):
            return
    store.write(act)


def see_with_purpose(session: Session, case_id: int, purpose: str, *, actor: Actor, now: datetime) -> None:
    """Record why somebody opens a restricted case, in the transaction that is told of it."""
    openings.one_at_a_time(session, _somebody(actor))
    _record(session, Opened.CASE, f"case:{case_id}", actor, now=now, case_id=case_id, purpose=purpose)


def _record(
    session: Session,
    what: Opened,
    subject: str,
    actor: Actor,
    *,
    now: datetime,
    author_id: int | None = None,
    case_id: int | None = None,
    purpose: str = "",
    number: int = 0,
) -> OpeningRow:
    row = OpeningRow(
        at=now,
        user_id=_somebody(actor),
        what=what,
        author_id=author_id,
        case_id=case_id,
        purpose=purpose.strip(),
    )
    session.add(row)
    session.flush()
    counted = {"number": number} if number else {}
    audit.append(
        session,
        actor=actor.name,
        action=f"{what.value}.viewed",
        subject=subject,
        now=now,
        after={"opening": row.id, "purpose_given": bool(row.purpose)} | counted | actor.way,
    )
    return row


def _somebody(actor: Actor) -> int:
    """The id of the person who opens a page; the system opens none."""
    if actor.user_id is None:
        raise ValueError("only a person opens a page")
    return actor.user_id
