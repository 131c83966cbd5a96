"""Several classifiers beside each other over the same comments, before one is adopted.

What is compared is what would have been flagged, label by label, at the thresholds of the pack.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from classifiers.base import Classifier
from classifiers.panel import Panel
from classifiers.personal_data import Ours, masked
from moderation.policy import Policy
from vocabulary import Comment, Label, Reading

DIFFERENCES = 10
_SHOWN = 160


@dataclass(frozen=True, slots=True)
class Compared:
    """What two classifiers flagged of the same comments for one label; `only` are places in the list of comments."""

    label: Label
    first: str
    second: str
    both: int
    neither: int
    only_first: tuple[int, ...]
    only_second: tuple[int, ...]

    @property
    def agreement(self) -> float:
        """Cohen's kappa: 1 is as one, 0 is no better than chance."""
        one, two = len(self.only_first), len(self.only_second)
        total = self.both + self.neither + one + two
        if not total:
            return 1.0
        same = (self.both + self.neither) / total
        yes_one, yes_two = (self.both + one) / total, (self.both + two) / total
        chance = yes_one * yes_two + (1 - yes_one) * (1 - yes_two)
        return 1.0 if chance == 1 else (same - chance) / (1 - chance)


def compared(
    comments: Sequence[Comment], ours: Panel, others: Sequence[Classifier], labels: Sequence[Label], policy: Policy
) -> Iterator[Compared]:
    """Each of `others` beside the panel that ships, and beside each other, for each of `labels`."""
    readings = [Reading(comment) for comment in comments]
    opinions = ours.read(readings)
    flagged: dict[str, Mapping[Label, list[bool]]] = {}
    for name, panel in (("the panel", ours), *((other.name, Panel([other])) for other in others)):
        seen = opinions if panel is ours else panel.read(readings)
        flagged[name] = {
            label: [
                opinion.score(label) >= policy.threshold(label, said.language)
                for opinion, said in zip(seen, opinions, strict=True)
            ]
            for label in labels
        }
    names = list(flagged)
    for label in labels:
        for at, first in enumerate(names):
            for second in names[at + 1 :]:
                yield _compared(label, first, second, flagged[first][label], flagged[second][label])


def _compared(label: Label, first: str, second: str, one: Sequence[bool], two: Sequence[bool]) -> Compared:
    pairs = list(zip(one, two, strict=True))
    return Compared(
        label,
        first,
        second,
        both=sum(a and b for a, b in pairs),
        neither=sum(not a and not b for a, b in pairs),
        only_first=tuple(at for at, (a, b) in enumerate(pairs) if a and not b),
        only_second=tuple(at for at, (a, b) in enumerate(pairs) if b and not a),
    )


def told(rows: Sequence[Compared], comments: Sequence[Comment], ours: Ours) -> Iterator[str]:
    """The comparison as text: counts, agreement, and differences to read, personal data masked."""
    for each in rows:
        first, second = each.both + len(each.only_first), each.both + len(each.only_second)
        yield f"{each.label.value}: {each.first} flags {first}, {each.second} flags {second}, both {each.both}"
        yield f"  of {len(comments)} comments; agreement (kappa) {each.agreement:.2f}"
        for name, places in ((each.first, each.only_first), (each.second, each.only_second)):
            if places:
                yield f"  only {name} ({len(places)}):"
                yield from (f"    {_line(comments[at].text, ours)}" for at in places[:DIFFERENCES])
                if len(places) > DIFFERENCES:
                    yield f"    … and {len(places) - DIFFERENCES} more"


def _line(text: str, ours: Ours) -> str:
    shown = " ".join(masked(text[: 4 * _SHOWN], ours).split())
    return shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
