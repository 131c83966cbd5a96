"""What is said about a removal, as it stands in the reply form of its case."""

from __future__ import annotations

from collections.abc import Iterable

from moderation import removal_letters, removals
from moderation.removal_letters import SHOWN_AGAIN, STATEMENT
from moderation.saved_replies import SavedReply
from store import removals as kept
from store.removals import RemovalRow
from web.visit import Visit


def of_case(visit: Visit, known: Iterable[RemovalRow]) -> list[tuple[str, SavedReply]]:
    """The letters that the removals of a case offer, each under its name in the form."""
    policy, letters = visit.here.policy, visit.web.removal_letters
    return [
        (removal_letters.name_of(removal.id, letter.slug), letter)
        for removal in known
        for letter in removal_letters.offered(removal.state, letters, policy)
    ]


def chosen(visit: Visit, case_id: int, name: str) -> SavedReply | None:
    """The letter of that name about a removal of this case, with its rule in it; None where it offers none."""
    named = removal_letters.named(name)
    if named is None:
        return None
    removal_id, slug = named
    with visit.store.read() as session:
        removal = session.get(RemovalRow, removal_id)
    if removal is None or removal.case_id != case_id:
        return None
    policy = visit.here.policy
    offered = removal_letters.offered(removal.state, visit.web.removal_letters, policy)
    letter = next((each for each in offered if each.slug == slug), None)
    return removal_letters.filled(letter, policy.house_rule(removal.rule), policy) if letter else None


def sent(visit: Visit, case_id: int, name: str, reply_id: int) -> None:
    """A reply began as that letter: where it tells the author why, the removal says so."""
    named = removal_letters.named(name)
    if named is None or named[1] in {STATEMENT, SHOWN_AGAIN}:
        return
    removal_id = named[0]
    with visit.store.read() as session:
        known = kept.case_of(session, removal_id) == case_id
    if known:
        visit.store.write(
            lambda session: removals.told(session, removal_id, reply_id=reply_id, actor=visit.actor, now=visit.now)
        )
