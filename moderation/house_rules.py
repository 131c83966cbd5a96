"""Which of the body's rules a comment may break, and what speaks against taking it down.

Criticism of the council or its leaders is protected.  What the classifiers saw points to a rule and
breaks none: a person names the rule and says why, and says so twice where nothing that was seen bears
them out, or where the comment reads as criticism and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from moderation import routing
from moderation.policy import HouseRule, Policy
from vocabulary import Finding, GwylioError, Label, Reason, RemovalKind, Severity

CRITICISM = frozenset({Label.NEGATIVE, Label.COMPLAINT, Label.POLITICAL})
"""What people say of a council, and may."""
STILL_CRITICISM = routing.CLOCK_OF.keys() | {Label.PROFANITY, Label.REPEATED, Label.VEXATIOUS}
"""What a comment may be besides, and be criticism all the same: coarse, said again, or a request."""


class Caution(StrEnum):
    """Why a person is asked twice."""

    UNSUPPORTED = "unsupported"
    CRITICISM_ONLY = "criticism_only"


CAUTIONS: Mapping[Caution, Reason] = {
    Caution.UNSUPPORTED: Reason("nothing that was seen in the comment points to this rule"),
    Caution.CRITICISM_ONLY: Reason("it reads as criticism and nothing else, and criticism is not taken down"),
}

NO_RULE = Reason("choose the rule that the comment breaks")
NOT_FOR_THIS = Reason("no comment is taken down for this rule: {rule}")
NO_REASON = Reason("say how the comment breaks the rule")
CONFIRM = Reason("to ask for it all the same, confirm it and say why")


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for.  `exception` is why they ask in spite of a caution; `confirmed` that they read it."""

    rule: str
    kind: RemovalKind
    words: str
    confirmed: bool = False
    exception: str = ""


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a wish is not granted, and the field of the form that it is about."""

    field: str
    why: Reason


@dataclass(frozen=True, slots=True)
class Pointed:
    """A rule, and what was seen that points to it; nothing for one that only a person can see broken."""

    rule: HouseRule
    seen: tuple[Finding, ...]


class RemovalRefused(GwylioError):
    """A comment is not taken down on this wish; `objections` say what is missing, `cautions` what speaks against it."""

    def __init__(self, objections: Sequence[Objection], cautions: Sequence[Caution] = ()) -> None:
        self.objections, self.cautions = tuple(objections), tuple(cautions)
        super().__init__("; ".join(f"{each.field}: {each.why}" for each in objections))


def pointed_to(findings: Sequence[Finding], policy: Policy) -> tuple[Pointed, ...]:
    """Every rule in the order of the policy, those first that something points to."""
    rules = [Pointed(rule, supports(rule, findings, policy)) for rule in policy.house_rules]
    return tuple(sorted(rules, key=lambda each: not each.seen))


def supports(rule: HouseRule, findings: Sequence[Finding], policy: Policy) -> tuple[Finding, ...]:
    """What was seen that points to this rule, the surest first."""
    language, _ = routing.language_of(findings)
    seen = (
        finding
        for finding in findings
        if isinstance(finding.about, Label)
        and finding.about in rule.labels
        and finding.score >= (policy.threshold(finding.about, language) if rule.score is None else rule.score)
    )
    return tuple(sorted(seen, key=lambda finding: -finding.score))


def is_criticism_only(findings: Sequence[Finding], policy: Policy) -> bool:
    """Whether it is criticism, and no abuse, hate, threat or other thing that a rule could be for."""
    labels = frozenset(routing.flagged(findings, policy))
    return bool(labels & CRITICISM) and labels <= CRITICISM | STILL_CRITICISM


def cautions(rule: HouseRule, findings: Sequence[Finding], policy: Policy) -> tuple[Caution, ...]:
    """What speaks against taking a comment down for this rule; a person may say why they do it all the same."""
    return tuple(
        caution
        for caution, holds in (
            (Caution.UNSUPPORTED, not supports(rule, findings, policy)),
            (Caution.CRITICISM_ONLY, is_criticism_only(findings, policy)),
        )
        if holds
    )


def severity(rule: HouseRule, findings: Sequence[Finding], policy: Policy) -> Severity:
    """How serious what points to the rule is; NONE where nothing does."""
    seen = (finding.about for finding in supports(rule, findings, policy))
    return routing.severity((about for about in seen if isinstance(about, Label)), policy)


def is_hidden_first(rule: HouseRule, findings: Sequence[Finding], policy: Policy) -> bool:
    """Whether it is hidden before those who must agree have: serious enough, and nothing speaks against it."""
    if cautions(rule, findings, policy):
        return False
    return severity(rule, findings, policy).rank >= policy.removal.hide_first_from.rank


def check(wish: Wish, findings: Sequence[Finding], policy: Policy) -> HouseRule:
    """The rule that the wish names, where it may be granted.

    Raises:
        RemovalRefused: no rule, one that removes nothing, no reason, or a caution that was not answered.
    """
    rule = policy.house_rule(wish.rule)
    objections = []
    against: tuple[Caution, ...] = ()
    if rule is None:
        objections.append(Objection("rule", NO_RULE))
    elif not rule.removable:
        objections.append(Objection("rule", Reason(NOT_FOR_THIS.text, rule.values("rule"))))
    if not wish.words.strip():
        objections.append(Objection("reason", NO_REASON))
    if rule is not None and rule.removable:
        against = cautions(rule, findings, policy)
        if against and not (wish.confirmed and wish.exception.strip()):
            objections += [Objection("rule", CAUTIONS[caution]) for caution in against]
            objections.append(Objection("exception", CONFIRM))
    if rule is None or objections:
        raise RemovalRefused(objections, against)
    return rule
