"""Conduct towards us over time: the same matter again, how often, how widely, after how many replies.

Never tone.  Whether a comment is rude is another classifier's question; what is counted here is
what a person would have to show if the council ever restricted somebody's contact, and a person
decides.  Asking again because nobody answered is not evidence, fourteen potholes are fourteen
matters, and thanks are nothing at all.

The indicators are those that councils' policies on unreasonable contact share, and the ICO's
guidance on section 14 of the Freedom of Information Act: unreasonable persistence, frequent or
overlapping contact, scattergun approach, fixation on an officer.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from classifiers.text import folded, words
from vocabulary import Comment, Earlier, Finding, Label, Reading, Reason

_PROPER = re.compile(r"(?<![.!?\"'\n] )(?<!^)(?<!\w)[^\W\d_a-z][^\W\d_]+(?:[ \-][^\W\d_a-z][^\W\d_]+)*")
_GRATEFUL = re.compile(
    r"(?<!\w)(?:thank\w*|thanks|ta|cheers|lovely|brilliant|diolch\w*|gwych|wych|hyfryd|da iawn)(?!\w)"
)
_FIGURE = re.compile(r"\d+")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The least of each that is worth a person's look; half of two of them is worth it together.

    `same_matter` is a similarity from 0 to 100.  `look_back` is how many earlier comments are read
    at most, newest first.
    """

    repeats_after_reply: int = 3
    same_thread_after_reply: int = 6
    contacts_in_week: int = 12
    contacts_in_month: int = 25
    naming_one_person: int = 5
    threads_about_one_person: int = 3
    threads_with_same_matter: int = 3
    same_matter: float = 84.0
    look_back: int = 200
    worth: float = 0.62


@lru_cache(maxsize=20_000)
def _plain(text: str) -> str:
    return " ".join(words(folded(text[:2_000])))


@lru_cache(maxsize=20_000)
def _names(text: str) -> tuple[str, ...]:
    """Capitalised words inside sentences, folded: places and people."""
    return tuple(dict.fromkeys(folded(name) for name in _PROPER.findall(text[:2_000])))


@lru_cache(maxsize=20_000)
def _particulars(text: str) -> frozenset[str]:
    """The names and figures that make two alike complaints two matters: another street, another reference."""
    return frozenset(_names(text)) | frozenset(_FIGURE.findall(text[:2_000]))


@lru_cache(maxsize=20_000)
def _grateful(text: str) -> bool:
    return _GRATEFUL.search(_plain(text)) is not None


def alike(text: str, others: Sequence[str]) -> list[float]:
    """How like `text` each of the others is, 0 to 100: order of words aside, and only as wholes."""
    from rapidfuzz import fuzz, process

    if not others:
        return []
    return [float(score) for score in process.cdist([text], others, scorer=fuzz.token_sort_ratio)[0]]


@dataclass(frozen=True, slots=True)
class Conduct:
    """What was counted; this comment included where it belongs."""

    in_week: int
    in_month: int
    alike: int
    alike_after_reply: int
    alike_threads: int
    after_reply_in_thread: int
    replies_seen: int
    person: str
    naming_person: int
    person_threads: int


def _same_words(text: str, score: float, enough: float) -> bool:
    """Two or three words are the same matter only when they are the very same."""
    return score >= (enough if text.count(" ") >= 2 else 99.0)


def conduct(reading: Reading, needed: Evidence) -> Conduct:
    """Counts over the author's history with us, `look_back` comments at most."""
    here, now = reading.comment, reading.comment.posted_at
    past = reading.earlier[: needed.look_back]
    text = _plain(here.text)
    scores = alike(text, [_plain(each.comment.text) for each in past]) if text else [0.0] * len(past)
    same = [
        each
        for each, score in zip(past, scores, strict=True)
        if _same_words(text, score, needed.same_matter) and _particulars(each.comment.text) == _particulars(here.text)
    ]
    everything = [Earlier(here, reading.replied_before), *past]
    person, naming, threads = _fixation(everything)
    return Conduct(
        in_week=1 + sum(now - each.comment.posted_at <= 7 * _DAY for each in past),
        in_month=1 + sum(now - each.comment.posted_at <= 28 * _DAY for each in past),
        alike=len(same),
        alike_after_reply=sum(each.replied_before for each in (*same, everything[0])) if same else 0,
        alike_threads=len({each.comment.thread for each in same} | {here.thread}) if same else 1,
        after_reply_in_thread=sum(
            each.replied_before
            and each.comment.thread == here.thread
            and not fresh
            and not _grateful(each.comment.text)
            for each, fresh in _with_freshness(everything)
        ),
        replies_seen=sum(each.replied_before for each in everything),
        person=person,
        naming_person=naming,
        person_threads=threads,
    )


def _with_freshness(newest_first: Sequence[Earlier]) -> Iterator[tuple[Earlier, bool]]:
    """Each comment, and whether it names a place or a person its author had not named before: a new matter."""
    seen: set[str] = set()
    for each in reversed(newest_first):
        names = _names(each.comment.text)
        yield each, any(name not in seen for name in names)
        seen.update(names)


def _fixation(everything: Sequence[Earlier]) -> tuple[str, int, int]:
    """The two-word name that most comments hold, in how many, and under how many threads; a surname counts."""
    counted = Counter(name for each in everything for name in _names(each.comment.text) if name.count(" ") == 1)
    if not counted:
        return "", 0, 0
    name, _ = counted.most_common(1)[0]
    surname = name.split()[-1]
    holding = [each for each in everything if surname in _plain(each.comment.text).split()]
    return name, len(holding), len({each.comment.thread for each in holding})


def evidence(seen: Conduct, needed: Evidence) -> list[tuple[float, Reason]]:
    """Each indicator that has something to show, with what it is worth between 0 and 1."""
    after = min(1.0, seen.replies_seen / 3)
    fixed = seen.naming_person >= 3 and seen.person_threads >= needed.threads_about_one_person
    rows: list[tuple[float, float, Reason]] = [
        (
            seen.alike_after_reply if seen.alike else 0,
            needed.repeats_after_reply,
            Reason("the same words again after a reply, {count} times", {"count": seen.alike_after_reply}),
        ),
        (
            seen.after_reply_in_thread if seen.after_reply_in_thread >= needed.same_thread_after_reply / 2 else 0,
            needed.same_thread_after_reply,
            Reason("back on a matter we had replied to, {count} times", {"count": seen.after_reply_in_thread}),
        ),
        (
            after * seen.in_week if seen.in_week >= needed.contacts_in_week / 2 else 0,
            needed.contacts_in_week,
            Reason("{count} comments in 7 days", {"count": seen.in_week}),
        ),
        (
            after * seen.in_month if seen.in_month >= needed.contacts_in_month / 2 else 0,
            needed.contacts_in_month,
            Reason("{count} comments in 28 days", {"count": seen.in_month}),
        ),
        (
            after * seen.naming_person if fixed else 0,
            needed.naming_one_person,
            Reason(
                "one person named in {count} comments under {threads} posts",
                {"count": seen.naming_person, "threads": seen.person_threads},
            ),
        ),
        (
            after * seen.alike_threads if seen.alike_threads >= needed.threads_with_same_matter else 0,
            needed.threads_with_same_matter,
            Reason("the same words under {count} posts", {"count": seen.alike_threads}),
        ),
    ]
    return [(min(0.95, needed.worth * count / enough), reason) for count, enough, reason in rows if count > 0]


@dataclass(frozen=True, slots=True)
class Vexatious:
    """The conduct classifier: findings on `VEXATIOUS` and `REPEATED`, always both."""

    needed: Evidence = Evidence()
    name: str = "vexatious/1"

    def read(self, readings: Sequence[Reading]) -> Sequence[tuple[Finding, ...]]:
        return [self.findings(reading) for reading in readings]

    def findings(self, reading: Reading) -> tuple[Finding, ...]:
        if not reading.earlier:
            return self._finding(Label.VEXATIOUS, 0.0, ()), self._finding(Label.REPEATED, 0.0, ())
        seen = conduct(reading, self.needed)
        shown = evidence(seen, self.needed)
        doubt = 1.0
        for worth, _ in shown:
            doubt *= 1 - worth
        score = 1 - doubt if seen.replies_seen else 0.0
        return (
            self._finding(Label.VEXATIOUS, score, tuple(reason for _, reason in shown) if score else ()),
            self._repeated(reading.comment, seen),
        )

    def _repeated(self, comment: Comment, seen: Conduct) -> Finding:
        enough = 1 if _plain(comment.text).count(" ") >= 2 else 2
        if seen.alike < enough:
            return self._finding(Label.REPEATED, 0.0, ())
        score = min(0.98, 0.6 + 0.1 * seen.alike)
        return self._finding(
            Label.REPEATED,
            score,
            (Reason("the same or nearly the same words {count} times before", {"count": seen.alike}),),
        )

    def _finding(self, label: Label, score: float, why: tuple[Reason, ...]) -> Finding:
        return Finding(about=label, score=round(score, 4), why=why, classifier=self.name)


def open_vexatious(needed: Evidence | None = None) -> Vexatious:
    """`needed` is how much evidence is worth a look; nothing is loaded."""
    return Vexatious(needed or Evidence())
