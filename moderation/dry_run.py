"""What another policy pack would decide about comments that came before it: for whoever adopts it.

Pure.  Each comment is decided anew under both packs from what the classifiers saw then, so that what
officers did since plays no part.  Nothing here changes a case; every case keeps the pack that decided it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from moderation import deadlines, routing
from moderation.calendar import Calendar, Holiday, calendars
from moderation.policy import Policy, Whom
from moderation.service_areas import Areas
from vocabulary import Clock, Comment, Finding, Label, ReplyLanguage, Severity

_WITHOUT_A_CLOCK = date.max


@dataclass(frozen=True, slots=True)
class Past:
    """A comment that was placed, under its case's reference; `account_area` is that of the account it came to."""

    reference: str
    comment: Comment
    findings: Sequence[Finding]
    account_area: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a pack decides about one comment when it comes."""

    area: str
    reply_in: ReplyLanguage
    answer_owed: bool
    severity: Severity
    flagged: tuple[Label, ...]
    acknowledge_by: date
    answer_by: date
    requests: tuple[Clock, ...]
    told_at_once: tuple[Whom, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One comment on which the packs differ: the name of each difference, with what was and what would be."""

    reference: str
    differs: Mapping[str, tuple[str, str]]


def decision(past: Past, policy: Policy, areas: Areas, days: Mapping[Clock, Calendar]) -> Decision:
    """What `policy` says of the comment, on the day on which it was posted."""
    route = routing.route(past.comment, past.findings, past.account_area, policy, areas)
    dates = deadlines.due(past.comment.posted_at, Clock.ANSWER, policy.response, days)
    told = [
        whom
        for rule in policy.escalations
        if (rule.severity and route.severity.rank >= rule.severity.rank) or set(rule.labels) & set(route.flagged)
        for whom in rule.tell
    ]
    return Decision(
        area=route.area,
        reply_in=route.reply_in,
        answer_owed=route.answer_owed,
        severity=route.severity,
        flagged=route.flagged,
        acknowledge_by=dates.ack_due or _WITHOUT_A_CLOCK,
        answer_by=dates.due,
        requests=route.clocks[1:],
        told_at_once=tuple(dict.fromkeys(told)),
    )


def changes(
    seen: Sequence[Past], now: Policy, then: Policy, areas: Areas, holidays: Sequence[Holiday]
) -> Iterator[Change]:
    """Every comment that `then` would decide otherwise than `now` does, in the order given."""
    days_now = calendars([*holidays, *now.closure_days])
    days_then = calendars([*holidays, *then.closure_days])
    for past in seen:
        one, other = decision(past, now, areas, days_now), decision(past, then, areas, days_then)
        differs = {
            field.name: (_said(getattr(one, field.name)), _said(getattr(other, field.name)))
            for field in dataclasses.fields(Decision)
            if getattr(one, field.name) != getattr(other, field.name)
        }
        if differs:
            yield Change(past.reference, differs)


def _said(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
