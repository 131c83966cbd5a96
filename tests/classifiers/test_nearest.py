"""A comment is suggested to the area whose examples it is nearest to, in either language, and the example says why."""

from __future__ import annotations

import pytest

from classifiers.nearest import NearestArea, open_nearest
from moderation import service_areas
from tests.classifiers.factories import a_reading, scales
from vocabulary import Question

ASKED = [
    ("waste", "They did not take our recycling again"),
    ("waste", "Ddaethon nhw ddim i nôl yr ailgylchu eto"),
    ("highways", "Huge hole in the road by the primary school"),
    ("housing", "The boiler in our flat is broken and there is no heating"),
    ("housing", "Llwydni du dros wal yr ystafell wely yn y fflat"),
    ("planning", "Can they really build houses on that field?"),
    ("education", "How do I apply for a reception place?"),
]


@pytest.fixture(scope="module")
def nearest() -> NearestArea:
    found = open_nearest(scales().encoder, service_areas.load().examples)
    assert found is not None
    return found


@pytest.mark.parametrize(("area", "text"), ASKED)
def test_the_area_of_the_nearest_example_is_suggested(nearest: NearestArea, area: str, text: str) -> None:
    [[finding]] = nearest.read([a_reading(text)])
    assert (finding.about, finding.says) == (Question.SERVICE_AREA, area)
    examples = service_areas.load().examples[area]
    assert finding.why[0].values["example"] in examples


def test_what_is_like_no_example_is_not_pressed_on_anybody(nearest: NearestArea) -> None:
    [[vague], [clear]] = nearest.read([a_reading("😂😂"), a_reading("Nobody came for our recycling this week")])
    assert vague.score < 0.6 <= clear.score


def test_without_examples_nothing_is_suggested() -> None:
    assert open_nearest(scales().encoder, {"waste": ()}) is None
