"""What goes in and comes out, as the OpenAPI description has it.

Moments are in UTC with their zone; days are those of Europe/London.  Codes are those of GET /vocabulary.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from vocabulary import (
    Act,
    Label,
    Language,
    Origin,
    Platform,
    Presence,
    Question,
    ReplyKind,
    ReplyLanguage,
    ReplyState,
    Role,
    Scope,
    Severity,
    State,
)
from web.visit import Text

LONGEST_REASON: Final = 10_000
LONGEST_REPLY: Final = 60_000
LONGEST_ASKED: Final = 20_000

Reason = Annotated[Text, Field(max_length=LONGEST_REASON, examples=["The date is in the thread above."])]
ReplyText = Annotated[Text, Field(max_length=LONGEST_REPLY)]
Slug = Annotated[str, StringConstraints(max_length=100)]


class Shape(BaseModel):
    """What every shape has in common: no field that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Named(Shape):
    """A code, and what people call it in each language."""

    code: str = Field(examples=["received"])
    cy: str = Field(examples=["wedi dod i law"])
    en: str = Field(examples=["received"])


class Step(Shape):
    """One row of the table of what may be done to a case."""

    state: State
    act: Act
    leads_to: State


class Vocabulary(Shape):
    """Every code that stands in an answer, and what may be done in which state."""

    names: dict[str, list[Named]] = Field(description="By kind, such as `state`, `label`, `act` or `event`.")
    outcomes: list[Named] = Field(description="How a case may end, by the policy of this body.")
    lifecycle: list[Step] = Field(description="What may be done in which state, and where it leads.")
    policy: str = Field(description="The policy in force.", examples=["powys@2026-10-01"])


class Grant(Shape):
    """A role in a service area; `*` is every area."""

    role: Role
    area: str = Field(examples=["waste"])


class Whoami(Shape):
    """Whose token it is, and what it is good for at this moment."""

    token: int = Field(description="The number of the token, as it stands in the trail.", examples=[3])
    name: str = Field(description="What its owner calls it.", examples=["Web chat"])
    username: str = Field(examples=["rhys"])
    full_name: str = Field(examples=["Rhys Morgan"])
    scopes: list[Scope]
    grants: list[Grant] = Field(description="What the owner may do, which is the most that the token may.")
    expires_at: datetime


class Colleague(Shape):
    """Somebody a case can be given to."""

    id: int
    full_name: str = Field(examples=["Rhys Morgan"])


class Area(Shape):
    """A service area."""

    code: str = Field(examples=["waste"])
    cy: str = Field(examples=["Gwastraff"])
    en: str = Field(examples=["Waste"])
    contact_cy: str = Field(description="How people reach it, as they are told in Welsh.")
    contact_en: str = Field(description="How people reach it, as they are told in English.")
    mine: bool = Field(description="Whether you see its cases.")
    officers: list[Colleague]


class Areas(Shape):
    """Every service area, in the order of the configuration."""

    areas: list[Area]


class Flag(Shape):
    """What was seen in a comment, and why."""

    about: Label | Question
    score: float = Field(ge=0, le=1, examples=[0.97])
    why: list[str] = Field(description="In the language asked for.", examples=[["an insult aimed at somebody: idiots"]])


class Finding(Flag):
    """What one classifier saw; `flagged` where it counts under the policy."""

    flagged: bool
    classifier: str = Field(description="Its name and version; a person's correction says so.")
    says: str = Field(description="The answer, where the question has words for one, such as a language.")


class Line(Shape):
    """One case of a list.  Of a restricted one neither words nor name are told."""

    id: int
    reference: str = Field(examples=["GW-2026-004217"])
    version: int = Field(description="What If-Match must name for whatever moves the case.")
    state: State
    service_area: str
    reply_in: ReplyLanguage
    answer_owed: bool
    severity: Severity
    restricted: bool
    due: date
    ack_due: date | None
    acknowledged: bool
    owner: str = Field(description="The officer's name; empty for nobody.")
    escalated_to: str
    claimed_by: str = Field(description="Who works on it just now; empty for nobody.")
    platform: Platform
    account: str
    author: str | None = Field(description="None where the case is restricted; empty where the platform names nobody.")
    comment: int
    words: str | None = Field(description="The comment, personal data masked; None where the case is restricted.")
    language: str
    posted_at: datetime
    presence: Presence
    origin: Origin
    comments: int = Field(description="How many comments the case has.")
    flags: list[Flag]


class Queue(Shape):
    """Some cases, due soonest first."""

    cases: list[Line]
    next: str | None = Field(description="What `after` is for the cases that follow; None after the last.")
    total: int = Field(description="How many cases there are in all, counted no further than 500.")
    more_than_counted: bool


class Account(Shape):
    """A corporate account."""

    slug: str = Field(examples=["cyngor-facebook"])
    name: str
    platform: Platform


class Author(Shape):
    """Who wrote, as that platform knows them."""

    id: int
    name: str


class Post(Shape):
    """What we had published, under which they wrote."""

    text: str
    posted_at: datetime


class Revision(Shape):
    """A comment's words at one time."""

    number: int
    text: str
    seen_at: datetime


class CommentTurn(Shape):
    """Something that they said."""

    kind: Literal["comment"] = "comment"
    at: datetime
    id: int
    presence: Presence
    origin: Origin
    language: str
    revisions: list[Revision] = Field(description="The newest first.")
    findings: list[Finding]


class ReplyTurn(Shape):
    """A reply of ours by way of Gwylio."""

    kind: Literal["reply"] = "reply"
    at: datetime
    id: int
    what: ReplyKind
    state: ReplyState
    text_cy: str
    text_en: str
    exception: str = Field(description="Why an objection was overridden, in the officer's words.")
    writer: str


class NativeTurn(Shape):
    """A reply of ours that was made on the platform itself."""

    kind: Literal["native_reply"] = "native_reply"
    at: datetime
    id: int
    text: str


Turn = Annotated[CommentTurn | ReplyTurn | NativeTurn, Field(discriminator="kind")]


class CountedDay(Shape):
    """One day between arrival and due date; its number is 0 where it is not counted."""

    day: date
    number: int
    why: str


class Clocks(Shape):
    """By when what is owed, and what has been given."""

    received_at: datetime
    ack_due: date | None
    acknowledged_at: datetime | None
    due: date
    first_due: date
    answered_at: datetime | None
    overdue: bool
    working: list[CountedDay] = Field(description="How the days were counted; empty where holidays moved since.")


class Event(Shape):
    """Something that happened to the case, in the language asked for."""

    at: datetime
    what: str = Field(examples=["assign"])
    sentence: str = Field(examples=["Rhys Morgan assigned the case."])
    facts: list[str]
    words: str = Field(description="An officer's own.")


class Case(Shape):
    """One person's conversation with us that wants a decision."""

    id: int
    reference: str = Field(examples=["GW-2026-004217"])
    version: int = Field(description="What If-Match must name for whatever moves the case.")
    state: State
    service_area: str
    language: str
    reply_in: ReplyLanguage
    answer_owed: bool
    severity: Severity
    escalated_to: str
    owner: str
    claimed_by: str
    outcome: str
    previous: str = Field(description="The closed case that this one follows; empty for none.")
    opened_at: datetime
    closed_at: datetime | None
    because: list[str] = Field(description="Why it is where it is, in the language asked for.")
    account: Account
    author: Author | None
    post: Post | None
    clocks: Clocks
    thread: list[Turn]
    history: list[Event] = Field(description="The newest first.")
    acts: list[Act] = Field(description="What you may do to it now.")


class Moved(Shape):
    """Where a case stands after an act."""

    id: int
    reference: str
    version: int
    state: State
    service_area: str
    answer_owed: bool


class ActAsked(Shape):
    """One act of the lifecycle."""

    reason: Reason = Field(default="", description="Needed to escalate, return, reopen and close.")
    area: Slug = Field(default="", description="With `assign`: the service area.", examples=["waste"])
    officer: int | None = Field(default=None, ge=1, le=2**53, description="With `assign`: an officer of that area.")
    outcome: Slug = Field(default="", description="With `close`: one of the policy's.", examples=["answered"])


class NoteAsked(Shape):
    """Words for colleagues; `@username` addresses one."""

    words: Reason = Field(examples=["@catrin has this come up before?"])


class Claimed(Shape):
    """Who works on a case just now."""

    mine: bool
    claimed_by: str


class OwedAsked(Shape):
    """Whether an answer is owed, decided by a person."""

    owed: bool
    reason: Reason


class CorrectionAsked(Shape):
    """A word that stands in place of what the classifiers saw."""

    about: Label | Literal["language"]
    says: Language | Literal["yes", "no"] = Field(description="A language for `language`; else yes or no.")
    reason: Reason


class ReplyAsked(Shape):
    """A reply to whoever wrote."""

    kind: ReplyKind = ReplyKind.ANSWER
    text_cy: ReplyText = Field(default="", examples=["Caiff y biniau eu casglu yfory."])
    text_en: ReplyText = Field(default="", examples=["The bins are collected tomorrow."])
    exception: Reason = Field(default="", description="Why it is sent although something speaks against it.")
    confirmed: bool = Field(default=False, description="Whether the cautions have been thought of.")
    by_machine: list[Literal["cy", "en"]] = Field(default=[], max_length=2, description="Texts a machine translated.")
    danger: Reason = Field(default="", description="The immediate danger for which a machine was used.")


class Checked(Shape):
    """A reply as it would be judged; nothing is done."""

    objections: list[Objection]
    length: int | None = Field(description="As the platform counts it; None where the account cannot be reached.")
    longest: int | None
    parts: list[str] = Field(description="What would be published, in order.")


class Objection(Shape):
    """Something that stands in the way of a reply."""

    code: str = Field(examples=["welsh_missing"])
    says: str
    overridable: bool


class Sent(Shape):
    """A reply on its way, or before whoever must approve it."""

    reply: int
    state: ReplyState


class SavedReply(Shape):
    """A reply prepared beforehand; what stands in braces is to be filled in."""

    slug: str = Field(examples=["holding"])
    kind: ReplyKind
    title_cy: str
    title_en: str
    text_cy: str
    text_en: str


class SavedReplies(Shape):
    """Those that are offered to officers."""

    saved_replies: list[SavedReply]


class Stream(Shape):
    """One thing that a collector reads."""

    name: str
    last_success: datetime | None
    failures: int
    trouble: str = Field(description="What stands in its way, in the language asked for; empty for nothing.")
    blocked_until: datetime | None
    incomplete: bool


class AccountHealth(Account):
    """How a corporate account fares."""

    service_area: str
    active: bool
    credential_expires: datetime | None
    streams: list[Stream]


class Accounts(Shape):
    """Every corporate account."""

    accounts: list[AccountHealth]


class Figures(Shape):
    """What was counted in one place; a measure is None where there was nothing to measure."""

    received: int
    needing: int
    not_needed: int
    acknowledgements_due: int
    acknowledged: int
    acknowledged_in_time: int
    due: int
    in_time: int
    late: int
    closed_unanswered: int
    still_open: int
    overdue: int
    answered: int
    reopened: int
    english_only: int
    by_machine: int
    median_days: float | None
    ninetieth_days: int | None
    collection_delay_seconds: float | None


class Weekly(Shape):
    """A London week in figures, of the service areas that you may see."""

    week: str = Field(examples=["2026-W47"])
    until: datetime = Field(description="The week's end, or the present while it is not over.")
    over: bool
    policy: str
    everywhere: bool = Field(description="Whether it is of every service area.")
    total: Figures
    by_area: dict[str, Figures]
    by_platform: dict[Platform, Figures]
    by_language: dict[Language, Figures]
    welsh: Figures = Field(description="Those to whom Welsh is owed.")
    english: Figures
    searched: int = Field(description="What saved searches found, which nobody wrote to us.")


class TextAsked(Shape):
    """A text that nobody has sent us."""

    text: Text = Field(min_length=1, max_length=LONGEST_ASKED, examples=["Pryd mae'r biniau yn cael eu casglu?"])


class LabelSeen(Shape):
    """One label with its score, flagged or not."""

    label: Label
    score: float = Field(ge=0, le=1)
    flagged: bool
    why: list[str]


class Classified(Shape):
    """What the classifiers see, as `gwylio classify` prints it."""

    language: Language
    language_score: float
    language_review: bool
    reply_in: ReplyLanguage
    needs_welsh_reply: bool
    offensive: float
    labels: list[LabelSeen]
    needs_response: float
    severity: Severity
    silent: list[str] = Field(default=[], description="Classifiers that could not be asked.")


Checked.model_rebuild()
