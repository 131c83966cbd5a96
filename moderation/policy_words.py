"""A policy pack in plain sentences, for whoever adopts it.

Every sentence is made from the value it is about, so what is read out is what the program does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from moderation.policy import (
    DEFAULT,
    Approver,
    CountedFrom,
    EscalateRule,
    Figure,
    HouseRule,
    IncidentKind,
    Keeps,
    Outcome,
    Policy,
    RetentionClass,
    RouteRule,
    Signpost,
    Source,
    Sourced,
    Whom,
)
from moderation.service_areas import Areas
from vocabulary import Clock, Label, Question, Reason, ReplyLanguage
from words import Screen, Words
from words.names import N_


def explain(policy: Policy, language: Screen, areas: Areas) -> tuple[str, ...]:
    """What the pack says, a sentence each, in `cy` or `en`; the lists are numbered."""
    return tuple(_sentences(policy, Words(language), areas))


def _sentences(policy: Policy, words: Words, areas: Areas) -> Iterator[str]:
    said = words.say
    yield said(Reason("Policy: {body}, version {version}.", policy.title.values("body") | {"version": policy.version}))
    for source in policy.sources:
        yield said(
            Reason("It carries out: {document} ({year}).", source.title.values("document") | {"year": source.year})
        )
    answer, acknowledge = policy.response.answer_days, policy.response.acknowledge_days
    yield said(Reason("Working days in which to answer: {days} ({source}).", _figure(words, answer)))
    yield said(Reason("Working days in which to acknowledge: {days} ({source}).", _figure(words, acknowledge)))
    yield said(DEEMED if policy.response.deemed_next_working_day else NOT_DEEMED)
    for stage in policy.response.complaint_stages:
        told: dict[str, str | int] = {"days": stage.answer_days, "source": _source(words, stage)}
        yield said(
            Reason(
                "A complaint at the stage {stage}: working days in which to answer: {days} ({source}).",
                told | stage.values("stage"),
            )
        )
    still = ", ".join(words.name(Clock(clock)) for clock in policy.pauses.clocks)
    paused = {"clocks": still, "source": _source(words, policy.pauses)}
    yield said(Reason(STILL if still else ONLY_BY_LAW, paused))
    yield said(ALWAYS_WELSH)
    yield said(
        Reason(TO_ENGLISH[policy.reply_language.to_english].text, {"source": _source(words, policy.reply_language)})
    )
    hours = {"opens": f"{policy.hours.opens:%H:%M}", "closes": f"{policy.hours.closes:%H:%M}"}
    yield said(
        Reason("Working hours: {opens} to {closes} ({source}).", hours | {"source": _source(words, policy.hours)})
    )
    for closure in policy.closures:
        yield said(Reason("Closed: {day}, {title}.", closure.title.values("title") | {"day": words.day(closure.day)}))
    yield from _removals(policy, words)
    if policy.restricted.labels:
        labels = ", ".join(words.name(label) for label in policy.restricted.labels)
        told_by = {"labels": labels, "source": _source(words, policy.restricted)}
        yield said(Reason("Opened with a purpose, by those whose role needs it: {labels} ({source}).", told_by))
    yield words.gettext("What has to be acted on at once, and who is told:")
    yield from _numbered(_incident(words, kind) for kind in policy.incidents)
    yield from _messages(policy, words)
    yield from _replies(policy, words)
    yield from (*_about_one_person(words, policy), *_signposts(words, policy), *_retention(words, policy))
    yield words.gettext("The rules for the public, and what is recommended when one is broken:")
    yield from _numbered(_house_rule(words, rule) for rule in policy.house_rules)
    yield from _reported(words, policy)
    yield words.gettext("Where a comment goes; the first that fits:")
    yield from _numbered(_route(words, rule, areas) for rule in policy.routes)
    yield words.gettext("Who is told, once each:")
    yield from _numbered(_escalation(words, rule) for rule in policy.escalations)
    yield words.gettext("How a case may end:")
    yield from _numbered(_outcome(words, outcome) for outcome in policy.outcomes)
    yield words.gettext("From which score a label counts, and how serious it is then:")
    for label in Label:
        yield f"{words.name(label)}: {_thresholds(words, policy, label)}, {words.name(policy.severity[label])}"
    score = _thresholds(words, policy, Question.NEEDS_RESPONSE)
    yield said(Reason("An answer is owed from this score: {score}.", {"score": score}))


def _removals(policy: Policy, words: Words) -> Iterator[str]:
    """What the pack says of taking comments down."""
    said = words.say
    approvers = ", ".join(said(APPROVER[approver]) for approver in policy.removal.approvers)
    removal = {"approvers": approvers, "source": _source(words, policy.removal)}
    yield said(Reason("Taking a comment down needs the agreement of all of these: {approvers} ({source}).", removal))
    yield said(TOLD_WHY if policy.removal.tell_author else NOT_TOLD_WHY)
    yield said(STATEMENT if policy.removal.offer_statement else NO_STATEMENT)
    first = {"severity": words.name(policy.removal.hide_first_from)}
    yield said(Reason("Hidden before they agree, where what was seen points to the rule, from: {severity}.", first))
    within = _figure(words, policy.removal.decide_within)
    yield said(Reason("Working days in which what was hidden first is decided: {days} ({source}).", within))
    days = _figure(words, policy.removal.appeal_days)
    yield said(Reason("Working days in which an appeal is decided: {days} ({source}).", days))


def _messages(policy: Policy, words: Words) -> Iterator[str]:
    """What the pack says of messages to colleagues."""
    said = words.say
    peace: dict[str, str | int] = {
        "minutes": policy.notices.gather_minutes,
        "source": _source(words, policy.notices),
    }
    yield said(Reason("Minutes between two messages to one person, what is urgent aside: {minutes} ({source}).", peace))
    daily = {
        "time": f"{policy.senior_digest.sent_at:%H:%M}",
        "whom": ", ".join(said(WHOM[each]) for each in policy.senior_digest.tell),
        "source": _source(words, policy.senior_digest),
    }
    yield said(
        Reason(
            "On each working day a digest of what is flagged, urgent or late, at {time}, to: {whom} ({source}).", daily
        )
    )
    late: dict[str, str | int] = {
        "time": f"{policy.register_digest.sent_at:%H:%M}",
        "days": policy.register_digest.communications_after,
        "source": _source(words, policy.register_digest),
    }
    yield said(Reason(LATE_EACH[policy.register_digest.every].text, late))


def _replies(policy: Policy, words: Words) -> Iterator[str]:
    """What the pack says of translation, of what a reply must carry, and of who reads it before it leaves."""
    said, machine = words.say, policy.translation.machine
    figure = _figure(words, policy.translation.days)
    yield said(Reason("Working days in which a translation is handed in: {days} ({source}).", figure))
    yield said(Reason(BY_MACHINE[machine.value].text, {"source": _source(words, machine)}))
    contents = policy.reply_contents
    for holds, sentence in ((contents.reference, HAS_REFERENCE), (contents.department, HAS_DEPARTMENT)):
        if holds:
            yield said(Reason(sentence.text, {"source": _source(words, contents)}))
    approval, source = policy.approval, {"source": _source(words, policy.approval)}
    if approval.always:
        yield said(Reason("A second person approves every reply ({source}).", source))
    if approval.labels:
        labels = ", ".join(words.name(label) for label in approval.labels)
        yield said(
            Reason(
                "A second person approves replies where this is flagged: {labels} ({source}).",
                source | {"labels": labels},
            )
        )
    if approval.pre_election:
        yield said(Reason("A second person approves every reply in a pre-election period ({source}).", source))
    for each in policy.pre_elections:
        days = {"begins": words.day(each.begins), "ends": words.day(each.ends)}
        yield said(Reason("Pre-election period: {begins} to {ends}, {election}.", each.title.values("election") | days))


def _about_one_person(words: Words, policy: Policy) -> Iterator[str]:
    """Looking at one person's comments, and reviewing their conduct."""
    viewing, conduct = policy.viewing, policy.conduct
    rows: tuple[tuple[str, Sourced, dict[str, str | int]], ...] = (
        (FROM_OPENING.text, viewing.purpose_from, {"number": viewing.purpose_from.value}),
        (OPENINGS_OVER.text, viewing.within_days, {"days": viewing.within_days.value}),
        (ASK_FIRST.text, viewing.authoriser, viewing.authoriser.called.values("whom")),
        (REVIEW_RESTS_ON.text, conduct.basis, conduct.basis.called.values("basis")),
        (LOOKED_AT_AGAIN.text, conduct.review_months, {"months": conduct.review_months.value}),
    )
    for text, sourced, values in rows:
        yield words.say(Reason(text, values | {"source": _source(words, sourced)}))
    yield words.gettext("How contact may be limited:")
    yield from _numbered(restriction.say(words.language) for restriction in policy.restrictions)


def _retention(words: Words, policy: Policy) -> Iterator[str]:
    yield words.gettext("How long records are kept at least; of what holds for a case, the longest counts:")
    yield from _numbered(_retention_class(words, rule, policy) for rule in policy.retention.values())


def _retention_class(words: Words, rule: RetentionClass, policy: Policy) -> str:
    lengths = ((rule.days, DAYS), (rule.months, MONTHS), (rule.years, YEARS))
    [(number, unit)] = [(number, unit) for number, unit in lengths if number is not None]
    about = [words.say(ABOUT[each]) for each in rule.about]
    about += [kind.say(words.language) for slug in rule.incidents if (kind := policy.incident(slug)) is not None]
    length = words.say(Reason(unit.text, {"number": number}))
    counted = words.say(COUNTED_FROM[rule.counted_from])
    why = f"{rule.because.say(words.language)} ({_source(words, rule)})"
    return f"{rule.say(words.language)} ({', '.join(about)}): {length}, {counted}; {why}"


def _reported(words: Words, policy: Policy) -> Iterator[str]:
    """Where each platform says how a comment is reported to it."""
    for platform, page in policy.report_pages.items():
        told = {"platform": words.name(platform), "page": page}
        yield words.say(Reason("How a comment is reported to {platform}: {page}", told))


def _signposts(words: Words, policy: Policy) -> Iterator[str]:
    yield words.gettext("Whom people are pointed to where it is not ours, and what suggests it:")
    yield from _numbered(_signpost(words, signpost) for signpost in policy.offered_signposts.values())


def _thresholds(words: Words, policy: Policy, about: Label | Question) -> str:
    """One figure, or two where a comment with Welsh in it has its own."""
    figure, welsh = f"{policy.thresholds[about]:.2f}", policy.welsh_thresholds[about]
    if welsh is None:
        return figure
    return words.say(Reason("{score} ({welsh} with Welsh in it)", {"score": figure, "welsh": f"{welsh:.2f}"}))


def _numbered(sentences: Iterable[str]) -> Iterator[str]:
    return (f"{n}. {sentence}" for n, sentence in enumerate(sentences, start=1))


def _figure(words: Words, figure: Figure) -> dict[str, str | int]:
    return {"days": figure.value, "source": _source(words, figure)}


def _source(words: Words, sourced: Sourced) -> str:
    if sourced.source is Source.POLICY:
        return words.say(Reason("the body's policy, {section}", {"section": sourced.cites}))
    return words.gettext("our figure; the policy states none")


def _route(words: Words, rule: RouteRule, areas: Areas) -> str:
    conditions = []
    if rule.when:
        conditions.append(", ".join(words.name(label) for label in rule.when))
    if rule.mentions:
        mentioned = ", ".join((*rule.mentions.cy, *rule.mentions.en))
        conditions.append(words.say(Reason("mentions {words}", {"words": mentioned})))
    if rule.accounts:
        conditions.append(words.say(Reason("came to {accounts}", {"accounts": ", ".join(rule.accounts)})))
    condition = " + ".join(conditions) or words.gettext("everything else")
    own = words.gettext("the account's own service area")
    to = own if rule.to == DEFAULT else areas[rule.to].name.say(words.language)
    return f"{condition} → {to}: {rule.because.say(words.language)}"


def _escalation(words: Words, rule: EscalateRule) -> str:
    whom = ", ".join(words.say(WHOM[each]) for each in rule.tell)
    night = f" ({words.gettext('at any hour')})" if rule.at_night else ""
    return f"{rule.because.say(words.language)} → {whom}{night}"


def _incident(words: Words, kind: IncidentKind) -> str:
    whom = ", ".join(words.say(WHOM[each]) for each in kind.tell)
    return f"{kind.say(words.language)} → {whom}"


def _outcome(words: Words, outcome: Outcome) -> str:
    name = outcome.say(words.language)
    reasons = ", ".join(reason.say(words.language) for reason in outcome.reasons)
    return f"{name}: {reasons}" if reasons else name


def _signpost(words: Words, signpost: Signpost) -> str:
    suggests = [words.name(label) for label in signpost.labels]
    if mentioned := (*signpost.words.cy, *signpost.words.en):
        suggests.append(words.say(Reason("mentions {words}", {"words": ", ".join(mentioned)})))
    pointed = f"{signpost.say(words.language)}: {signpost.contact.say(words.language)}"
    return f"{' + '.join(suggests) or words.gettext('only a person sees it')} → {pointed}"


def _house_rule(words: Words, rule: HouseRule) -> str:
    labels = ", ".join(words.name(label) for label in rule.labels) or words.gettext("only a person sees it")
    score = "" if rule.score is None else f" {rule.score:.2f}"
    acts = "; ".join(words.name(act) for act in rule.acts)
    kept = "" if rule.removable else f"; {words.gettext('no comment is taken down for it')}"
    return f"{rule.say(words.language)} ({_source(words, rule)}): {labels}{score} → {acts}{kept}"


STILL = N_("These clocks stand still while the person must say more, beside those of the law: {clocks} ({source}).")
ONLY_BY_LAW = N_("Only the clocks of the law stand still while the person must say more ({source}).")
DEEMED = Reason("A comment that comes on a day off counts as coming on the next working day.")
NOT_DEEMED = Reason("The day a comment comes is day 0, also on a day off.")
FROM_OPENING = Reason("An author's page asks for a purpose from opening number {number} ({source}).")
OPENINGS_OVER = Reason("Openings are counted over this many days: {days} ({source}).")
ASK_FIRST = Reason("Before looking again and again, ask: {whom} ({source}).")
REVIEW_RESTS_ON = Reason("A review of somebody's conduct rests on: {basis} ({source}).")
LOOKED_AT_AGAIN = Reason("Months within which its decision is looked at again: {months} ({source}).")
ALWAYS_WELSH = Reason("Whoever writes in Welsh is owed Welsh; whoever writes in both languages is owed both.")
TO_ENGLISH = {
    ReplyLanguage.EN: Reason("Whoever writes in English is answered in English ({source})."),
    ReplyLanguage.BOTH: Reason("Whoever writes in English is answered in both languages ({source})."),
}
LATE_EACH = {
    "day": Reason(
        "What is late in the account register is told each working day at {time}; communications hear after this many "
        "working days: {days} ({source})."
    ),
    "week": Reason(
        "What is late in the account register is told once a week at {time}; communications hear after this many "
        "working days: {days} ({source})."
    ),
}
BY_MACHINE = {
    "never": Reason("No text leaves that a machine translated ({source})."),
    "immediate_danger": Reason(
        "A text that a machine translated leaves only in immediate danger, and is checked afterwards ({source})."
    ),
}
HAS_REFERENCE = Reason("Every reply carries the reference number of its case ({source}).")
HAS_DEPARTMENT = Reason("A reply names the department that the comment was passed to ({source}).")
TOLD_WHY = Reason("The author is told why.")
NOT_TOLD_WHY = Reason("The author need not be told why.")
STATEMENT = Reason("A public statement is offered beside it.")
NO_STATEMENT = Reason("No public statement is offered.")
APPROVER = {
    Approver.COMMUNICATIONS: Reason("the communications team"),
    Approver.LEGAL: Reason("legal services"),
}
DAYS = Reason("days: {number}")
MONTHS = Reason("months: {number}")
YEARS = Reason("years: {number}")
ABOUT = {
    Keeps.ANSWERED: Reason("the author got an answer"),
    Keeps.NO_REPLY: Reason("the author got no answer"),
    Keeps.REMOVAL: Reason("somebody asked for a comment to be taken down"),
    Keeps.FOI: Reason("a freedom of information request"),
    Keeps.SUBJECT_ACCESS: Reason("a subject access request"),
    Keeps.COMPLAINT: Reason("a complaint"),
    Keeps.CONDUCT_REVIEW: Reason("a review of conduct"),
    Keeps.AUDIT_TRAIL: Reason("who did what"),
}
COUNTED_FROM = {
    CountedFrom.CLOSING: Reason("counted from the closing of the case"),
    CountedFrom.DECISION: Reason("counted from the decision that ended it"),
}
WHOM = {
    Whom.OWNER: Reason("the officer who owns the case"),
    Whom.AREA: Reason("the service area"),
    Whom.COMMUNICATIONS: Reason("the communications team"),
    Whom.TRANSLATOR: Reason("the translators"),
    Whom.SAFEGUARDING: Reason("the safeguarding officers"),
    Whom.LEGAL: Reason("legal services"),
    Whom.SENIOR: Reason("senior management"),
    Whom.AUDITOR: Reason("the auditors"),
    Whom.ADMINISTRATOR: Reason("the administrators"),
}
