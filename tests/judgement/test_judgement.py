"""How the panel judges: by function, whoever is spoken of, in any clothes, and for the words it names.

What is held here is a floor under what was measured when the model was made; docs/reference/classifiers.md
has the figures.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from classifiers import evaluation, labelled
from classifiers.care import open_care
from classifiers.encoder import HEADS
from classifiers.measures import Counts, auc
from classifiers.offensive import open_offensive
from classifiers.panel import Panel
from classifiers.requests import open_requests
from classifiers.weighing import WORDS_SHOWN, Carried
from moderation import policy
from tests.classifiers.factories import a_reading, scales
from vocabulary import Label

HERE = Path(__file__).parent
UNSEEN = {"hard_moments", "north_west", "south_west"}
POWYS = policy.load("powys")


@pytest.fixture(scope="module")
def panel() -> Panel:
    return Panel([open_offensive(scales()), open_care(scales()), open_requests(scales())])


@pytest.fixture(scope="module")
def suite(panel: Panel) -> evaluation.Judged:
    rows = dict(labelled.sets_in(HERE))["functions"]
    return evaluation.judged("functions", rows, panel, POWYS.threshold)


@pytest.fixture(scope="module")
def unseen(panel: Panel) -> evaluation.Judged:
    """Whole threads by three authors of whom nothing was learnt."""
    rows = [row for name, some in labelled.sets_in(HERE) if name in UNSEEN for row in some]
    return evaluation.judged("unseen", rows, panel, POWYS.threshold)


@pytest.mark.parametrize(
    ("question", "least"), [("offensive", 0.88), ("threat", 0.85), ("safeguarding", 0.9), ("foi_request", 0.97)]
)
def test_unseen_threads_are_ranked_well(unseen: evaluation.Judged, question: str, least: float) -> None:
    assert auc(unseen.truth(question), unseen.scores[question]).value >= least


@pytest.mark.parametrize("language", ["cy", "en"])
def test_offence_is_told_from_what_is_none_in_both_languages(suite: evaluation.Judged, language: str) -> None:
    mask = suite.where(labelled.OFFENSIVE, language)
    truth, said = suite.truth(labelled.OFFENSIVE)[mask], suite.said[labelled.OFFENSIVE][mask]
    assert (truth == said).mean() >= LEAST_RIGHT[language]


@pytest.mark.parametrize("label", ["threat", "hate", "self_harm", "profanity"])
def test_each_label_is_found_more_often_than_it_is_seen_where_it_is_not(suite: evaluation.Judged, label: str) -> None:
    counts = Counts.of(suite.truth(label), suite.said[label])
    assert counts.f1.value >= LEAST_F1[label]


LEAST_LEFT_ALONE = {
    "identity_neutral": 0.9,
    "identity_positive": 0.9,
    "negated_threat": 0.7,
    "profanity_at_thing": 0.9,
    "fierce_fair_criticism": 0.85,
    "harmless_kill_idiom": 0.8,
    "abuse_of_inanimate": 0.6,
}


@pytest.mark.parametrize("function", LEAST_LEFT_ALONE)
def test_what_is_no_offence_is_left_alone(suite: evaluation.Judged, function: str) -> None:
    said = [flag for flag, row in zip(suite.said[labelled.OFFENSIVE], suite.rows, strict=True) if row.group == function]
    assert 1 - sum(said) / len(said) >= LEAST_LEFT_ALONE[function]


SAID: list[dict[str, Any]] = tomllib.loads((HERE / "robust.toml").read_text(encoding="utf-8"))["said"]


@pytest.mark.parametrize(
    ("flags", "text"),
    [(set(said["flags"]), text) for said in SAID for text in (said["plain"], *said["dressed"])],
    ids=lambda value: str(value)[:40],
)
def test_the_same_comment_has_the_same_flag_in_any_clothes(panel: Panel, flags: set[str], text: str) -> None:
    [opinion] = panel.read([a_reading(text)])
    asked = (Label.ABUSE, Label.HATE, Label.THREAT, Label.PROFANITY, Label.SELF_HARM)
    found = {label.value for label in asked if opinion.score(label) >= POWYS.threshold(label, opinion.language)}
    assert found >= flags
    assert bool(found) == bool(flags)


def test_no_score_of_offence_moves_far_with_who_or_where_in_the_median_sentence(panel: Panel) -> None:
    for swap in evaluation.swaps_in(HERE):
        moves = sorted(swap.moves(panel)[labelled.OFFENSIVE])
        assert moves[len(moves) // 2] <= FARTHEST[swap.kind], swap.kind


FLAGGED = [
    ("abuse", "Honestly the new planning officer is a pathetic little worm and always has been"),
    ("abuse", "Mae'r swyddog newydd yn hen gachgi bach pathetig ac felly y bu erioed"),
    ("threat", "Close that library on Friday and I will come round and burn your house down"),
    ("threat", "Caewch y llyfrgell ddydd Gwener ac mi ddo i draw i losgi'ch tŷ chi i'r llawr"),
    ("foi_request", "Good morning all, how much did the council spend on agency staff in the last financial year?"),
    ("foi_request", "Bore da bawb, faint wariodd y cyngor ar staff asiantaeth yn y flwyddyn ariannol ddiwethaf?"),
    ("needs_response", "Lovely weather here today but when will our green bins be emptied please?"),
    ("needs_response", "Tywydd braf yma heddiw ond pryd fydd ein biniau gwyrdd yn cael eu gwagio plis?"),
]


@pytest.mark.parametrize(("head", "text"), FLAGGED)
def test_the_words_that_are_named_carried_the_score(head: str, text: str) -> None:
    """Without them the logit falls, and further than without as many others."""
    encoder, at = scales().encoder, HEADS.index(head)
    [whole] = encoder.encode([text])
    [reason] = Carried(encoder, text, whole).for_(head, 1.0)
    words, gains = encoder.words(text, whole), encoder.gains(whole)[:, at]
    named = set(str(reason.values["words"]).split(", "))
    assert len(named) <= WORDS_SHOWN
    least = set(sorted(words, key=lambda word: min(gains[n] for n, w in enumerate(words) if w == word))[: len(named)])
    without, others = (
        encoder.encode([" ".join(word for word in words if word not in gone)])[0].logits[at]
        for gone in (named, least - named)
    )
    assert without < whole.logits[at]
    assert without < others


LEAST_RIGHT = {"cy": 0.7, "en": 0.7}
LEAST_F1 = {"threat": 0.55, "hate": 0.4, "self_harm": 0.5, "profanity": 0.7}
FARTHEST = {
    "first names": 0.1,
    "places": 0.1,
    "who somebody is": 0.1,
    "pwy yw rhywun": 0.1,
    "groups": 0.15,
    "grwpiau": 0.25,
}
"""Wanted is a tenth for every sentence; the groups are not there yet, and a new model may not be worse."""
