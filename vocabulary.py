"""The nouns that travel between packages, on one page.

Everything that crosses from one package to another is declared here and nowhere else.
The records are frozen: a stage answers with a new record and never edits the one it was
handed.  Standard library only.

Two things the words here make hard to say wrongly.  Welsh is a language owed, not a label,
so it is never listed beside offence.  *Overdue* is computed from a due date, never stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class GwylioError(Exception):
    """Anything this project raises on purpose; the message is written for whoever will read it."""


class Platform(StrEnum):
    """Where a corporate account lives.  A platform without a collector is fed by `gwylio import`."""

    X = "x"
    FACEBOOK = "facebook"
    INSTAGRAM = "instagram"
    YOUTUBE = "youtube"
    LINKEDIN = "linkedin"
    TIKTOK = "tiktok"
    THREADS = "threads"
    BLUESKY = "bluesky"
    MASTODON = "mastodon"
    WORDPRESS = "wordpress"
    FLICKR = "flickr"
    VIMEO = "vimeo"
    SNAPCHAT = "snapchat"
    PINTEREST = "pinterest"
    WHATSAPP = "whatsapp"
    OTHER = "other"


class Origin(StrEnum):
    """How a comment reached us.

    ADDRESSED: written on an account of ours or to it, for all to read.  PRIVATE: a direct message,
    answered in private.  SEARCH: a saved search found it, and nobody asked us anything.  MANUAL: a
    member of staff wrote it down, from a platform without an API, a screenshot or a telephone call.
    """

    ADDRESSED = "addressed"
    PRIVATE = "private"
    SEARCH = "search"
    MANUAL = "manual"


class Language(StrEnum):
    """The language somebody wrote in, as we decided it."""

    CY = "cy"
    EN = "en"
    MIXED = "mixed"
    OTHER = "other"
    UND = "und"

    @property
    def has_welsh(self) -> bool:
        """Whether a reply in Welsh is owed to it, alone or beside English (Welsh Language Standards 58 and 59)."""
        return self in {Language.CY, Language.MIXED}


class ReplyLanguage(StrEnum):
    """The language a reply is owed in."""

    CY = "cy"
    EN = "en"
    BOTH = "both"


class Label(StrEnum):
    """What a classifier may notice in a comment, or in its author's conduct towards us."""

    PROFANITY = "profanity"
    ABUSE = "abuse"
    HATE = "hate"
    THREAT = "threat"
    SEXUAL = "sexual"
    SELF_HARM = "self_harm"
    SAFEGUARDING = "safeguarding"
    PERSONAL_DATA = "personal_data"
    SPAM = "spam"
    REPEATED = "repeated"
    IMPERSONATION = "impersonation"
    DEFAMATION_RISK = "defamation_risk"
    VEXATIOUS = "vexatious"
    FOI_REQUEST = "foi_request"
    SUBJECT_ACCESS = "subject_access"
    COMPLAINT = "complaint"
    POLITICAL = "political"
    NEGATIVE = "negative"


class Question(StrEnum):
    """What a finding answers when it is not about a label."""

    LANGUAGE = "language"
    NEEDS_RESPONSE = "needs_response"
    SERVICE_AREA = "service_area"


class Severity(StrEnum):
    """How soon a person should look, lowest first.  URGENT means today."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def rank(self) -> int:
        """0 for NONE up to 4 for URGENT."""
        return list(Severity).index(self)


class Presence(StrEnum):
    """Whether a comment can still be seen on its platform, and if not, whose doing that was."""

    PRESENT = "present"
    EDITED = "edited"
    HIDDEN_BY_US = "hidden_by_us"
    DELETED_BY_US = "deleted_by_us"
    DELETED_BY_AUTHOR = "deleted_by_author"
    UNAVAILABLE = "unavailable"


class State(StrEnum):
    """Where a case stands: who must move next."""

    RECEIVED = "received"
    ASSIGNED = "assigned"
    AWAITING_TRANSLATION = "awaiting_translation"
    AWAITING_AUTHOR = "awaiting_author"
    ESCALATED = "escalated"
    ANSWERED = "answered"
    CLOSED = "closed"


class Act(StrEnum):
    """What may be done to a case so that its state moves (moderation/lifecycle.py is the table)."""

    ASSIGN = "assign"
    ASK_TRANSLATION = "ask_translation"
    TRANSLATED = "translated"
    WITHDRAW_TRANSLATION = "withdraw_translation"
    ASK_AUTHOR = "ask_author"
    AUTHOR_REPLIED = "author_replied"
    ESCALATE = "escalate"
    RETURN = "return"
    ANSWER = "answer"
    CLOSE = "close"
    REOPEN = "reopen"


class Note(StrEnum):
    """What may be recorded on a case without moving its state."""

    OPENED = "opened"
    ACKNOWLEDGED = "acknowledged"
    NOTED = "noted"
    HIDDEN = "hidden"
    UNHIDDEN = "unhidden"
    COMMENT_JOINED = "comment_joined"
    COMMENT_EDITED = "comment_edited"
    COMMENT_VANISHED = "comment_vanished"
    ANSWER_OWED_CHANGED = "answer_owed_changed"
    CORRECTED = "corrected"
    DUE_RECOMPUTED = "due_recomputed"
    MATTER = "matter"
    INCIDENT_OPENED = "incident_opened"
    INCIDENT_ENDED = "incident_ended"
    BUNDLED = "bundled"
    SNOOZED = "snoozed"
    RESTRICTED = "restricted"
    UNRESTRICTED = "unrestricted"
    OPENED_WITH_PURPOSE = "opened_with_purpose"
    PAUSED = "paused"
    RESUMED = "resumed"
    PAUSE_STRUCK = "pause_struck"
    REPLY_QUEUED = "reply_queued"
    REPLY_UNCERTAIN = "reply_uncertain"
    REPLY_FAILED = "reply_failed"
    REPLY_GIVEN_UP = "reply_given_up"
    REPLY_RECORDED = "reply_recorded"
    NATIVE_REPLY_FOUND = "native_reply_found"
    TOLD = "told"
    REMOVAL_ASKED = "removal_asked"
    REMOVAL_AGREED = "removal_agreed"
    REMOVAL_REFUSED = "removal_refused"
    REMOVAL_ENDED = "removal_ended"
    DELETED = "deleted"
    APPEAL_CAME = "appeal_came"
    APPEAL_DECIDED = "appeal_decided"
    SENIOR_FLAGGED = "senior_flagged"
    SENIOR_FLAG_ENDED = "senior_flag_ended"
    REPLY_FOR_APPROVAL = "reply_for_approval"
    REPLY_APPROVED = "reply_approved"
    REPLY_SENT_BACK = "reply_sent_back"
    SIGNPOSTED = "signposted"
    TRANSLATION_TAKEN = "translation_taken"
    TRANSLATION_GIVEN_BACK = "translation_given_back"
    TRANSLATION_HANDED_IN = "translation_handed_in"
    TRANSLATION_TO_CHECK = "translation_to_check"
    TRANSLATION_CHECKED = "translation_checked"
    CONDUCT_REVIEWED = "conduct_reviewed"
    LEGAL_HOLD = "legal_hold"
    LEGAL_HOLD_LIFTED = "legal_hold_lifted"


class RemovalKind(StrEnum):
    """What is asked for.  What is hidden can be shown again; what is deleted is gone from its platform for good."""

    HIDE = "hide"
    DELETE = "delete"


class RemovalState(StrEnum):
    """Where the removal of a comment stands.

    REQUESTED is on view, HIDDEN out of sight, and both wait for whoever must agree.  APPROVED is agreed and not yet
    done on the platform.
    """

    REQUESTED = "requested"
    HIDDEN = "hidden"
    APPROVED = "approved"
    REMOVED = "removed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    APPEALED = "appealed"
    UPHELD = "upheld"
    UNDONE = "undone"


class NotDone(StrEnum):
    """Why what is owed on a platform has not been done there from here."""

    NO_SUCH_ACT = "no_such_act"
    REFUSED = "refused"
    FAILED = "failed"
    OUT_OF_REACH = "out_of_reach"


class Recommended(StrEnum):
    """What a house rule recommends when a comment breaks it.  A person decides."""

    LEAVE = "leave"
    ANSWER = "answer"
    STATEMENT = "statement"
    HIDE = "hide"
    REMOVE = "remove"
    ASK_AUTHOR = "ask_author"
    REPORT = "report"
    LEGAL = "legal"
    POLICE = "police"


class ReviewState(StrEnum):
    """Where a review of somebody's conduct towards us stands (moderation/conduct.py is the table)."""

    REFERRED = "referred"
    OPENED = "opened"
    WARNED = "warned"
    DECIDED = "decided"
    APPEALED = "appealed"
    NOT_VEXATIOUS = "not_vexatious"
    LIFTED = "lifted"
    OVERTURNED = "overturned"

    @property
    def stands(self) -> bool:
        """Whether a decision stands; an appeal does not lift it."""
        return self in {ReviewState.DECIDED, ReviewState.APPEALED}

    @property
    def ended(self) -> bool:
        """Whether the review is over; another may be begun."""
        return self in {ReviewState.NOT_VEXATIOUS, ReviewState.LIFTED, ReviewState.OVERTURNED}


class ReviewAct(StrEnum):
    """What a person may do in a review of conduct; the system does none of it."""

    REFER = "refer"
    OPEN = "open"
    WARN = "warn"
    DECIDE = "decide"
    NOTIFY = "notify"
    DISMISS = "dismiss"
    CONTINUE = "continue"
    LIFT = "lift"
    APPEAL = "appeal"
    UPHOLD = "uphold"
    OVERTURN = "overturn"


class SentBy(StrEnum):
    """How a letter about their conduct reached somebody."""

    REPLY = "reply"
    PRIVATE = "private"
    EMAIL = "email"
    LETTER = "letter"


class Opened(StrEnum):
    """A page about one person that leaves a row whenever somebody opens it."""

    AUTHOR = "author"
    CASE = "case"
    REVIEW = "review"


class ReplyKind(StrEnum):
    """A holding reply stops the acknowledgement clock only; an answer stops both."""

    HOLDING = "holding"
    ANSWER = "answer"


class ReplyState(StrEnum):
    """The life of one outbox row.

    SENDING is durable before the first byte leaves.  UNCERTAIN is resolved by reading our own
    replies back, and by a person after that; never by sending again on hope.
    """

    DRAFT = "draft"
    AWAITING_APPROVAL = "awaiting_approval"
    APPROVED = "approved"
    SENDING = "sending"
    SENT = "sent"
    UNCERTAIN = "uncertain"
    FAILED_FOR_NOW = "failed_for_now"
    FAILED_FOR_GOOD = "failed_for_good"


class NoticeState(StrEnum):
    """The life of one message to a colleague.

    SENDING is durable before the first byte leaves.  UNCERTAIN has lost its process or its answer on
    the way, and only a person sends it again.
    """

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    UNCERTAIN = "uncertain"
    FAILED_FOR_NOW = "failed_for_now"
    FAILED_FOR_GOOD = "failed_for_good"


class Waits(StrEnum):
    """What waits for a member of staff, and is told to whoever it waits for (moderation/waiting.py is the table)."""

    REPLY_TO_APPROVE = "reply_to_approve"
    REPLY_SENT_BACK = "reply_sent_back"
    REPLY_STUCK = "reply_stuck"
    TRANSLATION_ASKED = "translation_asked"
    TRANSLATION_LATE = "translation_late"
    TRANSLATION_TO_CHECK = "translation_to_check"
    TRANSLATION_DONE = "translation_done"
    REMOVAL_TO_AGREE = "removal_to_agree"
    REMOVAL_TO_DO = "removal_to_do"
    REMOVAL_APPEAL = "removal_appeal"
    REMOVAL_APPEAL_DUE = "removal_appeal_due"
    CONDUCT_REFERRED = "conduct_referred"
    CONDUCT_APPEAL = "conduct_appeal"
    CONDUCT_DUE = "conduct_due"
    MENTION = "mention"


class TranslationOf(StrEnum):
    """What the translators are asked for: our reply in the other language, or what a comment says."""

    REPLY = "reply"
    COMMENT = "comment"


class TranslationState(StrEnum):
    """The life of one translation request.  TO_CHECK: a machine did it in an emergency, and it left unread."""

    ASKED = "asked"
    TAKEN = "taken"
    DONE = "done"
    WITHDRAWN = "withdrawn"
    TO_CHECK = "to_check"


class Role(StrEnum):
    """What a member of staff may do.

    An officer sees the cases of their own service areas only.  TRANSLATOR, SAFEGUARDING, LEGAL and SENIOR see what
    is put before them in every area: texts to translate, somebody at risk, advice asked for, the senior digest.
    """

    OFFICER = "officer"
    COMMUNICATIONS = "communications"
    TRANSLATOR = "translator"
    SAFEGUARDING = "safeguarding"
    LEGAL = "legal"
    SENIOR = "senior"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Scope(StrEnum):
    """What a token of the API may be used for; never more than its owner may do."""

    READ_QUEUE = "read:queue"
    READ_CASES = "read:cases"
    WRITE_CASES = "write:cases"
    WRITE_REPLIES = "write:replies"
    READ_ACCOUNTS = "read:accounts"
    READ_REPORTS = "read:reports"
    CLASSIFY = "classify"


class Clock(StrEnum):
    """Which rule counts the days."""

    ANSWER = "answer"
    FOI = "foi"
    SAR = "sar"
    COMPLAINT = "complaint"


class MatterState(StrEnum):
    """Where a matter with a clock of its own stands: a request under the law, or a complaint.

    POSSIBLE: the classifiers think so, and its clock runs until a person says otherwise.  WAITING:
    the person who asked must say more.
    """

    POSSIBLE = "possible"
    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    DISMISSED = "dismissed"


class MatterAct(StrEnum):
    """What may be done about a matter (moderation/matters.py is the table)."""

    CONFIRM = "confirm"
    DISMISS = "dismiss"
    ASK_CLARITY = "ask_clarity"
    CLARIFIED = "clarified"
    NEXT_STAGE = "next_stage"
    FINISH = "finish"
    TAKE_UP_AGAIN = "take_up_again"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason that an officer can read, in either language.

    `text` is the English message and the key of its translation; `{names}` in it are filled
    from `values`.  `words.say(reason, language)` renders it.
    """

    text: str
    values: Mapping[str, str | int] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text.format(**self.values)


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote, as that platform knows them.  Nothing joins authors across platforms."""

    native_id: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One message by the public to one of our accounts.

    `account` is our own slug for the account.  `native_id` is the platform's id, always a string.
    `thread` is the native id of the post or conversation it stands under, `in_reply_to` that of
    its parent.  `posted_at` and `edited_at` carry a time zone.  `author` is None where the
    platform does not say: then nothing is joined.  `hidden` is None where the platform does not say (X never
    does).  `found_by` names the saved search that found it, where one did.  `raw` is the platform's
    own bytes.
    """

    account: str
    native_id: str
    text: str
    posted_at: datetime
    author: Author | None = None
    thread: str = ""
    in_reply_to: str = ""
    url: str = ""
    edited_at: datetime | None = None
    hidden: bool | None = None
    origin: Origin = Origin.ADDRESSED
    found_by: str = ""
    raw: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What we published on one of our accounts."""

    account: str
    native_id: str
    text: str
    posted_at: datetime
    url: str = ""
    raw: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnReply:
    """A reply of ours as it stands on the platform: our own or made there by hand."""

    account: str
    native_id: str
    in_reply_to: str
    text: str
    posted_at: datetime
    thread: str = ""
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier comment by the same author to us, and whether we had replied to them before it."""

    comment: Comment
    replied_before: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What a classifier is handed: a comment and its author's earlier comments to us, newest first.

    `around` is what others said to us lately, in no order.
    """

    comment: Comment
    earlier: tuple[Earlier, ...] = ()
    replied_before: bool = False
    around: tuple[Comment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one classifier saw in one comment, with its reasons.

    `score` is between 0 and 1.  `says` is the answer where the question has words for one (the
    language).  `unsure` asks for a person's eye.  `classifier` is name and version, so that a
    report of June can be explained in December.  A finding never hides or answers anything.
    """

    about: Label | Question
    score: float
    why: tuple[Reason, ...]
    classifier: str
    says: str = ""
    unsure: bool = False
