"""What people call the values of vocabulary.py: English here, Welsh in cy.po."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from vocabulary import (
    Act,
    Clock,
    Label,
    Language,
    Note,
    Origin,
    Platform,
    Presence,
    Question,
    ReplyKind,
    ReplyLanguage,
    ReplyState,
    Role,
    Severity,
    State,
)


def N_(message: str) -> str:  # noqa: N802  (gettext's own name for "translated later")
    """Marks a message for extraction; it is translated where it is shown."""
    return message


NAMES: Final[Mapping[type[StrEnum], Mapping[StrEnum, str]]] = {
    Platform: {
        Platform.X: N_("X"),
        Platform.FACEBOOK: N_("Facebook"),
        Platform.INSTAGRAM: N_("Instagram"),
        Platform.YOUTUBE: N_("YouTube"),
        Platform.LINKEDIN: N_("LinkedIn"),
        Platform.TIKTOK: N_("TikTok"),
        Platform.THREADS: N_("Threads"),
        Platform.BLUESKY: N_("Bluesky"),
        Platform.MASTODON: N_("Mastodon"),
        Platform.WORDPRESS: N_("WordPress"),
        Platform.FLICKR: N_("Flickr"),
        Platform.VIMEO: N_("Vimeo"),
        Platform.SNAPCHAT: N_("Snapchat"),
        Platform.PINTEREST: N_("Pinterest"),
        Platform.WHATSAPP: N_("WhatsApp"),
        Platform.OTHER: N_("another platform"),
    },
    Origin: {
        Origin.ADDRESSED: N_("written to us"),
        Origin.PRIVATE: N_("private message"),
        Origin.SEARCH: N_("found by a search"),
        Origin.MANUAL: N_("entered by hand"),
    },
    Language: {
        Language.CY: N_("Welsh"),
        Language.EN: N_("English"),
        Language.MIXED: N_("Welsh and English"),
        Language.OTHER: N_("another language"),
        Language.UND: N_("language not clear"),
    },
    ReplyLanguage: {
        ReplyLanguage.CY: N_("Welsh"),
        ReplyLanguage.EN: N_("English"),
        ReplyLanguage.BOTH: N_("both languages"),
    },
    Label: {
        Label.PROFANITY: N_("swearing"),
        Label.ABUSE: N_("abuse"),
        Label.HATE: N_("hate"),
        Label.THREAT: N_("threat"),
        Label.SEXUAL: N_("sexual content"),
        Label.SELF_HARM: N_("self-harm"),
        Label.SAFEGUARDING: N_("safeguarding"),
        Label.PERSONAL_DATA: N_("personal data"),
        Label.SPAM: N_("spam"),
        Label.REPEATED: N_("repeated comment"),
        Label.IMPERSONATION: N_("impersonation"),
        Label.DEFAMATION_RISK: N_("risk of defamation"),
        Label.VEXATIOUS: N_("conduct that may be vexatious"),
        Label.FOI_REQUEST: N_("freedom of information request"),
        Label.SUBJECT_ACCESS: N_("subject access request"),
        Label.COMPLAINT: N_("complaint"),
        Label.POLITICAL: N_("political"),
        Label.NEGATIVE: N_("negative"),
    },
    Question: {
        Question.LANGUAGE: N_("language of the comment"),
        Question.NEEDS_RESPONSE: N_("needs a response"),
    },
    Severity: {
        Severity.NONE: N_("no severity"),
        Severity.LOW: N_("low severity"),
        Severity.MEDIUM: N_("medium severity"),
        Severity.HIGH: N_("high severity"),
        Severity.URGENT: N_("urgent"),
    },
    Presence: {
        Presence.PRESENT: N_("on the platform"),
        Presence.EDITED: N_("edited by its author"),
        Presence.HIDDEN_BY_US: N_("hidden by us"),
        Presence.DELETED_BY_US: N_("deleted by us"),
        Presence.DELETED_BY_AUTHOR: N_("deleted by its author"),
        Presence.UNAVAILABLE: N_("cannot be seen any more"),
    },
    State: {
        State.RECEIVED: N_("received"),
        State.ASSIGNED: N_("assigned"),
        State.AWAITING_TRANSLATION: N_("awaiting translation"),
        State.AWAITING_AUTHOR: N_("awaiting the author"),
        State.ESCALATED: N_("escalated"),
        State.ANSWERED: N_("answered"),
        State.CLOSED: N_("closed"),
    },
    Act: {
        Act.ASSIGN: N_("Assign"),
        Act.ASK_TRANSLATION: N_("Ask for a translation"),
        Act.TRANSLATED: N_("The translation is ready"),
        Act.ASK_AUTHOR: N_("Wait for the author"),
        Act.AUTHOR_REPLIED: N_("The author has replied"),
        Act.ESCALATE: N_("Escalate"),
        Act.RETURN: N_("Return to the service area"),
        Act.ANSWER: N_("Mark as answered"),
        Act.CLOSE: N_("Close"),
        Act.REOPEN: N_("Reopen"),
    },
    Note: {
        Note.OPENED: N_("case opened"),
        Note.ACKNOWLEDGED: N_("acknowledged"),
        Note.NOTED: N_("note added"),
        Note.HIDDEN: N_("comment hidden"),
        Note.UNHIDDEN: N_("comment shown again"),
        Note.COMMENT_JOINED: N_("further comment joined"),
        Note.COMMENT_EDITED: N_("comment edited by its author"),
        Note.COMMENT_VANISHED: N_("comment no longer on the platform"),
        Note.ANSWER_OWED_CHANGED: N_("answer owed changed"),
        Note.CORRECTED: N_("finding corrected"),
        Note.DUE_RECOMPUTED: N_("deadlines counted again"),
        Note.REPLY_QUEUED: N_("reply put in the outbox"),
        Note.REPLY_UNCERTAIN: N_("reply may or may not have been published"),
        Note.REPLY_FAILED: N_("reply not published"),
        Note.REPLY_GIVEN_UP: N_("reply given up"),
        Note.NATIVE_REPLY_FOUND: N_("reply made on the platform found"),
        Note.TOLD: N_("somebody was told"),
    },
    ReplyKind: {
        ReplyKind.HOLDING: N_("holding reply"),
        ReplyKind.ANSWER: N_("answer"),
    },
    ReplyState: {
        ReplyState.DRAFT: N_("draft"),
        ReplyState.AWAITING_APPROVAL: N_("awaiting approval"),
        ReplyState.APPROVED: N_("waiting to be sent"),
        ReplyState.SENDING: N_("being sent"),
        ReplyState.SENT: N_("sent"),
        ReplyState.UNCERTAIN: N_("not known whether it was published"),
        ReplyState.FAILED_FOR_NOW: N_("failed, to be tried again"),
        ReplyState.FAILED_FOR_GOOD: N_("failed for good"),
    },
    Role: {
        Role.OFFICER: N_("service area officer"),
        Role.COMMUNICATIONS: N_("communications officer"),
        Role.AUDITOR: N_("auditor"),
        Role.ADMINISTRATOR: N_("administrator"),
    },
    Clock: {
        Clock.ANSWER: N_("answer to a comment"),
        Clock.FOI: N_("freedom of information request"),
        Clock.SAR: N_("subject access request"),
    },
}
