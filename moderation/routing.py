"""Who should answer, in which language, how soon, and why.

A pure function of a comment, its findings and the policy.  The rules of the policy come first, in
order; then the words of the service areas; then the last rule, as a rule the account's own area.
Welsh is no label here: it decides the language that is owed, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from moderation.policy import DEFAULT, Policy, RouteRule
from moderation.service_areas import Areas
from vocabulary import Clock, Comment, Finding, Label, Language, Origin, Question, Reason, ReplyLanguage, Severity

# Whoever says this is owed an answer, however the comment is put.
WHY_OWED: Mapping[Label, Reason] = {
    Label.SELF_HARM: Reason("an answer is owed: somebody may come to harm"),
    Label.SAFEGUARDING: Reason("an answer is owed: somebody may need protection"),
    Label.FOI_REQUEST: Reason("an answer is owed: it may be a freedom of information request"),
    Label.SUBJECT_ACCESS: Reason("an answer is owed: it may be a subject access request"),
}

NOBODY_ASKED = (False, Reason("a saved search found it; nobody asked us"))

CLOCK_OF = {Label.FOI_REQUEST: Clock.FOI, Label.SUBJECT_ACCESS: Clock.SAR}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What becomes of a comment.  `clocks` begins with ANSWER; those of the law run beside it.

    `flagged` is every label at or over its threshold, in the vocabulary's order.  `unsure` says that
    the language wants a person's eye.  A `restricted` comment is read by those whose role needs it.
    """

    area: str
    language: Language
    unsure: bool
    reply_in: ReplyLanguage
    answer_owed: bool
    severity: Severity
    clocks: tuple[Clock, ...]
    flagged: tuple[Label, ...]
    because: tuple[Reason, ...]
    restricted: bool = False


def route(comment: Comment, findings: Iterable[Finding], account_area: str, policy: Policy, areas: Areas) -> Route:
    """Where the comment goes.  `account_area` is the slug of the service area of the account it came to."""
    known = tuple(findings)
    labels = flagged(known, policy)
    language, unsure = language_of(known)
    area, why_there = _area(comment, known, account_area, policy, areas)
    found = comment.origin is Origin.SEARCH
    owed, why_owed = NOBODY_ASKED if found else _answer_owed(known, labels, policy)
    return Route(
        area=area,
        language=language,
        unsure=unsure,
        reply_in=reply_in(language, unsure=unsure, policy=policy),
        answer_owed=owed,
        severity=severity(labels, policy),
        clocks=(Clock.ANSWER, *(clock for label, clock in CLOCK_OF.items() if label in labels and not found)),
        flagged=labels,
        because=(why_there, WHY_UNSURE if unsure else _why_language(language, policy), why_owed),
        restricted=not set(labels).isdisjoint(policy.restricted.labels),
    )


def counted(findings: Sequence[Finding], policy: Policy) -> list[Finding]:
    """What is at or over the threshold of its label, for the language that the comment is in."""
    language, _ = language_of(findings)
    return [f for f in findings if isinstance(f.about, Label) and f.score >= policy.threshold(f.about, language)]


def flagged(findings: Sequence[Finding], policy: Policy) -> tuple[Label, ...]:
    """The labels that count, in the vocabulary's order."""
    over = {finding.about for finding in counted(findings, policy)}
    return tuple(label for label in Label if label in over)


def language_of(findings: Sequence[Finding]) -> tuple[Language, bool]:
    """The language that was decided, and whether it wants a person's eye; UND when nobody said."""
    finding = next((f for f in findings if f.about is Question.LANGUAGE), None)
    return (Language(finding.says), finding.unsure) if finding else (Language.UND, True)


def reply_in(language: Language, *, unsure: bool, policy: Policy) -> ReplyLanguage:
    """The language a reply is owed in: Welsh for Welsh, both where we cannot tell, the pack's word for English."""
    if unsure:
        return ReplyLanguage.BOTH
    return {Language.CY: ReplyLanguage.CY, Language.EN: policy.reply_language.to_english}.get(
        language, ReplyLanguage.BOTH
    )


def severity(labels: Iterable[Label], policy: Policy) -> Severity:
    """The highest that any of the labels calls for."""
    return max((policy.severity[label] for label in labels), key=lambda s: s.rank, default=Severity.NONE)


def _area(
    comment: Comment, findings: Sequence[Finding], account_area: str, policy: Policy, areas: Areas
) -> tuple[str, Reason]:
    """The first rule that fits, else the area that its words point to, else the one whose examples are nearest."""
    *rules, last = policy.routes
    labels, (language, _) = flagged(findings, policy), language_of(findings)
    mentioned = policy.mentions.found(comment.text, language)
    for place, rule in enumerate(rules):
        if _fits(rule, labels, comment.account, mentioned=place in mentioned):
            return _to(rule, account_area), _because(rule)
    if pointed := areas.pointed_to(comment.text, language):
        area, words = pointed
        return area, _mentions(words, area, areas)
    if suggested := _suggested(findings, areas, policy):
        return suggested
    return _to(last, account_area), _because(last)


def _suggested(findings: Sequence[Finding], areas: Areas, policy: Policy) -> tuple[str, Reason] | None:
    """The area whose examples lie nearest, if near enough and still there."""
    found = next((f for f in findings if f.about is Question.SERVICE_AREA), None)
    least = policy.threshold(Question.SERVICE_AREA, language_of(findings)[0])
    if found is None or found.says not in areas or found.score < least:
        return None
    return found.says, next(iter(found.why), Reason("nearest to its examples"))


def _fits(rule: RouteRule, labels: Sequence[Label], account: str, *, mentioned: bool) -> bool:
    return (
        (not rule.when or not set(labels).isdisjoint(rule.when))
        and (not rule.mentions or mentioned)
        and (not rule.accounts or account in rule.accounts)
    )


def _to(rule: RouteRule, account_area: str) -> str:
    return account_area if rule.to == DEFAULT else rule.to


def _because(rule: RouteRule) -> Reason:
    return Reason("policy: {rule}", rule.because.values("rule"))


def _mentions(words: Sequence[str], area: str, areas: Areas) -> Reason:
    return Reason("mentions {words}: {area}", {"words": ", ".join(words)} | areas[area].name.values("area"))


def _answer_owed(findings: Sequence[Finding], labels: Sequence[Label], policy: Policy) -> tuple[bool, Reason]:
    if always := next((WHY_OWED[label] for label in labels if label in WHY_OWED), None):
        return True, always
    score = max((f.score for f in findings if f.about is Question.NEEDS_RESPONSE), default=1.0)
    if score >= policy.threshold(Question.NEEDS_RESPONSE, language_of(findings)[0]):
        return True, Reason("it reads as something that wants an answer")
    return False, Reason("it does not read as something that wants an answer")


def _why_language(language: Language, policy: Policy) -> Reason:
    if language is Language.EN and policy.reply_language.to_english is ReplyLanguage.BOTH:
        return Reason("the policy answers English in both languages")
    return WHY_LANGUAGE[language]


WHY_UNSURE = Reason("the language is not certain, so the reply is owed in both")
WHY_LANGUAGE: Mapping[Language, Reason] = {
    Language.CY: Reason("written in Welsh, so the reply is owed in Welsh"),
    Language.EN: Reason("written in English, so the reply is in English"),
    Language.MIXED: Reason("written in Welsh and English, so the reply is owed in both"),
    Language.OTHER: Reason("written in another language, so the reply is owed in both"),
    Language.UND: Reason("too little to tell the language, so the reply is owed in both"),
}
