"""Conduct towards us over time: the same matter again, how often, how widely, after how many replies.

Never tone.  Whether a comment is rude is another classifier's question; what is counted here is
what a person would have to show if the council ever restricted somebody's contact, and a person
decides.  Asking again because nobody answered is not evidence, fourteen potholes are fourteen
matters, and thanks are nothing at all.

The indicators are those that councils' policies on unreasonable contact share, and the ICO's
guidance on section 14 of the Freedom of Information Act; each reason names its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from classifiers.likeness import Likeness, names, plain
from vocabulary import Comment, Earlier, Finding, Label, Reading, Reason

_GRATEFUL = re.compile(
    r"(?<!\w)(?:thank\w*|thanks|ta|cheers|lovely|brilliant|diolch\w*|gwych|wych|hyfryd|da iawn)(?!\w)"
)
_ASKING = re.compile(
    r"(?<!\w)(?:why|reasons?|ask(?:ing)?|enquir\w+|like to know|answers?|questions?"
    r"|pam|rheswm|gofyn|ateb|cwestiwn)(?!\w)"
)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The least of each that is worth a person's look; half of two of them is worth it together.

    `look_back` is how many earlier comments are read at most, newest first, and `meant` of how many of
    them the meaning is compared.  `wave` is how many people must say the same within `wave_days`.
    """

    repeats_after_reply: int = 3
    same_thread_after_reply: int = 6
    contacts_in_week: int = 12
    contacts_in_month: int = 25
    naming_one_person: int = 5
    threads_about_one_person: int = 3
    threads_with_same_matter: int = 3
    accounts_with_same_words: int = 5
    look_back: int = 200
    meant: int = 60
    wave: int = 3
    wave_days: int = 7
    worth: float = 0.62


@lru_cache(maxsize=20_000)
def _grateful(text: str) -> bool:
    """Thanks that ask for nothing."""
    said = plain(text)
    return "?" not in text and _GRATEFUL.search(said) is not None and _ASKING.search(said) is None


@dataclass(frozen=True, slots=True)
class Conduct:
    """What was counted; this comment included where it belongs."""

    in_week: int
    in_month: int
    alike: int
    alike_after_reply: int
    alike_threads: int
    after_reply_in_thread: int
    on_new_ground: int
    replies_seen: int
    naming_person: int
    person_threads: int
    others_alike: int


def conduct(reading: Reading, needed: Evidence, likeness: Likeness) -> Conduct:
    """Counts over the author's history with us, and over what others said lately."""
    here, now = reading.comment, reading.comment.posted_at
    past = reading.earlier[: needed.look_back]
    same = _same(here.text, past, needed, likeness)
    everything = [Earlier(here, reading.replied_before), *past]
    naming, threads = _fixation(everything)
    back = [
        each
        for each, fresh in _with_freshness(everything)
        if each.replied_before and each.comment.thread == here.thread and not fresh and not _grateful(each.comment.text)
    ]
    return Conduct(
        in_week=1 + sum(now - each.comment.posted_at <= 7 * _DAY for each in past),
        in_month=1 + sum(now - each.comment.posted_at <= 28 * _DAY for each in past),
        alike=len(same),
        alike_after_reply=sum(each.replied_before for each in (*same, everything[0])) if same else 0,
        alike_threads=len({each.comment.thread for each in same} | {here.thread}) if same else 1,
        after_reply_in_thread=len(back),
        on_new_ground=sum(each not in same and each is not everything[0] for each in back),
        replies_seen=sum(each.replied_before for each in everything),
        naming_person=naming,
        person_threads=threads,
        others_alike=_others(reading, needed, likeness),
    )


def _same(text: str, past: Sequence[Earlier], needed: Evidence, likeness: Likeness) -> list[Earlier]:
    """What of `past` is the same matter: by meaning for the newest, by words for what is older."""
    newest, older = past[: needed.meant], past[needed.meant :]
    found = likeness.same_matter_as(text, [each.comment.text for each in newest])
    found += likeness.same_words_as(text, [each.comment.text for each in older])
    return [each for each, same in zip(past, found, strict=True) if same]


def _others(reading: Reading, needed: Evidence, likeness: Likeness) -> int:
    """How many other people said nearly the same in the days before."""
    since = reading.comment.posted_at - needed.wave_days * _DAY
    mine = reading.comment.author
    around = [
        each
        for each in reading.around
        if each.author and mine and each.author.native_id != mine.native_id and each.posted_at >= since
    ]
    same = likeness.same_words_as(reading.comment.text, [each.text for each in around])
    return len({each.author.native_id for each, alike in zip(around, same, strict=True) if alike and each.author})


def _with_freshness(newest_first: Sequence[Earlier]) -> Iterator[tuple[Earlier, bool]]:
    """Each comment, and whether it names a place or a person its author had not named before: a new matter."""
    seen: set[str] = set()
    for each in reversed(newest_first):
        named = names(each.comment.text)
        yield each, any(name not in seen for name in named)
        seen.update(named)


def _fixation(everything: Sequence[Earlier]) -> tuple[int, int]:
    """How many comments hold the two-word name that most hold, and under how many threads; a surname counts."""
    counted = Counter(name for each in everything for name in names(each.comment.text) if name.count(" ") == 1)
    if not counted:
        return 0, 0
    surname = counted.most_common(1)[0][0].split()[-1]
    holding = [each for each in everything if surname in plain(each.comment.text).split()]
    return len(holding), len({each.comment.thread for each in holding})


def evidence(seen: Conduct, needed: Evidence) -> list[tuple[float, Reason]]:
    """Each indicator that has something to show, with what it is worth between 0 and 1."""
    after = min(1.0, seen.replies_seen / 3)
    fixed = seen.naming_person >= 3 and seen.person_threads >= needed.threads_about_one_person
    changed = seen.on_new_ground > seen.after_reply_in_thread / 2
    rows: list[tuple[float, float, Reason]] = [
        (
            seen.alike_after_reply if seen.alike else 0,
            needed.repeats_after_reply,
            Reason(
                "the same matter again after a reply, {count} times (unreasonable persistence: ICO, section 14)",
                {"count": seen.alike_after_reply},
            ),
        ),
        (
            seen.after_reply_in_thread if seen.after_reply_in_thread >= needed.same_thread_after_reply / 2 else 0,
            needed.same_thread_after_reply,
            Reason(
                "a new ground after each reply, {count} times (changed basis: policies on unreasonable contact)",
                {"count": seen.after_reply_in_thread},
            )
            if changed
            else Reason(
                "back on a matter we had replied to, {count} times (unreasonable persistence: ICO, section 14)",
                {"count": seen.after_reply_in_thread},
            ),
        ),
        (
            after * seen.in_week if seen.in_week >= needed.contacts_in_week / 2 else 0,
            needed.contacts_in_week,
            Reason("{count} comments in 7 days (frequent contact: ICO, section 14)", {"count": seen.in_week}),
        ),
        (
            after * seen.in_month if seen.in_month >= needed.contacts_in_month / 2 else 0,
            needed.contacts_in_month,
            Reason("{count} comments in 28 days (frequent contact: ICO, section 14)", {"count": seen.in_month}),
        ),
        (
            after * seen.naming_person if fixed else 0,
            needed.naming_one_person,
            Reason(
                "one person named in {count} comments under {threads} posts"
                " (fixation on an officer: policies on unreasonable contact)",
                {"count": seen.naming_person, "threads": seen.person_threads},
            ),
        ),
        (
            after * seen.alike_threads if seen.alike_threads >= needed.threads_with_same_matter else 0,
            needed.threads_with_same_matter,
            Reason(
                "the same matter under {count} posts (scattergun approach: ICO, section 14)",
                {"count": seen.alike_threads},
            ),
        ),
        (
            # Others may share a grievance: their number weighs only beside the author's own persistence.
            seen.others_alike if seen.alike_after_reply and seen.others_alike >= needed.wave - 1 else 0,
            needed.accounts_with_same_words,
            Reason(
                "nearly the same words from {count} other accounts"
                " (several routes on one issue: policies on unreasonable contact)",
                {"count": seen.others_alike},
            ),
        ),
    ]
    return [(min(0.95, needed.worth * count / enough), reason) for count, enough, reason in rows if count > 0]


@dataclass(frozen=True, slots=True)
class Vexatious:
    """The conduct classifier: findings on `VEXATIOUS` and `REPEATED`, always both."""

    likeness: Likeness
    needed: Evidence = Evidence()
    name: str = "vexatious/2"

    def read(self, readings: Sequence[Reading]) -> Sequence[tuple[Finding, ...]]:
        return [self.findings(reading) for reading in readings]

    def findings(self, reading: Reading) -> tuple[Finding, ...]:
        if not reading.earlier and not reading.around:
            return self._finding(Label.VEXATIOUS, 0.0, ()), self._finding(Label.REPEATED, 0.0, ())
        seen = conduct(reading, self.needed, self.likeness)
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
        """Said before by the same person, or by several people within days: a wave."""
        enough = 1 if plain(comment.text).count(" ") >= 2 else 2
        score, why = 0.0, []
        if seen.alike >= enough:
            score = min(0.98, 0.6 + 0.1 * seen.alike)
            why.append(Reason("the same matter {count} times before", {"count": seen.alike}))
        if seen.others_alike >= self.needed.wave - 1:
            score = max(score, min(0.98, 0.4 + 0.1 * seen.others_alike))
            counts = {"count": seen.others_alike, "days": self.needed.wave_days}
            why.append(Reason("nearly the same words from {count} other people in {days} days", counts))
        return self._finding(Label.REPEATED, score, tuple(why))

    def _finding(self, label: Label, score: float, why: tuple[Reason, ...]) -> Finding:
        return Finding(about=label, score=round(score, 4), why=why, classifier=self.name)


def open_vexatious(likeness: Likeness, needed: Evidence | None = None) -> Vexatious:
    """`needed` is how much evidence is worth a look."""
    return Vexatious(likeness, needed or Evidence())
