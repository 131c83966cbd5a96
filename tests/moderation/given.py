"""What the tests of deciding start from: one calendar, one pack, findings that say only what matters."""

from __future__ import annotations

from datetime import UTC, date, datetime

from moderation import policy, service_areas
from moderation.calendar import Calendar, Holiday, calendars, seed_holidays
from moderation.policy import Figure, Policy, Response, Source
from vocabulary import Clock, Comment, Finding, Label, Language, Question

AREAS = service_areas.load()
POWYS = policy.load("powys")
CARMARTHENSHIRE = policy.load("carmarthenshire")
DAYS = calendars(seed_holidays())

POSTED = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def figures(answer: int = 5, acknowledge: int = 1, *, deemed: bool = False) -> Response:
    return Response(
        answer_days=Figure(value=answer, source=Source.OURS),
        acknowledge_days=Figure(value=acknowledge, source=Source.OURS),
        deemed_next_working_day=deemed,
        complaint_stage=POWYS.response.complaint_stages,
    )


def closed_on(*days: date) -> dict[Clock, Calendar]:
    """The calendars of a body that is closed on these days."""
    closures = [Holiday(day, "closure", "Office closed", "Swyddfa ar gau", "ours") for day in days]
    return dict(calendars([*seed_holidays(), *closures]))


def a_comment(text: str, account: str = "council-x") -> Comment:
    return Comment(account=account, native_id="1", text=text, posted_at=POSTED)


def seen(about: Label | Question, score: float = 0.9) -> Finding:
    return Finding(about=about, score=score, why=(), classifier="test/1")


def written_in(language: Language, *, unsure: bool = False) -> Finding:
    return Finding(about=Question.LANGUAGE, score=0.9, why=(), classifier="test/1", says=language.value, unsure=unsure)


def with_rules(pack: Policy, **changes: object) -> Policy:
    """A pack that differs in these fields."""
    return pack.model_copy(update=changes)
