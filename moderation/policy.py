"""What a public body decided, read once from its policy pack.

Values only: routing.py, deadlines.py, escalation.py and the guard use them.  A pack may extend
another; it then says only what differs.  Tables are joined key by key, a list replaces the whole
list of the pack below.  A figure says where it comes from: the body's published `policy`, or `ours`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, datetime, time
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError, create_model, model_validator
from pydantic_core import PydanticCustomError

from moderation import service_areas
from moderation.calendar import CLOSURE, Calendar, Holiday
from moderation.deadlines import LONDON
from moderation.word_rules import WordRules, Words
from toml_file import (
    Bilingual,
    FileError,
    Key,
    Problem,
    Record,
    Text,
    TomlFile,
    did_you_mean,
    nearest,
    problems_of,
    read,
)
from vocabulary import Label, Language, Platform, Question, Recommended, ReplyLanguage, Role, Severity

PACKS = Path(__file__).parent.parent / "config" / "policies"

# In a rule: the service area of the account that was written to.
DEFAULT = "default"


class PolicyError(FileError):
    """A pack says something we cannot honour; nothing is started until it is mended."""


class Source(StrEnum):
    """Who says so: the body's published policy, or we, where it is silent."""

    POLICY = "policy"
    OURS = "ours"


class Sourced(Record):
    """A decision with its source; one of the body's policy cites the section."""

    source: Source
    """`policy` or `ours`."""
    cites: str = ""
    """The section of the policy; needed when it is the source."""

    @model_validator(mode="after")
    def _cited(self) -> Sourced:
        if self.source is Source.POLICY and not self.cites:
            raise PydanticCustomError("uncited", 'comes from the policy, so it needs cites = "..." (the section)')
        return self


class Figure(Sourced):
    """A number of working days."""

    value: Annotated[int, Field(ge=0, strict=True)]
    """Whole working days."""


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


Address = Annotated[str, StringConstraints(pattern=r"^https://[^\s/]+/\S*$")]


class Choice(Bilingual):
    """Something to pick from a list: a slug and its two names."""

    slug: Slug
    """Its name in records and reports; never changed once used."""


class ComplaintStage(Choice, Sourced):
    """One stage of the complaints procedure, with a clock of its own."""

    answer_days: Annotated[int, Field(ge=1, strict=True)]
    """Working days in which to answer at this stage."""


class Response(Record):
    """The answer clock.  `deemed_next_working_day` gives a weekend's comment one day more."""

    answer_days: Figure
    """Working days in which to answer; 1 or more."""
    acknowledge_days: Figure
    """Working days in which to acknowledge; 0 is the same day."""
    deemed_next_working_day: bool = False
    """Whether what comes on a day off counts as coming on the next working day."""
    complaint_stages: Annotated[tuple[ComplaintStage, ...], Field(min_length=1)] = Field(alias="complaint_stage")
    """The stages that a complaint may go through, the first first."""

    def complaint_days(self, stage: str) -> int:
        """The working days of a stage; of the first where there is none of that name."""
        days = {each.slug: each.answer_days for each in self.complaint_stages}
        return days.get(stage, self.complaint_stages[0].answer_days)

    @model_validator(mode="after")
    def _in_order(self) -> Response:
        if self.answer_days.value < 1:
            raise PydanticCustomError("no_days", "answer_days must be 1 or more")
        if self.acknowledge_days.value > self.answer_days.value:
            raise PydanticCustomError("order", "acknowledge_days must not be more than answer_days")
        return self


class Hours(Sourced):
    """When the body works, in London time; nobody is told anything outside."""

    opens: Annotated[time, Field(strict=True)]
    """Such as 08:45:00."""
    closes: Annotated[time, Field(strict=True)]
    """Such as 17:15:00, of the same day."""

    @model_validator(mode="after")
    def _a_day(self) -> Hours:
        if self.opens >= self.closes:
            raise PydanticCustomError("order", "opens must be earlier than closes")
        return self

    def are_on(self, now: datetime, calendar: Calendar) -> bool:
        """Whether `now` (with zone) falls within working hours of a working day."""
        local = now.astimezone(LONDON)
        return self.opens <= local.time() < self.closes and calendar.is_working_day(local.date())


class Pauses(Sourced):
    """Which clocks stand still while the person who asked must say more.

    Those of the law do, whatever a pack says: until a request is clear it cannot be answered (Freedom of
    Information Act 2000, section 1(3); UK GDPR, recital 63).
    """

    clocks: tuple[Literal["answer", "complaint"], ...] = ()
    """`answer`, `complaint`, both or neither."""


class Closure(Record):
    """A day on which the body is closed and the answer clock stands still."""

    day: Annotated[date, Field(strict=True)]
    """Such as 2026-12-29."""
    title: Bilingual
    """What the day is called."""


class ReplyRule(Sourced):
    """The language of a reply to English: that of the contact, or both.  Welsh always gets Welsh."""

    value: Literal["same-as-contact", "bilingual"]
    """`same-as-contact` answers English in English, `bilingual` in both."""

    @property
    def to_english(self) -> ReplyLanguage:
        return ReplyLanguage.BOTH if self.value == "bilingual" else ReplyLanguage.EN


Score = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, strict=True)]


class PerLabel(Record):
    """One value for every label; a missing or unknown label is an error."""

    def __getitem__(self, about: Label | Question) -> Any:
        return getattr(self, about.value)


if TYPE_CHECKING:

    class Thresholds(PerLabel):
        needs_response: float
        service_area: float

        def __getitem__(self, about: Label | Question) -> float: ...

    class WelshThresholds(PerLabel):
        needs_response: float | None = None
        service_area: float | None = None

        def __getitem__(self, about: Label | Question) -> float | None: ...

    class Severities(PerLabel):
        def __getitem__(self, about: Label | Question) -> Severity: ...

else:
    Thresholds = create_model(
        "Thresholds",
        __base__=PerLabel,
        __doc__="The score from which a finding counts.",
        needs_response=(Score, 0.5),
        service_area=(Score, 0.6),
        **{label.value: (Score, ...) for label in Label},
    )
    WelshThresholds = create_model(
        "WelshThresholds",
        __base__=PerLabel,
        __doc__="The score from which a finding about a comment with Welsh in it counts, where it is not the same.",
        needs_response=(Score | None, None),
        service_area=(Score | None, None),
        **{label.value: (Score | None, None) for label in Label},
    )
    Severities = create_model(
        "Severities",
        __base__=PerLabel,
        __doc__="How soon a person should look, by label.",
        **{label.value: (Severity, ...) for label in Label},
    )


class RouteRule(Record):
    """Where a comment goes when every condition given holds; within one condition any will do."""

    when: tuple[Label, ...] = ()
    """Labels, any one of them flagged."""
    mentions: Words = Words()
    """Welsh words in the radical form and English words, any one of them in the comment."""
    accounts: tuple[Text, ...] = ()
    """Slugs of our accounts, any one of them written to."""
    to: Text
    """The slug of a service area, or `default`: the account's own."""
    because: Bilingual
    """Why, as an officer reads it."""

    @property
    def conditional(self) -> bool:
        return bool(self.when or self.mentions or self.accounts)


class Outcome(Choice):
    """How a case may end.  `answers`: the author got an answer.  `reasons` are offered beside free words."""

    answers: bool
    """Whether the author got an answer."""
    reasons: tuple[Choice, ...] = ()
    """Reasons offered beside free words."""


class Whom(StrEnum):
    """Who is told: the officer who owns the case, all of its area, or everyone with a role."""

    OWNER = "owner"
    AREA = "area"
    COMMUNICATIONS = Role.COMMUNICATIONS.value
    TRANSLATOR = Role.TRANSLATOR.value
    SAFEGUARDING = Role.SAFEGUARDING.value
    LEGAL = Role.LEGAL.value
    SENIOR = Role.SENIOR.value
    AUDITOR = Role.AUDITOR.value
    ADMINISTRATOR = Role.ADMINISTRATOR.value


# A date to watch: that of the acknowledgement, or of the answer under each clock, or by which a removal is decided.
Watched = Literal["acknowledgement", "answer", "foi", "sar", "complaint", "incident", "removal"]


class EscalateRule(Record):
    """Whom to tell, and on what: days left, days late, nobody looking, a severity reached or a label flagged.

    Exactly one of these; a rule on nobody looking may say from which severity besides.
    """

    slug: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
    """Its name in records; a rule that changes its slug tells everything anew."""
    clocks: tuple[Watched, ...] = ("answer", "foi", "sar", "complaint")
    """Which dates a rule by date watches."""
    due_in_working_days: Annotated[int, Field(ge=0, strict=True)] | None = None
    """Holds when so many working days or fewer are left; 0 is today."""
    overdue_working_days: Annotated[int, Field(ge=1, strict=True)] | None = None
    """Holds when it is so many working days late or more."""
    unopened_working_hours: Annotated[int, Field(ge=1, strict=True)] | None = None
    """Holds when nobody has opened the case for so many working hours since somebody was told of it."""
    severity: Severity | None = None
    """Holds from this severity up."""
    labels: tuple[Label, ...] = ()
    """Holds when one of these is flagged."""
    tell: Annotated[tuple[Whom, ...], Field(min_length=1)]
    """Who hears of it."""
    at_night: bool = False
    """Whether it may be told outside working hours; for severity and labels only."""
    because: Bilingual
    """Why, as whoever is told reads it."""

    @model_validator(mode="after")
    def _one_trigger(self) -> EscalateRule:
        unopened = self.unopened_working_hours
        given = [self.due_in_working_days, self.overdue_working_days, unopened, self.labels or None]
        if sum(trigger is not None for trigger in given) + (self.severity is not None and unopened is None) != 1:
            raise PydanticCustomError(
                "trigger",
                "needs exactly one of due_in_working_days, overdue_working_days, unopened_working_hours, severity, "
                "labels",
            )
        if self.at_night and (self.by_date or unopened is not None):
            raise PydanticCustomError("night", "at_night is for severity and labels; a date can wait until morning")
        return self

    @property
    def by_date(self) -> bool:
        return self.due_in_working_days is not None or self.overdue_working_days is not None


class Duty(Bilingual, Sourced):
    """Something that has to be done about an account, a person or the body, besides answering."""

    on: Literal["account", "person", "body"]
    """What it is done about."""
    by: Annotated[tuple[Role, ...], Field(min_length=1)]
    """Who records it."""
    asks: tuple[Bilingual, ...] = ()
    """What is to be looked at and answered with yes or no."""
    after: tuple[Text, ...] = ()
    """Duties that must have been recorded before."""
    every_months: Annotated[int, Field(ge=1, strict=True)] | None = None
    """How often it is done again."""
    every_working_days: Annotated[int, Field(ge=1, strict=True)] | None = None
    """How often it is done again, for what is done within weeks."""
    of_holders: bool = False
    """Whether everybody who holds access to an account owes it, from the day they hold it; for one on a person."""

    @model_validator(mode="after")
    def _of_people(self) -> Duty:
        if self.of_holders and self.on != "person":
            raise PydanticCustomError("holders", 'of_holders is for a duty on = "person"')
        return self


class Posting(Sourced):
    """How an account is kept alive."""

    times_a_week: Annotated[int, Field(ge=0, strict=True)]
    """Posts a week at least; 0 asks for none."""
    bilingual: bool
    """Whether every post has Welsh in it."""
    stale_after_days: Annotated[int, Field(ge=1, strict=True)]
    """Days without a post after which an account counts as left alone."""


class IncidentKind(Choice):
    """Something that has to be acted on at once, and by a person."""

    labels: tuple[Label, ...] = ()
    """Labels that point to it: its steps are then shown on the case."""
    steps: Annotated[tuple[Bilingual, ...], Field(min_length=1)]
    """What to do now, in order."""
    options: tuple[Choice, ...] = ()
    """One of these must be chosen, such as the strand of a hate crime."""
    due_in_working_days: Annotated[int, Field(ge=0, strict=True)] | None = None
    """By when it must have been acted on; 0 is the same day."""
    tell: Annotated[tuple[Whom, ...], Field(min_length=1)]
    """Who hears of it at once."""
    restricts: bool = False
    """Whether its case is opened only with a purpose from then on."""
    bundle: bool = False
    """Whether the evidence is offered as a bundle to hand over."""


class Restricted(Sourced):
    """Cases that are opened only with a purpose, by those whose role needs them."""

    labels: tuple[Label, ...] = ()
    """Labels that restrict a case as soon as they are seen in it."""


class Notices(Sourced):
    """How often a member of staff is written to."""

    gather_minutes: Annotated[int, Field(ge=0, strict=True)]
    """At most one message to one person in so many minutes, with everything in it; what is urgent does not wait."""


class SeniorDigest(Sourced):
    """The message of each working day with what was flagged for senior management, is urgent, or is late."""

    sent_at: Annotated[time, Field(strict=True)]
    """When it leaves, in London time and within working hours, such as 09:00:00."""
    tell: Annotated[tuple[Whom, ...], Field(min_length=1)]
    """Who gets it: those of these roles; `owner` and `area` are nobody here."""

    @model_validator(mode="after")
    def _roles_only(self) -> SeniorDigest:
        if {Whom.OWNER, Whom.AREA}.intersection(self.tell):
            raise PydanticCustomError("nobody", "the digest is about every case: it goes to roles only")
        return self


class RegisterDigest(Sourced):
    """The message about what is late in the account register: to whoever holds access to the account, and up."""

    every: Literal["day", "week"]
    """Each working day, or on the first working day of each week; never a message for each duty."""
    sent_at: Annotated[time, Field(strict=True)]
    """When it leaves, in London time and within working hours, such as 09:00:00."""
    communications_after: Annotated[int, Field(ge=0, strict=True)]
    """Working days late after which communications hear of it too; at once where no holder can be told or do it."""


class Approver(StrEnum):
    COMMUNICATIONS = "communications"
    LEGAL = "legal"


class Removal(Sourced):
    """Who must agree, every one of them, before a comment is taken down; whether its author is told why."""

    approvers: Annotated[tuple[Approver, ...], Field(min_length=1)]
    """Every one of these must agree; nobody agrees to what they asked for, or in two roles."""
    tell_author: bool
    """Whether the author is told why."""
    offer_statement: bool
    """Whether a public statement is offered beside it."""
    hide_first_from: Severity
    """How serious what was seen must be for a comment to be hidden before they agree; `none`: anything seen will do."""
    decide_within: Figure
    """Working days in which what was hidden first is decided: those who must agree say yes or no."""
    appeal_days: Figure
    """Working days in which an appeal is decided."""


NO_GROUND = frozenset(
    {Label.NEGATIVE, Label.COMPLAINT, Label.POLITICAL, Label.FOI_REQUEST, Label.SUBJECT_ACCESS, Label.VEXATIOUS}
)
"""What no rule may take a comment down for: criticism, a request that the law protects, and conduct over time."""
TAKING_DOWN = frozenset({Recommended.HIDE, Recommended.REMOVE})


class HouseRule(Choice, Sourced):
    """A rule for the public, the labels that point to it, and what is recommended when it is broken."""

    labels: tuple[Label, ...] = ()
    """A finding of one of these points to the rule; without any, only a person can say that it is broken."""
    score: Score | None = None
    """The score from which a finding points to it, where it is not the threshold of its label."""
    removable: bool
    """Whether a comment may be taken down for it; never for criticism."""
    acts: Annotated[tuple[Recommended, ...], Field(min_length=1)]
    """What is recommended, the first thing first."""

    @model_validator(mode="after")
    def _spares_criticism(self) -> HouseRule:
        protected = [label.value for label in self.labels if label in NO_GROUND]
        if self.removable and protected:
            raise PydanticCustomError("criticism", "no comment is taken down for {label}", {"label": protected[0]})
        down = [act.value for act in self.acts if act in TAKING_DOWN]
        if not self.removable and down:
            raise PydanticCustomError("kept", "is not removable, so it cannot recommend {act}", {"act": down[0]})
        return self


class MachineRule(Sourced):
    """Whether a text that a machine translated may ever leave: `never`, or in `immediate_danger` with a reason."""

    value: Literal["never", "immediate_danger"]
    """`never` or `immediate_danger`."""


class Translation(Record):
    """What goes to the translators: by when it is back, and whether a machine may ever stand in for them."""

    days: Figure
    """Working days in which the translators hand in; 0 is the same day.  Never later than the answer is due."""
    machine: MachineRule
    """Whether a text that a machine translated may leave unchecked; it comes back to the translators afterwards."""


class ReplyContents(Sourced):
    """What must stand in every reply besides its answer."""

    reference: bool
    """Whether it must carry the reference number of the case."""
    department: bool
    """Whether it must name the service area, where the comment was passed to another than the account's own."""


class Approval(Sourced):
    """Which replies a second person must approve before they leave; nobody approves their own."""

    always: bool = False
    """Whether every reply needs it."""
    labels: tuple[Label, ...] = ()
    """Needed where one of these is flagged on the case."""
    pre_election: bool = False
    """Whether every reply needs it in a pre-election period."""


class PreElection(Record):
    """A period before an election, in which we take more care; both days belong to it."""

    begins: Annotated[date, Field(strict=True)]
    """The first day, such as 2027-03-22."""
    ends: Annotated[date, Field(strict=True)]
    """The last day: that of the poll."""
    title: Bilingual
    """Which election it is."""

    @model_validator(mode="after")
    def _in_order(self) -> PreElection:
        if self.ends < self.begins:
            raise PydanticCustomError("order", "ends must not be earlier than begins")
        return self


class Political(Record):
    """How the account of a politician or a party is known: by words in its author's name."""

    names: Words = Words()
    """Welsh words in the radical form and English words, any one of them in the name."""


class Count(Sourced):
    """A whole number, 1 or more."""

    value: Annotated[int, Field(ge=1, strict=True)]
    """1 or more."""


class Named(Sourced):
    """Somebody or something, by its name in both languages."""

    called: Bilingual
    """What it is called."""


class Viewing(Record):
    """Looking at everything that one person has said to us: when a purpose is asked for, and who may allow more.

    The openings of one author's page by one member of staff are counted.
    """

    purpose_from: Count
    """The opening from which a purpose must be given; 1 is the first."""
    within_days: Count
    """Over how many days openings are counted."""
    authoriser: Named
    """Whom to ask before looking again and again."""


class Restriction(Choice):
    """How somebody's contact may be limited.  None of them stops what they send from being read."""


class ConductRule(Record):
    """A review of somebody's conduct: what it rests on, when a decision is looked at again, what is written to them.

    `{reference}` and `{basis}` are filled in, and in the decision `{restrictions}`, `{how}` and `{review_on}` too.
    """

    basis: Named
    """The policy on unreasonable contact."""
    review_months: Count
    """Within how many months a decision is looked at again."""
    warning: Bilingual
    """The letter that comes before any decision."""
    decision: Bilingual
    """The letter that tells of a decision."""


PLACEHOLDER = re.compile(r"\{[^{}\n]*\}")


class Signposting(Record):
    """What is written to whoever is to be answered by others: another service area of ours, or another body.

    Welsh cannot mutate what is filled in, so write around it: `Maes gwasanaeth: {area}`.
    """

    handed_over: Bilingual
    """Their case went to another service area; `{area}`, its `{contact}` and their `{reference}` are filled in."""
    elsewhere: Bilingual
    """It is not ours; the `{body}` that can help, its `{contact}` and their `{reference}` with us are filled in."""

    @model_validator(mode="after")
    def _says_where(self) -> Signposting:
        for key, name, pair in (("handed_over", "{area}", self.handed_over), ("elsewhere", "{body}", self.elsewhere)):
            for language in ("cy", "en"):
                found, where = set(PLACEHOLDER.findall(pair.say(language))), {"where": f"{key}.{language}"}
                for missing in sorted({name, "{contact}"} - found):
                    raise PydanticCustomError("unsaid", "{where} must have {what} in it", where | {"what": missing})
                for unknown in sorted(found - {name, "{contact}", "{reference}"}):
                    raise PydanticCustomError("unfilled", "{where}: nothing fills {what}", where | {"what": unknown})
        return self


class Signpost(Bilingual):
    """Another body, to which people are pointed; what suggests it decides nothing.

    A pack adds to those of the pack below, and writes the slug of one again to change it.
    """

    contact: Bilingual
    """How people reach it, in a sentence or two."""
    labels: tuple[Label, ...] = ()
    """Labels that suggest it, any one of them flagged."""
    words: Words = Words()
    """Welsh words in the radical form and English words that suggest it, any one of them in the comment."""
    offered: bool = True
    """Whether it is offered; false leaves out one of the pack below."""


class Keeps(StrEnum):
    """What a retention class may be about: how a case ended, what was in it, or the trail of who did what."""

    ANSWERED = "answered"
    NO_REPLY = "no_reply"
    REMOVAL = "removal"
    FOI = "foi"
    SUBJECT_ACCESS = "subject_access"
    COMPLAINT = "complaint"
    CONDUCT_REVIEW = "conduct_review"
    AUDIT_TRAIL = "audit_trail"


class CountedFrom(StrEnum):
    """The day from which a record is kept: that on which its case closed, or on which the thing itself was decided."""

    CLOSING = "closing"
    DECISION = "decision"


class RetentionClass(Bilingual, Sourced):
    """How long records of one kind are kept; of the classes that hold for a case, the longest counts."""

    about: tuple[Keeps, ...] = ()
    """What it is about, any one of them."""
    incidents: tuple[Text, ...] = ()
    """Slugs of incidents that it is about, any one of them recorded."""
    days: Annotated[int, Field(ge=1, strict=True)] | None = None
    """How long; exactly one of `days`, `months` and `years`."""
    months: Annotated[int, Field(ge=1, strict=True)] | None = None
    """The same, in months."""
    years: Annotated[int, Field(ge=1, le=100, strict=True)] | None = None
    """The same, in years."""
    counted_from: CountedFrom
    """`closing` of the case, or the `decision` that ended what it is about: of the trail, the day of the entry."""
    because: Bilingual
    """Where the rule comes from, in a line."""

    @model_validator(mode="after")
    def _one_length(self) -> RetentionClass:
        if sum(length is not None for length in (self.days, self.months, self.years)) != 1:
            raise PydanticCustomError("length", "needs exactly one of days, months, years")
        if not self.about and not self.incidents:
            raise PydanticCustomError("nothing", "is about nothing: name it in about or incidents")
        return self


class Document(Record):
    """A published document that the pack carries out."""

    title: Bilingual
    """What it is called."""
    year: int
    """When it was adopted."""


class Policy(Record):
    """One pack, with what it extends already joined in."""

    name: str
    digest: str
    title: Bilingual
    version: Text
    """Changed by whoever changes the pack; every case keeps it."""
    extends: str = ""
    """The pack whose values stand where this one is silent."""
    sources: tuple[Document, ...] = Field(default=(), alias="source")
    response: Response
    pauses: Pauses
    hours: Hours
    closures: tuple[Closure, ...] = Field(default=(), alias="closure")
    reply_language: ReplyRule
    thresholds: Thresholds
    welsh_thresholds: WelshThresholds = WelshThresholds()
    severity: Severities
    routes: Annotated[tuple[RouteRule, ...], Field(min_length=1)] = Field(alias="route")
    outcomes: Annotated[tuple[Outcome, ...], Field(min_length=1)] = Field(alias="outcome")
    escalations: tuple[EscalateRule, ...] = Field(default=(), alias="escalate")
    removal: Removal
    restricted: Restricted
    posting: Posting
    duties: Mapping[Text, Duty] = Field(default_factory=dict, alias="duty")
    incidents: tuple[IncidentKind, ...] = Field(default=(), alias="incident")
    house_rules: Annotated[tuple[HouseRule, ...], Field(min_length=1)] = Field(alias="house_rule")
    notices: Notices
    senior_digest: SeniorDigest
    register_digest: RegisterDigest
    viewing: Viewing
    conduct: ConductRule
    restrictions: Annotated[tuple[Restriction, ...], Field(min_length=1)] = Field(alias="restriction")
    translation: Translation
    reply_contents: ReplyContents
    approval: Approval
    pre_elections: tuple[PreElection, ...] = Field(default=(), alias="pre_election")
    political: Political = Political()
    signposting: Signposting
    signposts: Mapping[Slug, Signpost] = Field(default_factory=dict, alias="signpost")
    retention: Mapping[Slug, RetentionClass]
    report_pages: Mapping[Platform, Address] = Field(default_factory=dict)
    """By platform, its own page on how a comment is reported to it; for rules that recommend it."""

    @model_validator(mode="after")
    def _digests_by_day(self) -> Policy:
        for name, digest in (("senior_digest", self.senior_digest), ("register_digest", self.register_digest)):
            if not self.hours.opens <= digest.sent_at < self.hours.closes:
                raise PydanticCustomError("night", "{name}.sent_at must lie within the working hours", {"name": name})
        return self

    @model_validator(mode="after")
    def _keeps_everything(self) -> Policy:
        kept = {about for each in self.retention.values() for about in each.about}
        if missing := [about for about in (Keeps.ANSWERED, Keeps.NO_REPLY, Keeps.AUDIT_TRAIL) if about not in kept]:
            raise PydanticCustomError("unkept", "no retention class is about {about}", {"about": missing[0].value})
        return self

    def threshold(self, about: Label | Question, language: Language) -> float:
        """The score from which a finding counts, about a comment in `language`."""
        welsh = self.welsh_thresholds[about] if language.has_welsh else None
        return self.thresholds[about] if welsh is None else welsh

    @cached_property
    def mentions(self) -> WordRules[int]:
        """The words of the route rules, compiled once; a key is a rule's place in `routes`."""
        return WordRules({place: rule.mentions for place, rule in enumerate(self.routes)})

    @cached_property
    def political_names(self) -> WordRules[bool]:
        """The words by which a political account is known, compiled once."""
        return WordRules({True: self.political.names})

    def pre_election_on(self, day: date) -> PreElection | None:
        """The pre-election period that this day falls in, if any."""
        return next((each for each in self.pre_elections if each.begins <= day <= each.ends), None)

    @cached_property
    def signpost_words(self) -> WordRules[str]:
        """The words that suggest a signpost, compiled once; a key is its slug."""
        return WordRules({slug: each.words for slug, each in self.offered_signposts.items()})

    @property
    def offered_signposts(self) -> Mapping[str, Signpost]:
        """The other bodies to which people may be pointed, in the order of the packs."""
        return {slug: each for slug, each in self.signposts.items() if each.offered}

    @property
    def contacts(self) -> list[str]:
        """How people reach those other bodies, in both languages: what anybody may repeat."""
        return [text for each in self.signposts.values() for text in (each.contact.cy, each.contact.en)]

    @property
    def closure_days(self) -> tuple[Holiday, ...]:
        """The closures, as rows for `calendar.calendars`."""
        return tuple(Holiday(c.day, CLOSURE, c.title.en, c.title.cy, self.name) for c in self.closures)

    def incident(self, slug: str) -> IncidentKind | None:
        return next((kind for kind in self.incidents if kind.slug == slug), None)

    def outcome(self, slug: str) -> Outcome | None:
        return next((outcome for outcome in self.outcomes if outcome.slug == slug), None)

    def house_rule(self, slug: str) -> HouseRule | None:
        return next((rule for rule in self.house_rules if rule.slug == slug), None)

    def restriction(self, slug: str) -> Restriction | None:
        return next((restriction for restriction in self.restrictions if restriction.slug == slug), None)


def load(name_or_path: str | Path, *, areas: Collection[str] | None = None, folder: Path = PACKS) -> Policy:
    """A pack by its name in `folder`, or from a path.  `areas` are the known service areas; None reads ours.

    Raises:
        PolicyError: every problem at once, in the pack and in those it extends.
        AreasError: the file of service areas is at fault.
    """
    known = service_areas.load().slugs if areas is None else areas
    path = _path_of(name_or_path, folder)
    try:
        files = tuple(_chain(path, folder))
    except FileError as error:
        raise PolicyError(error.problems) from None
    files = tuple(_as_seen(files))
    values = joined(files)
    problems = list(_faults(values, files, known))
    policy = None
    try:
        policy = Policy.model_validate({**values, "name": path.stem, "digest": _digest(values)})
    except ValidationError as error:
        problems += problems_of(error, files, Policy)
    if problems or policy is None:
        raise PolicyError(problems)
    return policy


def names(folder: Path = PACKS) -> tuple[str, ...]:
    """The packs to choose from."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def policy_version(policy: Policy) -> str:
    """`powys 2026-11 3f2a9c1b`: what a case keeps, so that June can be explained in December."""
    return f"{policy.name} {policy.version} {policy.digest}"


def joined(files: Collection[TomlFile]) -> dict[str, Any]:
    """The values of a pack over those it extends; the pack itself comes first."""
    values: dict[str, Any] = {}
    for file in reversed(list(files)):
        values = _over(values, file.values)
    return values


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    together = {**below, **above}
    for key in below.keys() & above.keys():
        if isinstance(below[key], Mapping) and isinstance(above[key], Mapping):
            together[key] = _over(below[key], above[key])
    return together


def _as_seen(files: Collection[TomlFile]) -> Iterator[TomlFile]:
    """The files without the lines of lists that a pack above replaces, so that no problem is laid there."""
    replaced: set[str | int] = set()
    for file in files:
        yield dataclasses.replace(file, lines={key: line for key, line in file.lines.items() if key[0] not in replaced})
        replaced |= {key for key, value in file.values.items() if isinstance(value, list)}


def _path_of(name_or_path: str | Path, folder: Path) -> Path:
    """A bare name is looked up among the packs; anything with a folder or an ending is a path."""
    path = Path(name_or_path)
    if isinstance(name_or_path, str) and path.name == name_or_path and path.suffix != ".toml":
        path = folder / f"{name_or_path}.toml"
        if not path.exists():
            known = names(folder)
            reason = f"there is no such policy pack{did_you_mean(name_or_path, known)}; there are {', '.join(known)}"
            raise PolicyError([Problem(path.name, None, "", reason)])
    return path


def _chain(path: Path, folder: Path) -> Iterator[TomlFile]:
    """The pack, what it extends, what that extends, and so on."""
    seen: list[Path] = []
    while True:
        file = read(path)
        seen.append(path.resolve())
        yield file
        below = file.values.get("extends", "")
        if not below or not isinstance(below, str):
            return
        candidates = (path.parent / f"{below}.toml", folder / f"{below}.toml")
        path = next((candidate for candidate in candidates if candidate.exists()), candidates[0])
        if path.resolve() in seen:
            raise FileError([file.problem(("extends",), f"{below} extends this pack in its turn")])
        if not path.exists():
            hint = did_you_mean(below, names(folder))
            raise FileError([file.problem(("extends",), f"there is no pack named {below}{hint}")])


def _faults(values: Mapping[str, Any], files: Collection[TomlFile], areas: Collection[str]) -> Iterator[Problem]:
    """What is wrong between keys.  The values are not yet known to have the right shape."""

    def problem(key: Key, reason: str) -> Problem:
        return nearest(files, key).problem(key, reason)

    for own in ("name", "digest"):
        if own in values:
            yield problem((own,), "is not a key we know; a pack is named by its file")
    routes = _tables(values, "route")
    for place, rule in routes:
        to = rule.get("to")
        if isinstance(to, str) and to not in areas and to != DEFAULT:
            hint = did_you_mean(to, [*areas, DEFAULT])
            yield problem(("route", place, "to"), f"there is no service area {to}{hint}")
        conditional = any(rule.get(condition) for condition in ("when", "mentions", "accounts"))
        last = place == routes[-1][0]
        if last and conditional:
            yield problem(("route", place), "the last route must have no condition, so that nothing is lost")
        if not last and not conditional:
            yield problem(("route", place), "has no condition, so the routes after it are never reached")
    yield from _duty_faults(values.get("duty"), problem)
    yield from _retention_faults(values, problem)
    for table in ("outcome", "escalate", "incident", "restriction", "house_rule"):
        first: dict[Any, int] = {}
        for place, entry in _tables(values, table):
            slug = entry.get("slug")
            if isinstance(slug, str) and first.setdefault(slug, place) != place:
                yield problem((table, place, "slug"), f"{slug} is already {table}[{first[slug] + 1}]")


def _duty_faults(duties: object, problem: Callable[[Key, str], Problem]) -> Iterator[Problem]:
    """Duties that wait for one that nobody has."""
    if not isinstance(duties, Mapping):
        return
    for slug, duty in duties.items():
        before = duty.get("after", ()) if isinstance(duty, Mapping) else ()
        for unknown in (str(each) for each in before if each not in duties):
            hint = did_you_mean(unknown, list(duties))
            yield problem(("duty", slug, "after"), f"there is no duty {unknown}{hint}")


def _retention_faults(values: Mapping[str, Any], problem: Callable[[Key, str], Problem]) -> Iterator[Problem]:
    """Classes about incidents that the pack does not have."""
    known = [str(entry.get("slug")) for _, entry in _tables(values, "incident")]
    classes = values.get("retention")
    for slug, each in classes.items() if isinstance(classes, Mapping) else ():
        about = each.get("incidents", ()) if isinstance(each, Mapping) else ()
        for place, incident in enumerate(about) if isinstance(about, list) else ():
            if incident not in known:
                hint = did_you_mean(str(incident), known)
                yield problem(("retention", slug, "incidents", place), f"there is no incident {incident}{hint}")


def _tables(values: Mapping[str, Any], key: str) -> list[tuple[int, Mapping[str, Any]]]:
    entries = values.get(key)
    return [(n, e) for n, e in enumerate(entries) if isinstance(e, Mapping)] if isinstance(entries, list) else []


def _digest(values: Mapping[str, Any]) -> str:
    """Eight hexadecimal digits of everything the pack says, in whatever order it says it."""
    return hashlib.sha256(repr(_sorted(values)).encode()).hexdigest()[:8]


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return [(key, _sorted(value[key])) for key in sorted(value)]
    if isinstance(value, list):
        return [_sorted(entry) for entry in value]
    return value
