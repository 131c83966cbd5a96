"""What is said about a removal: to its author, why; to everybody, a statement.  From config/removal_letters.toml.

They are saved replies that go into the ordinary reply form, so that nothing leaves past its guard.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from moderation.policy import HouseRule, Policy
from moderation.saved_replies import SavedReplies, SavedReply
from vocabulary import Recommended, RemovalState

FILE: Final = "removal_letters.toml"
PREFIX: Final = "removal"

WHY: Final = "why"
STATEMENT: Final = "statement"
SHOWN_AGAIN: Final = "shown-again"
APPEAL_REFUSED: Final = "appeal-refused"
ASK_AUTHOR: Final = "ask-author"

AGREED: Final = frozenset({RemovalState.APPROVED, RemovalState.REMOVED, RemovalState.APPEALED})
OFFERED: Final[Mapping[str, frozenset[RemovalState]]] = {
    WHY: AGREED,
    STATEMENT: AGREED | {RemovalState.UPHELD},
    SHOWN_AGAIN: frozenset({RemovalState.REFUSED, RemovalState.WITHDRAWN, RemovalState.UNDONE}),
    APPEAL_REFUSED: frozenset({RemovalState.UPHELD}),
}
"""When each can be sent; ASK_AUTHOR is for a private message, and never offered in a form that replies in public.

Nothing is said of why before everybody who must agree has.
"""


def offered(state: RemovalState, letters: SavedReplies, policy: Policy) -> tuple[SavedReply, ...]:
    """The letters that a removal in this state offers, as far as the policy asks for them."""
    wanted = {WHY: policy.removal.tell_author, STATEMENT: policy.removal.offer_statement}
    return tuple(
        letter
        for letter in letters.replies
        if state in OFFERED.get(letter.slug, frozenset()) and wanted.get(letter.slug, True)
    )


def to_ask_author(rule: HouseRule, letters: SavedReplies, policy: Policy) -> SavedReply | None:
    """The letter that asks the author to take it down themselves, where the rule recommends that."""
    letter = letters.get(ASK_AUTHOR) if Recommended.ASK_AUTHOR in rule.acts else None
    return filled(letter, rule, policy) if letter else None


def filled(letter: SavedReply, rule: HouseRule | None, policy: Policy) -> SavedReply:
    """The letter with the rule in it, in either language, and the days of an appeal."""
    days = str(policy.removal.appeal_days.value)
    texts = {}
    for language in ("cy", "en"):
        text = letter.say(language).replace("{days}", days)
        texts[language] = text.replace("{rule}", rule.say(language)) if rule else text
    return letter.model_copy(update=texts)


def name_of(removal_id: int, slug: str) -> str:
    """What a letter about one removal is called in the reply form."""
    return f"{PREFIX}:{removal_id}:{slug}"


def named(name: str) -> tuple[int, str] | None:
    """The removal and the letter of such a name; None for anything else."""
    prefix, _, rest = name.partition(":")
    number, _, slug = rest.partition(":")
    if prefix != PREFIX or not (number.isascii() and number.isdigit()) or len(number) > 15:
        return None
    return int(number), slug
