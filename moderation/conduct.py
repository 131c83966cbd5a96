"""A review of somebody's conduct towards us: its life as a table, what each act needs, and what is counted.

Conduct over time, never tone, and never without a person.  A decision limits how somebody
contacts us and nothing else: whatever they send is read, placed and owed an answer as before.
"""

from __future__ import annotations

import calendar as months
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType

from moderation.policy import Policy
from moderation.reply_rules import PLACEHOLDER
from vocabulary import GwylioError, Label, Reason, ReviewAct, ReviewState, SentBy

S, A = ReviewState, ReviewAct

# fmt: off
TRANSITIONS: Mapping[tuple[ReviewState, ReviewAct], ReviewState] = MappingProxyType({
    (S.REFERRED, A.OPEN):     S.OPENED,
    (S.REFERRED, A.DISMISS):  S.NOT_VEXATIOUS,
    (S.OPENED,   A.WARN):     S.WARNED,
    (S.OPENED,   A.DECIDE):   S.DECIDED,         # only where a reason says why nobody was warned
    (S.OPENED,   A.DISMISS):  S.NOT_VEXATIOUS,
    (S.WARNED,   A.DECIDE):   S.DECIDED,
    (S.WARNED,   A.DISMISS):  S.NOT_VEXATIOUS,
    (S.DECIDED,  A.NOTIFY):   S.DECIDED,         # the person has been written to
    (S.DECIDED,  A.CONTINUE): S.DECIDED,         # looked at again, with a new date for the next time
    (S.DECIDED,  A.LIFT):     S.LIFTED,
    (S.DECIDED,  A.APPEAL):   S.APPEALED,        # the decision stands until somebody else has heard it
    (S.APPEALED, A.UPHOLD):   S.DECIDED,
    (S.APPEALED, A.OVERTURN): S.OVERTURNED,
    (S.APPEALED, A.LIFT):     S.LIFTED,
})
# fmt: on

DECIDING = frozenset({A.DECIDE, A.CONTINUE})
"""Whoever did one of these may not hear the appeal against it."""
HEARING = frozenset({A.UPHOLD, A.OVERTURN})


class IllegalReviewAct(GwylioError):
    """The table has no such row; `allowed` is what may be done instead."""

    def __init__(self, state: ReviewState, act: ReviewAct) -> None:
        self.state, self.act, self.allowed = state, act, allowed_from(state)
        super().__init__(f"cannot {act} a review that is {state}; allowed: {', '.join(self.allowed)}")


def next_state(state: ReviewState, act: ReviewAct) -> ReviewState:
    """The state that `act` leads to.

    Raises:
        IllegalReviewAct: it may not be done to a review in this state.
    """
    try:
        return TRANSITIONS[state, act]
    except KeyError:
        raise IllegalReviewAct(state, act) from None


def allowed_from(state: ReviewState) -> tuple[ReviewAct, ...]:
    """The forms to draw on a review's page, in the order of the table."""
    return tuple(act for here, act in TRANSITIONS if here is state)


@dataclass(frozen=True, slots=True)
class Given:
    """What a person said as they acted: their reasons in `words`, and what else the act asks for."""

    words: str = ""
    letter_cy: str = ""
    letter_en: str = ""
    sent_by: SentBy | None = None
    no_warning: str = ""
    disability: str = ""
    language: str = ""
    circumstances: str = ""
    restrictions: tuple[str, ...] = ()
    how_cy: str = ""
    how_en: str = ""
    review_in: int = 0

    def said(self) -> dict[str, str]:
        """The words besides the reasons, by the name of their field."""
        texts = {name: getattr(self, name).strip() for name in _TEXTS}
        return {name: text for name, text in texts.items() if text}


@dataclass(frozen=True, slots=True)
class Lack:
    """What an act still needs, and the field it is about."""

    field: str
    why: Reason


_TEXTS = ("letter_cy", "letter_en", "no_warning", "disability", "language", "circumstances", "how_cy", "how_en")
_WHY = Reason("say why, in your own words")
_LETTER = Reason("write the letter in Welsh and in English")
_UNFILLED = Reason("fill in what stands in curly brackets in the letter")
_SENT_BY = Reason("say how the letter was sent")
_CONSIDERED = Reason("say what was considered, or that nothing is known")
_HOW = Reason("say which contact is limited and how, in Welsh and in English")
_RESTRICTIONS = Reason("choose at least one way in which contact is limited")
_NOT_WARNED = Reason("they have not been warned: say why there is a decision all the same")
_REVIEW = Reason("choose when the decision is looked at again, at the latest in {months} months")
_SAME_PERSON = Reason("whoever made the decision does not hear the appeal: a colleague must")

_WORDS: Mapping[str, Reason] = {
    "words": _WHY,
    "letter_cy": _LETTER,
    "letter_en": _LETTER,
    "disability": _CONSIDERED,
    "language": _CONSIDERED,
    "circumstances": _CONSIDERED,
    "how_cy": _HOW,
    "how_en": _HOW,
}
_LETTERS = ("letter_cy", "letter_en")
NEEDS: Mapping[ReviewAct, tuple[str, ...]] = MappingProxyType(
    {
        A.REFER: ("words",),
        A.OPEN: ("words",),
        A.WARN: _LETTERS,
        A.DECIDE: ("words", "disability", "language", "circumstances", "how_cy", "how_en"),
        A.NOTIFY: _LETTERS,
        A.DISMISS: ("words",),
        A.CONTINUE: ("words",),
        A.LIFT: ("words",),
        A.APPEAL: ("words",),
        A.UPHOLD: ("words",),
        A.OVERTURN: ("words",),
    }
)
"""The texts without which an act is not done."""


def lacks(
    act: ReviewAct, given: Given, *, warned: bool, user_id: int, deciders: Collection[int], policy: Policy
) -> list[Lack]:
    """What this act still needs before it may be done, each at its field."""
    return list(_lacks(act, given, warned=warned, user_id=user_id, deciders=deciders, policy=policy))


def _lacks(
    act: ReviewAct, given: Given, *, warned: bool, user_id: int, deciders: Collection[int], policy: Policy
) -> Iterator[Lack]:
    for name in NEEDS[act]:
        text = getattr(given, name)
        if not text.strip():
            yield Lack(name, _WORDS[name])
        elif name in _LETTERS and PLACEHOLDER.search(text):
            yield Lack(name, _UNFILLED)
    if act in {A.WARN, A.NOTIFY} and given.sent_by is None:
        yield Lack("sent_by", _SENT_BY)
    if act is A.DECIDE:
        if not warned and not given.no_warning.strip():
            yield Lack("no_warning", _NOT_WARNED)
        if not given.restrictions or any(policy.restriction(slug) is None for slug in given.restrictions):
            yield Lack("restrictions", _RESTRICTIONS)
    most = policy.conduct.review_months.value
    if act in DECIDING and not 1 <= given.review_in <= most:
        yield Lack("review_in", Reason(_REVIEW.text, {"months": most}))
    if act in HEARING and user_id in deciders:
        yield Lack("words", _SAME_PERSON)


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    arrows = (f"    {here} --> {there}: {act}" for (here, act), there in TRANSITIONS.items())
    begins = [f"    [*] --> {S.REFERRED}: {A.REFER}", f"    [*] --> {S.OPENED}: {A.OPEN}"]
    ends = (f"    {state} --> [*]" for state in ReviewState if state.ended)
    return "\n".join(["stateDiagram-v2", *begins, *arrows, *ends])


def page() -> str:
    """docs/reference/conduct.md."""
    leads = {
        state: ", ".join(f"{act} → `{TRANSITIONS[state, act]}`" for act in allowed_from(state)) for state in ReviewState
    }
    rows = "\n".join(f"| `{state}` | {acts or '–'} |" for state, acts in leads.items())
    needs = "\n".join(f"| {act} | {', '.join(f'`{name}`' for name in names)} |" for act, names in NEEDS.items())
    return PAGE.format(rows=rows, needs=needs, diagram=diagram())


PAGE = """\
# The life of a review of conduct

Generated from `moderation/conduct.py`. To renew it:

    python -c "from moderation import conduct; print(conduct.page(), end='')" > docs/reference/conduct.md

People of communications act in a review, each by name; an officer may refer. While a decision stands
(`decided`, `appealed`), what its person writes is read, placed and owed an answer as before: the case
shows the decision as advice. Nothing is joined across platforms.

| from | what may be done, and where it leads |
|---|---|
{rows}

An act is refused without these. A warning and a letter of the decision also say how they were sent; a decision
names how contact is limited, in how many months it is looked at again, and without a warning before it, why; an
appeal is heard by somebody who did not decide.

| act | words that it needs |
|---|---|
{needs}

```mermaid
{diagram}
```
"""


def after_months(day: date, number: int) -> date:
    """The same date so many months later, or the last day of that month if it has none."""
    year, month = divmod(day.year * 12 + day.month - 1 + number, 12)
    return date(year, month + 1, min(day.day, months.monthrange(year, month + 1)[1]))


@dataclass(frozen=True, slots=True)
class Contact:
    """One comment to us, as conduct is counted.

    `post` is the account and thread it stands under.  `after_answer`: we had answered them there before.
    `unheard`: we had not replied to them there at all, and they had asked before.
    """

    at: datetime
    post: tuple[int, str]
    area: str
    labels: frozenset[Label]
    after_answer: bool
    unheard: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """What there is to weigh: of their conduct, and of ours."""

    first: datetime | None
    last: datetime | None
    comments: int
    in_week: int
    in_month: int
    busiest_week: int
    repeated: int
    posts: int
    areas: int
    after_answer: int
    unheard: int
    late: int
    requests: int
    at_risk: int


WEEK = timedelta(days=7)
REQUESTS = frozenset({Label.FOI_REQUEST, Label.SUBJECT_ACCESS})
AT_RISK = frozenset({Label.SAFEGUARDING, Label.SELF_HARM})


def figures(contacts: Sequence[Contact], *, late: int, now: datetime) -> Figures:
    """Counts over contacts, oldest first.  `late` is how many answers of ours were late, or never came."""
    return Figures(
        first=contacts[0].at if contacts else None,
        last=contacts[-1].at if contacts else None,
        comments=len(contacts),
        in_week=sum(now - each.at <= WEEK for each in contacts),
        in_month=sum(now - each.at <= 4 * WEEK for each in contacts),
        busiest_week=_busiest([each.at for each in contacts]),
        repeated=sum(Label.REPEATED in each.labels for each in contacts),
        posts=len({each.post for each in contacts}),
        areas=len({each.area for each in contacts if each.area}),
        after_answer=sum(each.after_answer for each in contacts),
        unheard=sum(each.unheard for each in contacts),
        late=late,
        requests=sum(not REQUESTS.isdisjoint(each.labels) for each in contacts),
        at_risk=sum(not AT_RISK.isdisjoint(each.labels) for each in contacts),
    )


def _busiest(moments: Sequence[datetime]) -> int:
    """The most that came within any seven days."""
    most, first = 0, 0
    for last, at in enumerate(moments):
        while at - moments[first] > WEEK:
            first += 1
        most = max(most, last - first + 1)
    return most


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing to weigh, and where it comes from."""

    text: Reason
    source: Reason


_COUNTED = Reason("counted from their comments to our accounts on this platform")
_CLOCKS = Reason("from the clocks of their cases")
_FLAGGED = Reason("from what the classifiers flagged, less what people corrected")
_GUIDANCE = Reason("what councils' policies on unreasonable contact, and the Ombudsman, ask us to remember")


def evidence(seen: Figures) -> tuple[Shown, ...]:
    """What somebody would have to show for a decision.  None of it decides anything."""
    return (
        Shown(Reason("Comments to us: {count}", {"count": seen.comments}), _COUNTED),
        Shown(Reason("In the last 7 days: {count}", {"count": seen.in_week}), _COUNTED),
        Shown(Reason("In the last 28 days: {count}", {"count": seen.in_month}), _COUNTED),
        Shown(Reason("The most in any 7 days: {count}", {"count": seen.busiest_week}), _COUNTED),
        Shown(Reason("Under different posts: {count}", {"count": seen.posts}), _COUNTED),
        Shown(Reason("To different service areas: {count}", {"count": seen.areas}), _COUNTED),
        Shown(Reason("Flagged as repeated: {count}", {"count": seen.repeated}), _FLAGGED),
        Shown(Reason("In a conversation after our answer: {count}", {"count": seen.after_answer}), _CLOCKS),
    )


def look_alikes(seen: Figures) -> tuple[Shown, ...]:
    """What looks like vexatious conduct and is none, and what of it may be our own doing."""
    return (
        Shown(
            Reason(
                "Asked again before anybody had replied: {count}. That is not persistence.", {"count": seen.unheard}
            ),
            _CLOCKS,
        ),
        Shown(Reason("Answers of ours that were late, or never came: {count}", {"count": seen.late}), _CLOCKS),
        Shown(
            Reason(
                "Requests for information among them: {count}. Each is dealt with under its own law,"
                " and it is a request that may be vexatious, never a person.",
                {"count": seen.requests},
            ),
            _FLAGGED,
        ),
        Shown(
            Reason(
                "Concerns about somebody's safety among them: {count}. These are always seen.", {"count": seen.at_risk}
            ),
            _FLAGGED,
        ),
        Shown(Reason("Many matters are many matters, and not one matter many times."), _GUIDANCE),
        Shown(Reason("Complaining, taking a complaint further and criticising are not vexatious."), _GUIDANCE),
        Shown(Reason("A grievance that many people share is not one person's conduct."), _GUIDANCE),
        Shown(Reason("Rude words are not weighed here: tone is not conduct."), _GUIDANCE),
        Shown(Reason("A disability, a language or circumstances may explain how somebody writes."), _GUIDANCE),
    )
