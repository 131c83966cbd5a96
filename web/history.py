"""What happened to a case, in plain words.

A sentence says what, and facts below it say the rest as "Label: value": so no name has to be
mutated to stand in the middle of a Welsh sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from moderation import waiting
from moderation.policy import Policy
from store.desk import Happened
from vocabulary import (
    Act,
    Clock,
    Label,
    Language,
    MatterState,
    Note,
    Question,
    ReplyKind,
    ReplyLanguage,
    ReviewAct,
    State,
)
from words import Words
from words.names import N_

SENTENCES: Final[Mapping[str, str]] = {
    Act.ASSIGN: N_("{who} assigned the case."),
    Act.ASK_TRANSLATION: N_("{who} asked for a translation."),
    Act.TRANSLATED: N_("{who} handed in the translation."),
    Act.WITHDRAW_TRANSLATION: N_("{who} withdrew the request for a translation."),
    Act.ASK_AUTHOR: N_("{who} is waiting for the author to say more."),
    Act.AUTHOR_REPLIED: N_("The author replied."),
    Act.ESCALATE: N_("{who} escalated the case."),
    Act.RETURN: N_("{who} returned the case to the service area."),
    Act.ANSWER: N_("The author has the answer."),
    Act.CLOSE: N_("{who} closed the case."),
    Act.REOPEN: N_("{who} reopened the case."),
    Note.OPENED: N_("{who} opened the case."),
    Note.ACKNOWLEDGED: N_("The author had a reply: the acknowledgement clock stopped."),
    Note.NOTED: N_("{who} added a note."),
    Note.HIDDEN: N_("{who} hid a comment on the platform."),
    Note.UNHIDDEN: N_("{who} showed a comment again on the platform."),
    Note.COMMENT_JOINED: N_("A further comment by the same person joined the case."),
    Note.COMMENT_EDITED: N_("The author edited a comment."),
    Note.COMMENT_VANISHED: N_("A comment can no longer be seen on the platform."),
    Note.ANSWER_OWED_CHANGED: N_("{who} changed whether an answer is owed."),
    Note.CORRECTED: N_("{who} corrected a finding."),
    Note.DUE_RECOMPUTED: N_("The deadline was counted again."),
    Note.MATTER: N_("{who} recorded what becomes of a request or complaint."),
    Note.INCIDENT_OPENED: N_("{who} recorded an incident."),
    Note.INCIDENT_ENDED: N_("{who} recorded what was done about an incident."),
    Note.SNOOZED: N_("{who} put the case off."),
    Note.BUNDLED: N_("{who} made a bundle of the evidence."),
    Note.RESTRICTED: N_("{who} restricted the case: it is opened with a purpose."),
    Note.UNRESTRICTED: N_("{who} lifted the restriction of the case."),
    Note.OPENED_WITH_PURPOSE: N_("{who} opened the restricted case."),
    Note.PAUSED: N_("A clock stands still."),
    Note.RESUMED: N_("A clock runs again."),
    Note.PAUSE_STRUCK: N_("{who} struck out a pause."),
    Note.REPLY_QUEUED: N_("{who} sent a reply to the outbox."),
    Note.REPLY_UNCERTAIN: N_("Nobody knows whether a reply was published: a person must look."),
    Note.REPLY_FAILED: N_("The platform did not take a reply: a person must decide."),
    Note.REPLY_GIVEN_UP: N_("{who} decided not to send a reply after all."),
    Note.REPLY_RECORDED: N_("{who} recorded a reply that was given elsewhere."),
    Note.NATIVE_REPLY_FOUND: N_("A reply made on the platform itself was found."),
    Note.TOLD: N_("A reminder was given."),
    Note.REMOVAL_ASKED: N_("{who} asked for a comment to be taken down."),
    Note.REMOVAL_AGREED: N_("{who} agreed that a comment be taken down."),
    Note.REMOVAL_REFUSED: N_("{who} refused: the comment is not taken down."),
    Note.REMOVAL_ENDED: N_("{who} undid a removal."),
    Note.DELETED: N_("{who} deleted a comment on the platform."),
    Note.APPEAL_CAME: N_("{who} recorded an appeal against a removal."),
    Note.APPEAL_DECIDED: N_("{who} decided an appeal against a removal."),
    Note.SENIOR_FLAGGED: N_("{who} flagged the case for senior management."),
    Note.SENIOR_FLAG_ENDED: N_("{who} recorded that senior management need not look at it any more."),
    Note.REPLY_FOR_APPROVAL: N_("{who} wrote a reply, which a colleague must approve."),
    Note.REPLY_APPROVED: N_("{who} approved a reply; it is in the outbox."),
    Note.REPLY_SENT_BACK: N_("{who} sent a reply back to whoever wrote it."),
    Note.SIGNPOSTED: N_("{who} told the author where to turn."),
    Note.TRANSLATION_TAKEN: N_("{who} took up the translation."),
    Note.TRANSLATION_GIVEN_BACK: N_("{who} gave the translation back to the translators."),
    Note.TRANSLATION_HANDED_IN: N_("{who} handed in a translation."),
    Note.TRANSLATION_TO_CHECK: N_("{who} sent a text that a machine had translated; the translators check it."),
    Note.TRANSLATION_CHECKED: N_("{who} checked a text that a machine had translated."),
    Note.LEGAL_HOLD: N_("{who} put a legal hold on the case."),
    Note.LEGAL_HOLD_LIFTED: N_("{who} lifted the legal hold."),
    Note.CONDUCT_REVIEWED: N_("{who} took a step in a review of the author's conduct."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One event as a reader sees it; `words` are an officer's own."""

    at: datetime
    sentence: str
    facts: tuple[str, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells events in one language.  `officers` are names by user id, `area` names a service area."""

    words: Words
    policy: Policy
    area: Callable[[str], str]
    officers: Mapping[int, str]

    def line(self, happened: Happened) -> Line:
        event = happened.event
        sentence = self.words.gettext(SENTENCES[event.what], who=happened.who or "Gwylio")
        return Line(event.at, sentence, tuple(self._facts(event.what, event.detail)), event.words)

    def _facts(self, what: str, detail: Mapping[str, Any]) -> list[str]:
        told = _FACTS.get(what, _COMMON)
        told = {**told, **_EVERYWHERE}
        said = ((told[key][0], told[key][1](self, detail[key])) for key in told if detail.get(key) not in ("", None))
        return [self.words.gettext(message, value=value) for message, value in said if value]

    def yes_or_no(self, value: Any) -> str:
        return self.words.gettext("yes") if value else self.words.gettext("no")

    def day(self, value: Any) -> str:
        return self.words.day(date.fromisoformat(str(value)))

    def moment(self, value: Any) -> str:
        return self.words.moment(datetime.fromisoformat(str(value)))

    def officer(self, value: Any) -> str:
        return self.officers.get(value, str(value)) if isinstance(value, int) else str(value)

    def outcome(self, value: Any) -> str:
        outcome = self.policy.outcome(str(value))
        if outcome is None:
            return str(value)
        return outcome.cy if self.words.language == "cy" else outcome.en

    def whom(self, value: Any) -> str:
        if str(value).startswith("user:"):
            return self.officers.get(int(str(value).removeprefix("user:")), str(value))
        return self.words.gettext(_WHOM[value]) if value in _WHOM else self.area(str(value))

    def rule(self, value: Any) -> str:
        """What a reminder was about: what waits, or the rule whose slug begins its key; empty where that has gone."""
        if kind := waiting.kind_of(str(value)):
            return self.words.gettext(waiting.said(kind))
        slug = str(value).partition("/")[0]
        rules = (rule.because for rule in self.policy.escalations if rule.slug == slug)
        return next((because.say(self.words.language) for because in rules), "")

    def body(self, value: Any) -> str:
        """Another body in the policy's words; its slug where it has gone from the policy."""
        signpost = self.policy.signposts.get(str(value))
        return signpost.say(self.words.language) if signpost else str(value)

    def house_rule(self, value: Any) -> str:
        """A rule for the public in the policy's words; its slug where it has gone from the policy."""
        rule = self.policy.house_rule(str(value))
        return rule.say(self.words.language) if rule else str(value)

    def how(self, value: Any) -> str:
        """How something came about on the platform."""
        return self.words.gettext(HOW[value]) if value in HOW else ""

    def kind(self, value: Any) -> str:
        return self.words.name(ReplyKind(value)) if value in set(ReplyKind) else str(value)

    def about(self, value: Any) -> str:
        known: dict[str, Label | Question] = {str(each): each for each in (*Label, *Question)}
        return self.words.name(known[value]) if value in known else str(value)

    def says(self, value: Any) -> str:
        if value in set(Language):
            return self.words.name(Language(value))
        return self.yes_or_no(value == "yes")

    def incident(self, value: Any) -> str:
        kind = self.policy.incident(str(value))
        return kind.say(self.words.language) if kind else str(value)

    def as_it_is(self, value: Any) -> str:
        return str(value)

    def clock(self, value: Any) -> str:
        return self.words.name(Clock(value)) if value in set(Clock) else str(value)

    def matter(self, value: Any) -> str:
        return self.words.name(MatterState(value)) if value in set(MatterState) else str(value)

    def review_act(self, value: Any) -> str:
        return self.words.name(ReviewAct(value)) if value in set(ReviewAct) else str(value)

    def language(self, value: Any) -> str:
        return self.words.name(ReplyLanguage(value)) if value in set(ReplyLanguage) else str(value)


_WHOM: Final[Mapping[str, str]] = {
    "owner": N_("the officer of the case"),
    "area": N_("the service area"),
    "communications": N_("communications team"),
    "translator": N_("translators"),
    "safeguarding": N_("safeguarding officers"),
    "legal": N_("legal advisers"),
    "senior": N_("senior managers"),
    "auditor": N_("auditors"),
    "administrator": N_("administrators"),
    "waits": N_("whoever it waits for"),
}

HOW: Final[Mapping[str, str]] = {
    "platform": N_("from here"),
    "native": N_("on the platform itself"),
    "gone": N_("the comment had gone already"),
    "found_hidden": N_("it was hidden already"),
    "found_so": N_("it was done already"),
}
"""How what is owed on a platform was done, by the word in an event."""

Fact = tuple[str, Callable[[Teller, Any], str]]

_COMMON: Final[Mapping[str, Fact]] = {
    "area": (N_("Service area: {value}"), lambda teller, value: teller.area(str(value))),
    "owner": (N_("Officer: {value}"), Teller.officer),
    "to": (N_("Escalated to: {value}"), Teller.whom),
    "outcome": (N_("Outcome: {value}"), Teller.outcome),
}
_EVERYWHERE: Final[Mapping[str, Fact]] = {"token": (N_("Through the API, token {value}"), Teller.as_it_is)}
_TRANSLATION: Final[Mapping[str, Fact]] = {
    "to": (N_("Into: {value}"), Teller.says),
    "by": (N_("Back by: {value}"), Teller.moment),
}
_FACTS: Final[Mapping[str, Mapping[str, Fact]]] = {
    Note.OPENED: {
        "area": _COMMON["area"],
        "reply_in": (N_("Reply owed in: {value}"), Teller.language),
        "answer_owed": (N_("Answer owed: {value}"), Teller.yes_or_no),
        "due": (N_("Due: {value}"), Teller.day),
    },
    Note.ACKNOWLEDGED: {"at": (N_("Since: {value}"), Teller.moment)},
    Act.ANSWER: {"at": (N_("Since: {value}"), Teller.moment)},
    Note.ANSWER_OWED_CHANGED: {"to": (N_("Answer owed: {value}"), Teller.yes_or_no)},
    Note.CORRECTED: {
        "about": (N_("About: {value}"), Teller.about),
        "says": (N_("Now: {value}"), Teller.says),
    },
    Note.DUE_RECOMPUTED: {
        "from": (N_("Before: {value}"), Teller.day),
        "to": (N_("Now: {value}"), Teller.day),
    },
    Note.MATTER: {
        "clock": (N_("About: {value}"), Teller.clock),
        "to": (N_("Now: {value}"), Teller.matter),
        "due": (N_("Due: {value}"), Teller.day),
    },
    Note.INCIDENT_OPENED: {
        "kind": (N_("What: {value}"), Teller.incident),
        "due": (N_("Due: {value}"), Teller.day),
    },
    Note.INCIDENT_ENDED: {
        "kind": (N_("What: {value}"), Teller.incident),
        "reference": (N_("Number: {value}"), Teller.as_it_is),
    },
    Note.SNOOZED: {"until": (N_("Until: {value}"), Teller.day)},
    Note.PAUSED: {"began": (N_("Since: {value}"), Teller.day)},
    Note.RESUMED: {"began": (N_("Since: {value}"), Teller.day), "ended": (N_("Until: {value}"), Teller.day)},
    Note.REPLY_QUEUED: {"kind": (N_("Kind: {value}"), Teller.kind)},
    Note.REPLY_FOR_APPROVAL: {"kind": (N_("Kind: {value}"), Teller.kind)},
    Act.ASK_TRANSLATION: _TRANSLATION,
    Act.TRANSLATED: _TRANSLATION,
    Note.TRANSLATION_HANDED_IN: _TRANSLATION,
    Note.TRANSLATION_TO_CHECK: _TRANSLATION,
    Note.TRANSLATION_CHECKED: {**_TRANSLATION, "changed": (N_("Put right: {value}"), Teller.yes_or_no)},
    Note.SIGNPOSTED: {
        "area": _COMMON["area"],
        "body": (N_("To: {value}"), Teller.body),
    },
    Note.REPLY_RECORDED: {
        "kind": (N_("Kind: {value}"), Teller.kind),
        "at": (N_("Given: {value}"), Teller.moment),
    },
    Note.REMOVAL_ASKED: {"rule": (N_("Rule: {value}"), Teller.house_rule)},
    Note.HIDDEN: {"rule": (N_("Rule: {value}"), Teller.house_rule), "how": (N_("How: {value}"), Teller.how)},
    Note.UNHIDDEN: {"how": (N_("How: {value}"), Teller.how)},
    Note.DELETED: {"how": (N_("How: {value}"), Teller.how)},
    Note.APPEAL_CAME: {"due": (N_("To be decided by: {value}"), Teller.day)},
    Note.APPEAL_DECIDED: {"stays": (N_("Stays down: {value}"), Teller.yes_or_no)},
    Note.CONDUCT_REVIEWED: {"act": (N_("Step: {value}"), Teller.review_act)},
    Note.TOLD: {"whom": (N_("To: {value}"), Teller.whom), "key": (N_("About: {value}"), Teller.rule)},
}

STILL: Final = N_("The author must say more; the clock stands still until then.")
STATE_HINTS: Final[Mapping[State, str]] = {
    State.RECEIVED: N_("Nobody has taken it up yet."),
    State.ASSIGNED: N_("The service area has it."),
    State.AWAITING_TRANSLATION: N_("The translators have it; the deadline runs on."),
    State.AWAITING_AUTHOR: N_("The author must say more; the deadline runs on."),
    State.ESCALATED: N_("Communications have it."),
    State.ANSWERED: N_("The author has the answer. Close the case, or wait for them to write again."),
    State.CLOSED: N_("Nobody has to do anything."),
}
