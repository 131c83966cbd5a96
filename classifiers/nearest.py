"""Which service area a comment is for: the one whose examples lie nearest to it in meaning.

A council writes a few examples of each area in both languages (config/service_areas.toml), and
nothing is trained: a new example counts from the next start.  It is a suggestion, asked only where
no rule of the policy and none of the area's words has spoken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from classifiers.encoder import Encoder
from vocabulary import Finding, Question, Reading, Reason

if TYPE_CHECKING:
    from numpy.typing import NDArray

_OF_BEST = 0.7
_OF_SECOND = 0.3
"""An area speaks by its nearest example and, more softly, by its second: one odd example decides nothing alone."""


@dataclass(frozen=True, slots=True)
class NearestArea:
    """One finding a comment about `Question.SERVICE_AREA`; `says` is the slug of the area."""

    encoder: Encoder
    slugs: Sequence[str]
    examples: Sequence[str]
    vectors: NDArray[Any]
    name: str = "nearest-area/1"

    def read(self, readings: Sequence[Reading]) -> Sequence[tuple[Finding, ...]]:
        encoded = self.encoder.encode([reading.comment.text for reading in readings])
        return [(self._finding(self.vectors @ each.embedding),) for each in encoded]

    def _finding(self, near: NDArray[Any]) -> Finding:
        by_area: dict[str, list[int]] = {}
        for at in near.argsort()[::-1]:
            by_area.setdefault(self.slugs[at], []).append(int(at))
        score = {
            slug: _OF_BEST * near[places[0]] + _OF_SECOND * near[places[:2][-1]] for slug, places in by_area.items()
        }
        slug = max(score, key=lambda each: float(score[each]))
        return Finding(
            about=Question.SERVICE_AREA,
            score=round(max(0.0, min(1.0, float(score[slug]))), 4),
            why=(Reason("nearest to the example: {example}", {"example": self.examples[by_area[slug][0]]}),),
            classifier=self.name,
            says=slug,
        )


def open_nearest(encoder: Encoder, examples: Mapping[str, Sequence[str]]) -> NearestArea | None:
    """`examples` by the slug of their area; None where no area has any."""
    import numpy as np

    rows = [(slug, text) for slug, texts in examples.items() for text in texts]
    if not rows:
        return None
    vectors = np.stack([each.embedding for each in encoder.encode([text for _, text in rows])])
    return NearestArea(encoder, [slug for slug, _ in rows], [text for _, text in rows], vectors)
