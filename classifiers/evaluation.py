"""What `gwylio classifiers evaluate` prints: the panel against labelled sets, as Markdown tables.

Every figure is per set, question and language, with its interval.  Sets that were learnt from
are never read (a folder called `train`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classifiers.labelled import OFFENSIVE, WELSH_REPLY, Labelled, LabelledError
from classifiers.measures import Counts, auc, calibration_error, share
from classifiers.panel import OFFENDING, Opinion, Panel
from vocabulary import Comment, GwylioError, Label, Language, Question, Reading

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCH = 256
Threshold = Callable[[Label | Question, Language], float]
FEWEST = 3
"""Fewer positives than this, and no score of a class is printed."""
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
_ONCE = datetime(2026, 1, 1, tzinfo=UTC)
_NAMES = {"cy": "Welsh", "en": "English", "mixed": "mixed"}
_OFFENCE = (*(label.value for label in OFFENDING),)


@dataclass(frozen=True, slots=True)
class Judged:
    """One set as the panel read it: by question an array of scores and one of what was flagged, as `rows` stand."""

    name: str
    rows: Sequence[Labelled]
    scores: Mapping[str, NDArray[Any]]
    said: Mapping[str, NDArray[Any]]
    unsure: NDArray[Any]

    def truth(self, question: str) -> NDArray[Any]:
        import numpy as np

        return np.array([each.answers.get(question, False) for each in self.rows])

    def where(self, question: str, language: str = "") -> NDArray[Any]:
        """Which rows answer `question`, in `language` or in any."""
        import numpy as np

        return np.array([question in row.answers and (not language or row.language == language) for row in self.rows])


def judged(name: str, rows: Sequence[Labelled], panel: Panel, threshold: Threshold) -> Judged:
    """`rows` read by `panel`; what is flagged is decided by `threshold`, that of a policy pack."""
    import numpy as np

    readings = [
        Reading(Comment(account="", native_id=str(at), text=row.text, posted_at=_ONCE)) for at, row in enumerate(rows)
    ]
    opinions: list[Opinion] = []
    for start in range(0, len(readings), BATCH):
        opinions.extend(panel.read(readings[start : start + BATCH]))
    about: list[Label | Question] = [*Label, Question.NEEDS_RESPONSE]
    scores = {each.value: np.array([opinion.score(each) for opinion in opinions]) for each in about}
    scores[OFFENSIVE] = np.array([opinion.offensive for opinion in opinions])
    scores[WELSH_REPLY] = np.array([float(opinion.language.has_welsh) for opinion in opinions])
    said = {
        each.value: np.array([0 < opinion.score(each) >= threshold(each, opinion.language) for opinion in opinions])
        for each in about
    }
    said[OFFENSIVE] = np.any([said[label.value] for label in OFFENDING], axis=0)
    said[WELSH_REPLY] = scores[WELSH_REPLY] > 0
    return Judged(name, rows, scores, said, np.array([opinion.unsure_of_language for opinion in opinions]))


def report(sets: Iterable[Judged]) -> Iterator[str]:
    """The lines of the report, tables under headings."""
    held = list(sets)
    yield from _table(
        "What is found, by set and language",
        (
            "set",
            "question",
            "language",
            "texts",
            "yes",
            "precision",
            "recall",
            "F1",
            "macro-F1",
            "ROC-AUC",
            "calibration error",
        ),
        [row for one in held for row in _found(one)],
    )
    yield from _table(
        "Is a Welsh reply owed?",
        ("set", "texts", "precision", "recall", "F1", "to review", "owed, and neither said nor sent to review"),
        [_welsh(one) for one in held if one.where(WELSH_REPLY).any()],
    )
    yield from _table(
        "False alarms: comments that are none of it",
        ("set", "language", "texts", "abuse, hate or threat", *(label.value.replace("_", " ") for label in _ALARMING)),
        [row for one in held for row in _alarms(one)],
    )
    yield from _table(
        "By function: short cases with one right answer",
        ("function", "language", "cases", "offence told from none", "labels found", "flagged beside them"),
        [row for one in held for row in _functions(one)],
    )


_ALARMING = (Label.PROFANITY, Label.SELF_HARM, Label.SAFEGUARDING, Label.SPAM)


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    if rows:
        yield f"#### {title}\n"
        yield "| " + " | ".join(head) + " |"
        yield "|" + "---|" * len(head)
        yield from ("| " + " | ".join(map(str, row)) + " |" for row in rows)
        yield ""


def _languages(one: Judged) -> list[str]:
    found = {row.language for row in one.rows} & set(_NAMES)
    return ["", *sorted(found)] if len(found) > 1 else [*found]


def _found(one: Judged) -> Iterator[tuple[object, ...]]:
    if _is_suite(one):
        return
    for question in (OFFENSIVE, *(label.value for label in Label), Question.NEEDS_RESPONSE.value):
        for language in _languages(one):
            mask = one.where(question, language)
            truth, score = one.truth(question)[mask], one.scores[question][mask]
            if truth.sum() < FEWEST:
                continue
            counts = Counts.of(truth, one.said[question][mask])
            yield (
                f"`{one.name}`",
                question.replace("_", " "),
                _NAMES.get(language, "all"),
                len(truth),
                int(truth.sum()),
                counts.precision,
                counts.recall,
                counts.f1,
                f"{counts.macro_f1:.3f}".removeprefix("0"),
                auc(truth, score),
                f"{calibration_error(truth, score):.3f}".removeprefix("0"),
            )


def _welsh(one: Judged) -> tuple[object, ...]:
    mask = one.where(WELSH_REPLY)
    truth, said, unsure = one.truth(WELSH_REPLY)[mask], one.said[WELSH_REPLY][mask], one.unsure[mask]
    counts = Counts.of(truth, said)
    review, lost = share(int(unsure.sum()), len(truth)), int((truth & ~said & ~unsure).sum())
    return (f"`{one.name}`", len(truth), counts.precision, counts.recall, counts.f1, review, lost)


def _alarms(one: Judged) -> Iterator[tuple[object, ...]]:
    """A set that asks only for the language is one of ordinary comments; elsewhere those that answer no to all."""
    import numpy as np

    if _is_suite(one):
        return
    for language in _languages(one) or [""]:
        mask = np.array([_harmless(row) and (not language or row.language == language) for row in one.rows])
        if mask.sum() >= 20:
            figures = [
                share(int(one.said[name][mask].sum()), int(mask.sum()))
                for name in (OFFENSIVE, *(x.value for x in _ALARMING))
            ]
            yield (f"`{one.name}`", _NAMES.get(language, "all"), int(mask.sum()), *figures)


def _harmless(row: Labelled) -> bool:
    if row.answers.keys() == {WELSH_REPLY}:
        return True
    return row.answers.get(OFFENSIVE) is False and not any(row.answers.get(label.value) for label in _ALARMING)


def _is_suite(one: Judged) -> bool:
    """A suite answers every question of every case, and says what each case is about."""
    return all(row.group and ":" not in row.group and len(row.answers) > len(_ALARMING) + 2 for row in one.rows)


_CASES = ("profanity", "sexual", "self_harm", "safeguarding", *_OFFENCE)


def _functions(one: Judged) -> Iterator[tuple[object, ...]]:
    import numpy as np

    if not _is_suite(one):
        return
    for function in (*sorted({row.group for row in one.rows}), ""):
        for language in _languages(one):
            mask = np.array(
                [
                    (not function or row.group == function) and (not language or row.language == language)
                    for row in one.rows
                ]
            )
            if not mask.any() or (function and not language):
                continue
            right = (one.truth(OFFENSIVE) == one.said[OFFENSIVE])[mask]
            asked = [(one.truth(name)[mask], one.said[name][mask]) for name in _CASES]
            found = sum(int((truth & said).sum()) for truth, said in asked)
            wanted = sum(int(truth.sum()) for truth, _ in asked)
            beside = sum(int((~truth & said).sum()) for truth, said in asked)
            told = f"{found} of {wanted}" if wanted else "–"
            name = function.replace("_", " ") or "**all**"
            yield name, _NAMES.get(language, "all"), int(mask.sum()), share(int(right.sum()), len(right)), told, beside


@dataclass(frozen=True, slots=True)
class Swap:
    """Sentences in which a word is swapped for its like: the score should hardly know.  `{}` is the word."""

    kind: str
    words: Sequence[str]
    frames: Sequence[str]

    def moves(self, panel: Panel) -> dict[str, NDArray[Any]]:
        """By question: for each frame, how far apart its highest and its lowest score are."""
        import numpy as np

        rows = [Labelled(frame.format(word), "", {}) for frame in self.frames for word in self.words]
        one = judged("", rows, panel, lambda about, language: 1.0)
        shaped = {name: score.reshape(len(self.frames), -1) for name, score in one.scores.items()}
        return {name: np.ptp(score, axis=1) for name, score in shaped.items() if name not in _NOT_SWAPPED}


_NOT_SWAPPED = {WELSH_REPLY, Label.PERSONAL_DATA.value, Label.VEXATIOUS.value, Label.REPEATED.value}


def swaps_in(folder: Path) -> list[Swap]:
    """The swaps of every `fairness.toml` under `folder`.  Raises LabelledError when one is damaged."""
    found = []
    for path in sorted(folder.rglob("fairness.toml")):
        try:
            held = tomllib.loads(path.read_text(encoding="utf-8"))["swap"]
            found += [Swap(each["kind"], each["words"], each["frames"]) for each in held]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LabelledError(f"{path.name} cannot be read ({type(error).__name__}: {error})") from error
    return found


def fairness(swaps: Sequence[Swap], panel: Panel) -> Iterator[str]:
    """A table of how far scores move; the widest of all frames and the mean, for the questions that move most."""
    rows = []
    for swap in swaps:
        moves = swap.moves(panel)
        widest = max(moves, key=lambda name: float(moves[name].max()))
        offensive = moves[OFFENSIVE]
        most = f"{moves[widest].max():.3f} ({widest.replace('_', ' ')})"
        figures = (f"{offensive.max():.3f}", f"{offensive.mean():.3f}", most)
        rows.append((swap.kind, len(swap.words), len(swap.frames), *figures))
    head = ("swapped", "words", "sentences", "abuse, hate or threat: most", "mean", "any question: most")
    yield from _table("Fairness: how far a score moves when a word is swapped for its like", head, rows)


class NoMarks(GwylioError):
    """The page lacks the two lines between which the figures go."""


def put_into(page: Path, lines: Sequence[str]) -> None:
    """Puts the report into `page` in place of what stands between the two marks; the rest is left as it is.

    Raises NoMarks.
    """
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise NoMarks(f"{page} has no lines {BEGIN} and {END}; put them where the figures shall stand")
    page.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{after}", encoding="utf-8")
