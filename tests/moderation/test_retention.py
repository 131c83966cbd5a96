"""How long a case is kept: the longest class that holds, from the right day, and nothing while anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation import retention
from moderation.policy import Keeps, Policy, PolicyError, load, names
from moderation.retention import Facts
from tests.moderation.given import AREAS, POWYS

CLOSED = date(2026, 11, 20)
LATER = date(2027, 2, 28)
K = Keeps

# what was in the case, its incidents, until when it is kept, and by which class
KEPT: list[tuple[Mapping[Keeps, date], Mapping[str, date], date, str]] = [
    ({K.NO_REPLY: CLOSED}, {}, date(2027, 11, 20), "no_reply"),
    ({K.ANSWERED: CLOSED}, {}, date(2028, 11, 20), "answered"),
    ({K.ANSWERED: CLOSED, K.FOI: LATER}, {}, date(2030, 2, 28), "information_requests"),
    ({K.ANSWERED: CLOSED, K.COMPLAINT: LATER}, {}, date(2033, 2, 28), "complaint"),
    ({K.NO_REPLY: CLOSED, K.REMOVAL: CLOSED}, {}, date(2032, 11, 20), "removed_evidence"),
    ({K.ANSWERED: CLOSED, K.CONDUCT_REVIEW: date(2024, 1, 1)}, {}, date(2028, 11, 20), "answered"),
    ({K.ANSWERED: CLOSED}, {"police": LATER}, date(2033, 2, 28), "incidents"),
    ({K.ANSWERED: CLOSED, K.COMPLAINT: LATER}, {"safeguarding": LATER}, date(2052, 2, 28), "safeguarding"),
]


@pytest.mark.parametrize("row", KEPT, ids=lambda row: row[3])
def test_the_longest_that_applies_is_named_with_its_reason(
    row: tuple[Mapping[Keeps, date], Mapping[str, date], date, str],
) -> None:
    about, incidents, until, slug = row
    kept = retention.kept(Facts(closed_on=CLOSED, about=about, incidents=incidents), POWYS)
    assert (kept.until, kept.slug, kept.held) == (until, slug, False)
    name, because = (str(why) for why in kept.because)
    assert name == f"the longest that applies: {POWYS.retention[slug].en}"
    assert because == POWYS.retention[slug].because.en


def test_nothing_runs_while_the_case_is_open() -> None:
    kept = retention.kept(Facts(closed_on=None, about={K.COMPLAINT: LATER}), POWYS)
    assert (kept.until, [str(why) for why in kept.because]) == (None, ["the case is open"])


def test_nothing_runs_while_something_in_it_is_not_decided() -> None:
    kept = retention.kept(Facts(closed_on=CLOSED, about={K.ANSWERED: CLOSED, K.REMOVAL: None}), POWYS)
    assert kept.until is None
    assert [str(why) for why in kept.because] == [f"not decided yet: {POWYS.retention['removed_evidence'].en}"]


def test_a_legal_hold_stands_above_every_date() -> None:
    kept = retention.kept(Facts(closed_on=CLOSED, about={K.NO_REPLY: CLOSED}, held=True), POWYS)
    assert (kept.until, kept.held) == (None, True)


def under(tmp_path: Path, text: str) -> Policy:
    path = tmp_path / "ours.toml"
    path.write_text(f'extends = "common"\n{text}', encoding="utf-8")
    return load(path, areas=AREAS.slugs)


@pytest.mark.parametrize(
    ("length", "until"),
    [("days = 90", date(2027, 5, 29)), ("months = 1", date(2027, 3, 28)), ("years = 3", date(2030, 2, 28))],
)
def test_a_length_is_days_months_or_years(tmp_path: Path, length: str, until: date) -> None:
    because = 'because = { cy = "a", en = "b" }\ncy = "a"\nen = "b"\nsource = "ours"\ncounted_from = "closing"\n'
    pack = under(tmp_path, f'[retention.mine]\nabout = ["complaint"]\n{length}\n{because}')
    assert retention.until(pack.retention["mine"], LATER) == until


@given(days=st.dates(date(2020, 1, 1), date(2100, 1, 1)), slug=st.sampled_from(sorted(POWYS.retention)))
def test_what_is_closed_later_is_never_kept_for_less(days: date, slug: str) -> None:
    rule = POWYS.retention[slug]
    assert retention.until(rule, days) >= retention.until(rule, date(2020, 1, 1))
    assert retention.until(rule, days) > days


@pytest.mark.parametrize("name", names())
def test_the_trail_outlives_every_case_that_it_speaks_of(name: str) -> None:
    pack = load(name)
    longest = max(retention.until(rule, CLOSED) for rule in pack.retention.values())
    assert retention.trail_until(pack, CLOSED) >= longest


TABLE = '[retention.mine]\ncy = "a"\nen = "b"\nbecause = { cy = "a", en = "b" }\nsource = "ours"\ncounted_from = '
BROKEN = [
    (f'{TABLE}"closing"\nabout = ["foi"]\n', "bad.toml:2: retention.mine: needs exactly one of days, months, years"),
    (
        f'{TABLE}"closing"\nabout = ["foi"]\ndays = 1\nyears = 1\n',
        "bad.toml:2: retention.mine: needs exactly one of days, months, years",
    ),
    (f'{TABLE}"closing"\nyears = 0\nabout = ["foi"]\n', "bad.toml:8: retention.mine.years: must be 1 or more"),
    (f'{TABLE}"closing"\nyears = 1\n', "bad.toml:2: retention.mine: is about nothing: name it in about or incidents"),
    (
        f'{TABLE}"birth"\nyears = 1\nabout = ["foi"]\n',
        "bad.toml:7: retention.mine.counted_from: must be one of 'closing' or 'decision'",
    ),
    (
        f'{TABLE}"decision"\nyears = 1\nincidents = ["polis"]\n',
        "bad.toml:9: retention.mine.incidents[1]: there is no incident polis; did you mean police?",
    ),
    ('[retention.answered]\nabout = ["foi"]\n', "no retention class is about answered"),
    (
        '[retention.answered]\nsource = "policy"\n',
        'bad.toml:2: retention.answered: comes from the policy, so it needs cites = "..." (the section)',
    ),
]


@pytest.mark.parametrize(("text", "problem"), BROKEN, ids=range(len(BROKEN)))
def test_a_class_that_cannot_be_kept_to_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(f'extends = "common"\n{text}', encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        load(path, areas=AREAS.slugs)
    assert problem in str(caught.value)
