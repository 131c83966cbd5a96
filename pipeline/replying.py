"""Our replies on their way out: what an officer wrote, sent to the platform.

Every request to a platform is preceded by a row that says it is about to be made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from classifiers.panel import Opinion
from collectors import registry
from collectors.base import (
    Action,
    AuthExpired,
    Budget,
    Capabilities,
    Collector,
    CollectorError,
    Cursor,
    Page,
    PermissionLost,
    RateLimited,
    Receipt,
    Standing,
    Transient,
    Unconfirmed,
)
from moderation import circumstances, plain, queue, replies, reply_rules, routing, translations
from moderation.record import Actor
from moderation.replies import Draft, Intent, Lost
from moderation.working_days import working_days
from pipeline import tokens
from pipeline.installation import Installation
from store import replies as outbox
from store.accounts import AccountRow
from store.cases import CaseRow
from store.database import Session
from vocabulary import (
    Clock,
    Comment,
    GwylioError,
    Label,
    Language,
    OwnReply,
    Platform,
    Reading,
    Reason,
)

log = structlog.get_logger("gwylio.pipeline")

MOST_AT_ONCE = 20
"""Parts that leave an account in one round, so that a round is over before its intents grow old."""
UNWELL = (Transient, RateLimited, AuthExpired, PermissionLost, Unconfirmed)
"""After these the account's other parts wait for the next round: they would meet the same, slowly."""


def send_reply(
    here: Installation, case_id: int, draft: Draft, *, actor: Actor, now: datetime, saw: int | None = None
) -> int:
    """Check an officer's reply and put it in the outbox, or before whoever must approve it; the reply's id.

    Raises:
        replies.ReplyRefused, replies.AlreadyOnItsWay, replies.NoReplyHere, queue.StaleCase, queue.UnknownCase.
    """
    put = into_outbox(here, case_id, draft, actor=actor, now=now)
    return here.store.write(lambda session: put(session, saw))


def into_outbox(
    here: Installation, case_id: int, draft: Draft, *, actor: Actor, now: datetime
) -> Callable[[Session, int | None], int]:
    """What puts a reply in the outbox within somebody's transaction; the panel and the platform are asked before it.

    It is given the version of the case that was seen, and raises as `send_reply` does.
    """
    with here.store.read() as session:
        account = session.get_one(AccountRow, queue.get(session, case_id).account_id)
    collector = here.collector(account, now)
    in_the_words = objections_to(here, draft)

    def put(session: Session, saw: int | None) -> int:
        def objections(case: CaseRow, draft: Draft) -> Sequence[reply_rules.Objection]:
            return (*in_the_words(case, draft), *unfit(here, session, case, draft))

        reply = replies.send(
            session,
            case_id,
            draft,
            objections=objections,
            limits=collector.capabilities(),
            length_of=collector.length_of,
            actor=actor,
            policy=here.policy,
            now=now,
            saw=saw,
        )
        if draft.by_machine:
            translations.to_check(
                session,
                reply,
                draft.by_machine,
                draft.danger,
                actor=actor,
                policy=here.policy,
                calendar=working_days(session, here.policy)[Clock.ANSWER],
                now=now,
            )
        return reply.id

    return put


def approve_reply(here: Installation, reply_id: int, *, actor: Actor, now: datetime, saw: int | None = None) -> None:
    """Let a colleague's reply go, as the platform takes it today.

    Raises:
        replies.NobodysOwn, replies.NoReplyHere, queue.StaleCase, lifecycle.IllegalTransition.
    """
    with here.store.read() as session:
        case_id = outbox.case_of(session, reply_id)
        if case_id is None:
            raise replies.NoReplyHere(f"there is no reply {reply_id}")
        account = session.get_one(AccountRow, queue.get(session, case_id).account_id)
    collector = here.collector(account, now)

    def act(session: Session) -> None:
        limits, length_of = collector.capabilities(), collector.length_of
        replies.approve(session, reply_id, limits=limits, length_of=length_of, actor=actor, now=now, saw=saw)

    here.store.write(act)


@dataclass(frozen=True, slots=True)
class Looked:
    """A draft as it would be judged: what stands in its way, how it reads, how the platform would count and show it.

    `length` and `longest` are None where the account cannot be opened, so that nobody can say; `parts` are the
    replies that would be published, in their order.
    """

    objections: tuple[reply_rules.Objection, ...]
    plain: Mapping[str, plain.Plain]
    length: int | None = None
    longest: int | None = None
    parts: tuple[str, ...] = ()


def look_at_reply(here: Installation, case_id: int, draft: Draft, *, now: datetime) -> Looked:
    """Everything that can be said of a draft before it is sent; nothing is done."""
    in_the_words = objections_to(here, draft)
    with here.store.read() as session:
        case = queue.get(session, case_id)
        account = session.get_one(AccountRow, case.account_id)
        raised = (*in_the_words(case, draft), *unfit(here, session, case, draft))
    objections = tuple(reply_rules.standing(raised, reason=draft.exception, confirmed=draft.confirmed))
    texts = {"cy": draft.text_cy.strip(), "en": draft.text_en.strip()}
    read = {language: plain.read(text) for language, text in texts.items() if text}
    whole = "\n\n".join(filter(None, texts.values()))
    try:
        collector = here.collector(account, now)
        longest, length = collector.capabilities().longest_reply, collector.length_of(whole)
        parts = reply_rules.split(whole, longest, collector.length_of)
    except GwylioError:
        return Looked(objections, read)
    return Looked(objections, read, length, longest, parts)


def unfit(here: Installation, session: Session, case: CaseRow, draft: Draft) -> Sequence[reply_rules.Objection]:
    """What of the case and the policy stands in the way of a draft, whatever its words."""
    around = circumstances.of(session, case, policy=here.policy, areas=here.areas)
    return (
        *reply_rules.check_fit(draft.text_cy, draft.text_en, around),
        *reply_rules.check_machine(draft.by_machine, draft.danger, here.policy.translation.machine),
    )


def objections_to(here: Installation, draft: Draft) -> Callable[[CaseRow, Draft], Sequence[reply_rules.Objection]]:
    """What stands in the way of this draft on a case; the panel reads it now, before any transaction."""
    seen = _read_draft(here, draft)

    def objections(case: CaseRow, draft: Draft) -> Sequence[reply_rules.Objection]:
        return reply_rules.check(
            draft.text_cy,
            draft.text_en,
            case.reply_in,
            language_of=lambda text: routing.language_of(seen[text].findings)[0],
            personal_data=lambda text: list(_seen_as(Label.PERSONAL_DATA, here, seen[text])),
            profanity=lambda text: list(_seen_as(Label.PROFANITY, here, seen[text])),
        )

    return objections


def languages_of(here: Installation) -> Callable[[str], Language]:
    """How the panel decides the language of a text of ours."""

    def language_of(text: str) -> Language:
        return routing.language_of(opinion_of(here, text).findings)[0]

    return language_of


def opinion_of(here: Installation, text: str) -> Opinion:
    """What the panel sees in a text that nobody has said to us."""
    [opinion] = here.open_panel().read([Reading(_unsaid(text))])
    return opinion


def takes_replies(account: AccountRow) -> bool:
    """Whether a reply can leave from here; on a platform that nothing speaks for, it is given there and recorded."""
    return account.platform in registry.OPEN


def _read_draft(here: Installation, draft: Draft) -> Mapping[str, Opinion]:
    """What the panel sees in each text of a draft, read before the transaction that sends it."""
    texts = [text for text in (draft.text_cy.strip(), draft.text_en.strip()) if text]
    readings = [Reading(_unsaid(text)) for text in texts]
    return dict(zip(texts, here.open_panel().read(readings), strict=True))


def _unsaid(text: str) -> Comment:
    """A text of ours as the panel reads one, though nobody has said it."""
    return Comment(account="", native_id="", text=text, posted_at=datetime.min.replace(tzinfo=UTC))


def _seen_as(label: Label, here: Installation, opinion: Opinion) -> Iterator[Reason]:
    least = here.policy.threshold(label, opinion.language)
    for finding in opinion.findings:
        if finding.about is label and finding.score >= least:
            yield from finding.why


@dataclass(slots=True)
class Dispatched:
    """What one round of the outbox did, in parts."""

    sent: int = 0
    failed: int = 0
    uncertain: int = 0
    found: int = 0


def dispatch(here: Installation, slug: str | None = None, *, now: datetime) -> Dispatched:
    """Send the outbox of one account, or of all: what is lost is looked for first, then each part leaves, once.

    An account whose platform is unwell keeps its other parts for the next round, so that no other waits for it.
    """
    done = Dispatched()
    with here.store.read() as session:
        waiting = outbox.accounts_waiting(session, slug=slug, now=now)
    for account in waiting:
        _dispatch_account(here, account, done, now=now)
    return done


def _dispatch_account(here: Installation, account: AccountRow, done: Dispatched, *, now: datetime) -> None:
    try:
        account = tokens.ready(here, account, now=now)
    except GwylioError as dead:
        log.warning("token not renewed", account=account.slug, error=type(dead).__name__)
        if isinstance(dead, Transient | RateLimited):
            return  # nothing could leave, and in the next round it may
    collector = _opened(here, account, now)
    limits = collector.capabilities()
    done.uncertain += here.store.write(
        lambda session: replies.recover(session, account.id, settles_after=limits.settles_after, now=now)
    )
    with here.store.read() as session:
        lost = replies.lost(session, account.id, now=now)
    for each in lost:
        done.found += _look_for(here, collector, each, now=now)
    for _ in range(MOST_AT_ONCE):
        intents = here.store.write(partial(replies.claim, account_id=account.id, now=now, limit=1))
        if not intents:
            return
        error = _send(here, collector, intents[0], now=now)
        done.sent += error is None
        done.uncertain += isinstance(error, Unconfirmed)
        done.failed += error is not None and not isinstance(error, Unconfirmed)
        if isinstance(error, AuthExpired):
            tokens.after_refusal(here, account, now=now)
        if isinstance(error, UNWELL):
            return


def _send(here: Installation, collector: Collector, intent: Intent, *, now: datetime) -> CollectorError | None:
    """Make the request that the intent announces; the error that came instead of a receipt, if one did."""
    try:
        receipt = collector.reply(intent.target, intent.text, key=intent.key)
    except CollectorError as error:
        log.warning("reply not sent", part=intent.part_id, account=intent.account, error=type(error).__name__)
        failed, settles_after = error, collector.capabilities().settles_after
        here.store.write(
            lambda session: replies.fail(session, intent.part_id, failed, settles_after=settles_after, now=now)
        )
        return failed
    here.store.write(lambda session: replies.confirm(session, intent.part_id, receipt, policy=here.policy, now=now))
    return None


def _look_for(here: Installation, collector: Collector, lost: Lost, *, now: datetime) -> bool:
    """Look on the platform for a part whose fate nobody knows; whether it stands there."""
    try:
        found = collector.own_replies(lost.target, since=lost.since)
    except CollectorError as error:
        log.warning("could not look for a reply", part=lost.part_id, account=lost.account, error=type(error).__name__)
        reason = f"{type(error).__name__}: {error.reason}"
        here.store.write(lambda session: replies.could_not_look(session, lost.part_id, reason, now=now))
        return False
    limits = collector.capabilities()
    return here.store.write(
        lambda session: replies.looked(session, lost.part_id, found, limits=limits, policy=here.policy, now=now)
    )


def _opened(here: Installation, account: AccountRow, now: datetime) -> Collector:
    try:
        return here.collector(account, now)
    except GwylioError as error:
        log.warning("account cannot be opened", account=account.slug, error=type(error).__name__)
        return _Shut(account.slug, account.platform, str(error))


@dataclass(frozen=True, slots=True)
class _Shut:
    """An account that cannot be opened.  What is asked of it fails, so that its replies come before a person."""

    account: str
    platform: Platform
    why: str

    def streams(self) -> Sequence[str]:
        return ()

    def fetch(self, stream: str, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        raise self._lost()

    def recheck(self, native_ids: Sequence[str]) -> Mapping[str, Standing]:
        raise self._lost()

    def capabilities(self) -> Capabilities:
        return Capabilities(frozenset(), 0, proves_absence=False, settles_after=timedelta(minutes=1))

    def length_of(self, text: str) -> int:
        return len(text)

    def reply(self, native_id: str, text: str, *, key: str) -> Receipt:
        raise self._lost()

    def act(self, action: Action, native_id: str) -> None:
        raise self._lost()

    def own_replies(self, native_id: str, *, since: datetime) -> Sequence[OwnReply]:
        raise self._lost()

    def _lost(self) -> PermissionLost:
        return PermissionLost(self.account, self.why)
