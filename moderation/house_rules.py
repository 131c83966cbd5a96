"""Which rule a comment breaks, before it is hidden: criticism of the body or its leaders breaks none.

A rule is the pack's, points to labels, and says what is to be done.  Whoever hides a comment names the
rule.  Where nothing that was seen in the comment supports it, they are asked once more: what only
displeases is protected.
"""

from __future__ import annotations

from collections.abc import Collection

from moderation.policy import HouseRule, Policy
from vocabulary import GwylioError, Label, Reason

CRITICISM = frozenset({Label.NEGATIVE, Label.COMPLAINT, Label.POLITICAL, Label.FOI_REQUEST, Label.SUBJECT_ACCESS})
"""What displeases, asks or blames: none of it is a reason to hide anything."""

ONLY_CRITICISM = Reason("it reads as criticism, which is protected: only what breaks a rule may be hidden")
UNSUPPORTED = Reason("nothing that was seen in the comment supports this rule")


class RuleNeeded(GwylioError):
    """A comment is hidden under a rule of the pack that permits it, and under no other."""


class SureNeeded(GwylioError):
    """What was seen does not support the rule, as `why` says: whoever hides it must say that they are sure."""

    def __init__(self, why: Reason) -> None:
        self.why = why
        super().__init__(str(why))


def broken(flagged: Collection[Label], policy: Policy) -> tuple[HouseRule, ...]:
    """The rules that what was seen points to, in the pack's order."""
    return tuple(rule for rule in policy.house_rules if set(rule.labels) & set(flagged))


def permitted(policy: Policy) -> tuple[HouseRule, ...]:
    """The rules under which a comment may be hidden."""
    return tuple(rule for rule in policy.house_rules if rule.permits_hiding)


def check(slug: str, flagged: Collection[Label], policy: Policy, *, sure: bool) -> HouseRule:
    """The rule, where a comment with these labels may be hidden under it.

    Raises:
        RuleNeeded: there is no such rule, or it permits no hiding.
        SureNeeded: nothing supports it, and the officer has not said that they are sure.
    """
    rule = next((each for each in permitted(policy) if each.slug == slug), None)
    if rule is None:
        raise RuleNeeded("choose the rule that the comment breaks")
    if not sure and not set(rule.labels) & set(flagged):
        raise SureNeeded(ONLY_CRITICISM if set(flagged) & CRITICISM else UNSUPPORTED)
    return rule
