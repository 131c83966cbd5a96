"""A pack can be tried on what came before it: whatever it would decide otherwise is said, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from moderation import dry_run
from moderation.calendar import seed_holidays
from moderation.dry_run import Past
from moderation.policy import Policy
from tests.moderation.given import AREAS, POSTED, POWYS, a_comment, figures, seen, with_rules, written_in
from vocabulary import Finding, Label, Language, Question

EN = written_in(Language.EN)
ABUSE = seen(Label.ABUSE, 0.7)


def stricter() -> Policy:
    return with_rules(POWYS, thresholds=POWYS.thresholds.model_copy(update={"abuse": 0.9}))


def bilingual() -> Policy:
    return with_rules(POWYS, reply_language=POWYS.reply_language.model_copy(update={"value": "bilingual"}))


def changed(then: Policy, *findings: Finding, **over: Any) -> dict[str, tuple[str, str]]:
    comment = replace(a_comment("Where is my bin?"), **over)
    past = Past("GW-2026-000001", comment, findings, "waste")
    found = list(dry_run.changes([past], POWYS, then, AREAS, seed_holidays()))
    return dict(found[0].differs) if found else {}


@pytest.mark.parametrize(
    ("then", "findings", "differs"),
    [
        (POWYS,                                         (EN, ABUSE), set()),
        (stricter(),                                    (EN, ABUSE), {"flagged", "severity", "told_at_once"}),
        (stricter(),                                    (EN,),       set()),
        (bilingual(),                                   (EN,),       {"reply_in"}),
        (with_rules(POWYS, response=figures(3)),        (EN,),       {"answer_by"}),
        (with_rules(POWYS, response=figures(5, 0)),     (EN,),       {"acknowledge_by"}),
    ],
)  # fmt: skip
def test_what_would_differ_is_named(then: Policy, findings: tuple[Finding, ...], differs: set[str]) -> None:
    assert set(changed(then, *findings)) == differs


def test_both_sides_of_a_difference_are_said() -> None:
    assert changed(with_rules(POWYS, response=figures(3)), EN)["answer_by"] == ("2026-11-27", "2026-11-25")


def test_a_closure_day_of_the_other_pack_counts_in_its_own_dates_only() -> None:
    closed = POWYS.model_validate(POWYS.model_dump(by_alias=True) | {"closure": [CLOSED]})
    assert changed(closed, EN) == {
        "answer_by": ("2026-11-27", "2026-11-30"),
    }


def test_a_comment_of_a_weekend_is_decided_on_its_own_day() -> None:
    deemed = with_rules(POWYS, response=figures(deemed=True))
    assert set(changed(deemed, EN, posted_at=datetime(2026, 11, 21, 9, tzinfo=UTC))) == {"acknowledge_by", "answer_by"}
    assert not changed(deemed, EN, posted_at=POSTED)


def test_a_request_under_the_law_that_would_no_longer_be_seen_is_said() -> None:
    foi = seen(Label.FOI_REQUEST, 0.5)
    deaf = with_rules(POWYS, thresholds=POWYS.thresholds.model_copy(update={"foi_request": 0.9}))
    wants = Finding(about=Question.NEEDS_RESPONSE, score=0.1, why=(), classifier="test/1")
    assert {"requests", "answer_owed", "area"} <= set(changed(deaf, EN, foi, wants))


CLOSED = {"day": date(2026, 11, 25), "title": {"cy": "Ar gau", "en": "Closed"}}
