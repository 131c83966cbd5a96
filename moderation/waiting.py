"""What waits for somebody, who is told of it, and where the message leads: a table.

Pure.  Read TOLD top to bottom and you know who is written to.  Each thing is told once, by day, with
everything else that they are to hear; at night only about a case of a severity that the policy tells at
any hour.  Whoever may not do it is not told: nobody approves their own reply or agrees to their own wish.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from moderation.notices import A_CASE, A_RESTRICTED_CASE
from moderation.policy import Policy, Whom
from moderation.sight import Sight, sight
from vocabulary import Reason, Role, Severity, Waits
from words.names import N_, NAMES

W = Waits
_TEXT = N_("text {number}")
_REMOVAL = N_("removal {number}")


@dataclass(frozen=True, slots=True)
class Row:
    """Who is told of one kind of thing.

    `tell` are all those who could do it, `them` whether whoever wrote it, asked for it or has it in hand hears of it.
    It leads whoever opens its case to the page that `opens`.  `shown_to` are roles that see it on the page where it
    is `shown` without opening its case; to them it is `called` so.
    """

    tell: tuple[Whom, ...] = ()
    them: bool = False
    opens: str = "cases/{case}"
    shown_to: frozenset[Role] = frozenset()
    shown: str = ""
    called: str = A_CASE


def _text(*, them: bool = False) -> Row:
    """A text for the translators, who see texts and no case."""
    shown_to = frozenset({Role.TRANSLATOR})
    return Row((Whom.TRANSLATOR,), them=them, shown_to=shown_to, shown="translations", called=_TEXT)


def _removal(*tell: Whom) -> Row:
    """A removal, which lawyers and senior managers see without its case."""
    shown_to = frozenset({Role.LEGAL, Role.SENIOR})
    return Row(tell, opens="removals/{id}", shown_to=shown_to, shown="removals/{id}", called=_REMOVAL)


_REVIEW = Row((Whom.COMMUNICATIONS,), opens="reviews/{id}")
_ANY_ONE = (Whom.COMMUNICATIONS, Whom.LEGAL, Whom.SENIOR)

# fmt: off
TOLD: Mapping[Waits, Row] = MappingProxyType({
    W.REPLY_TO_APPROVE:     Row((Whom.AREA, Whom.COMMUNICATIONS), opens="approvals"),
    W.REPLY_SENT_BACK:      Row(them=True),
    W.REPLY_STUCK:          Row((Whom.COMMUNICATIONS,), them=True),
    W.TRANSLATION_ASKED:    _text(),
    W.TRANSLATION_LATE:     _text(them=True),
    W.TRANSLATION_TO_CHECK: _text(),
    W.TRANSLATION_DONE:     Row(them=True),
    W.REMOVAL_TO_AGREE:     _removal(Whom.COMMUNICATIONS, Whom.LEGAL),   # of these, the one that is needed
    W.REMOVAL_TO_DO:        Row((Whom.COMMUNICATIONS,), them=True, opens="removals/{id}"),
    W.REMOVAL_APPEAL:       _removal(*_ANY_ONE),
    W.REMOVAL_APPEAL_DUE:   _removal(*_ANY_ONE),
    W.CONDUCT_REFERRED:     _REVIEW,
    W.CONDUCT_APPEAL:       _REVIEW,
    W.CONDUCT_DUE:          _REVIEW,
    W.MENTION:              Row(them=True),                              # told as the note is kept
})
# fmt: on


@dataclass(frozen=True, slots=True)
class Way:
    """Where a message leads, and what it calls the case: by its reference, or, where that is not for them, so."""

    leads: str
    called: Reason | None = None


def way(
    kind: Waits | None, held: frozenset[Role], *, restricted: bool, several: bool, case_id: int, thing: str
) -> Way | None:
    """How somebody with these roles in the area of a case is written to about it; None where they are not.

    Without a kind it is a warning by a rule of the policy.  `several`: it is a channel, on which others read too; a
    restricted case is never named there.
    """
    row = TOLD[kind] if kind else Row()
    ids = {"case": case_id, "id": thing}
    seen, shown = sight(held, restricted=restricted), held & row.shown_to
    if seen is Sight.OPENS and not (several and restricted):
        return Way((row.shown if shown else row.opens).format(**ids))
    if shown:
        return Way(row.shown.format(**ids), Reason(row.called, {"number": thing}))
    if seen is Sight.NOTHING:
        return None
    page = "queue" if seen is Sight.OPENS else next((_PAGES[role] for role in _PAGES if role in held), "notices")
    return Way(page, Reason(A_RESTRICTED_CASE if restricted else A_CASE))


_PAGES = {
    Role.SENIOR: "senior",
    Role.SAFEGUARDING: "queue",
    Role.LEGAL: "incidents",
    Role.AUDITOR: "incidents",
    Role.TRANSLATOR: "translations",
}
"""Where those find it who are shown something of a case and do not open it."""


def said(kind: Waits) -> str:
    """What waits, as a message and the screens call it; the English is the key of its translation."""
    return NAMES[Waits][kind]


def kind_of(key: str) -> Waits | None:
    """What kind of thing a warning with this key is about; None for a warning by a rule of the policy."""
    begins = key.partition("-")[0]
    return Waits(begins) if begins in set(Waits) else None


def thing_of(key: str) -> str:
    """The number of the thing that waits, from the key of its warning."""
    return "".join(key.split("-")[1:2])


def whom(kind: Waits, role: Role | None, *, taken: bool) -> tuple[Whom, ...]:
    """Which groups hear: all of the row, only the one role that is needed, or none where somebody has it in hand."""
    if taken:
        return ()
    return tuple(each for each in TOLD[kind].tell if role is None or each == role.value)


def at_any_hour(severity: Severity, policy: Policy) -> bool:
    """Whether a case so severe may be told of at night, because a rule of the policy says so."""
    return any(
        rule.at_night and rule.severity is not None and severity.rank >= rule.severity.rank
        for rule in policy.escalations
    )


def table() -> str:
    """The table of docs/reference/notices.md: what waits, who is told, and who is shown it without opening its case."""
    rows = (
        f"| {said(kind)} | {', '.join(_those(row))} | {', '.join(sorted(row.shown_to)) or '–'} |"
        for kind, row in TOLD.items()
    )
    return "\n".join(("| what waits | who is told | who need not open its case |", "|---|---|---|", *rows))


def _those(row: Row) -> tuple[str, ...]:
    return (*(["whose it is"] if row.them else []), *(each.value for each in row.tell))
