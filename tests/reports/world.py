"""A small invented council, row by row: a test says only what matters to its figures."""

from __future__ import annotations

from datetime import date, datetime
from itertools import count
from pathlib import Path

from moderation.deadlines import LONDON
from store import accounts, schema
from store.cases import CaseRow, EventRow, RoundRow
from store.comments import CommentRow
from store.database import Session, Store
from store.people import UserRow
from store.replies import ReplyRow
from vocabulary import Act, Platform, Presence, ReplyKind, ReplyLanguage, ReplyState, Severity, State

KEY = b"k" * 32


def at(written: str) -> datetime:
    """`2026-11-16 09:00` by the clock in Wales."""
    return datetime.fromisoformat(written).replace(tzinfo=LONDON)


def maybe(written: str) -> datetime | None:
    return at(written) if written else None


def on_sqlite(folder: Path) -> World:
    """An empty world in a file of its own, made quickly; whoever asks closes its store."""
    store = Store(f"sqlite:///{folder / 'world.sqlite3'}", audit_key=KEY, head_file=folder / "audit.head")
    schema.metadata().create_all(store.engine)
    return World(store)


class World:
    """A store with one officer, to which accounts, comments and cases are added."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._numbers = count(1)
        self._accounts: dict[str, int] = {}

        def officer(session: Session) -> int:
            row = UserRow(username="mair", full_name="Mair", password_hash="-", created_at=at("2026-01-01 09:00"))
            session.add(row)
            session.flush()
            return row.id

        self.officer = self.store.write(officer)

    def account(self, slug: str, platform: Platform = Platform.FACEBOOK, area: str = "waste") -> None:
        def act(session: Session) -> int:
            return accounts.add(
                session,
                slug=slug,
                platform=platform,
                native_id=slug,
                display_name=slug,
                service_area=area,
                now=at("2026-01-01 09:00"),
            ).id

        self._accounts[slug] = self.store.write(act)

    def comment(
        self,
        account: str,
        posted: str,
        *,
        language: str = "en",
        delay: str = "",
        history: bool = False,
        case_id: int | None = None,
    ) -> int:
        """A comment seen at `delay` (a London time), or as it was posted."""
        number = next(self._numbers)

        def act(session: Session) -> int:
            row = CommentRow(
                account_id=self._accounts[account],
                native_id=f"c{number}",
                thread="t",
                in_reply_to="",
                url="",
                posted_at=at(posted),
                first_seen=at(delay or posted),
                last_seen=at(delay or posted),
                presence=Presence.PRESENT,
                latest=1,
                history=history,
                language=language,
                case_id=case_id,
            )
            session.add(row)
            session.flush()
            return row.id

        return self.store.write(act)

    def case(
        self,
        account: str,
        received: str,
        due: str,
        *,
        area: str = "waste",
        language: str = "en",
        owed: bool = True,
        ack_due: str = "",
        acknowledged: str = "",
        answered: str = "",
        ended: str = "",
        delay: str = "",
    ) -> int:
        """A case opened by a comment, with its first turn of the clocks."""
        comment_id = self.comment(account, received, language=language, delay=delay)

        def act(session: Session) -> int:
            case = CaseRow(
                reference=f"GW-2026-{comment_id:06}",
                account_id=self._accounts[account],
                thread="t",
                state=State.CLOSED if ended else State.ANSWERED if answered else State.RECEIVED,
                version=1,
                service_area=area,
                language=language,
                reply_in=ReplyLanguage.EN if language == "en" else ReplyLanguage.CY,
                answer_owed=owed,
                severity=Severity.NONE,
                due=date.fromisoformat(due),
                round=0,
                because=[],
                policy_version="test",
                opened_at=at(received),
            )
            session.add(case)
            session.flush()
            session.get_one(CommentRow, comment_id).case_id = case.id
            return case.id

        case_id = self.store.write(act)
        self._turn(
            case_id,
            comment_id,
            received,
            due,
            ack_due=ack_due,
            acknowledged=acknowledged,
            answered=answered,
            ended=ended,
        )
        return case_id

    def writes_again(
        self, case_id: int, account: str, received: str, due: str, *, language: str = "en", answered: str = ""
    ) -> None:
        """A further comment after an answer: the case is reopened and its clocks turn anew."""
        comment_id = self.comment(account, received, language=language, case_id=case_id)
        self._turn(case_id, comment_id, received, due, acknowledged=answered, answered=answered)
        self.reopened(case_id, received)

    def reopened(self, case_id: int, when: str) -> None:
        def act(session: Session) -> None:
            session.add(
                EventRow(
                    case_id=case_id,
                    at=at(when),
                    what=Act.REOPEN.value,
                    from_state=State.ANSWERED,
                    to_state=State.ASSIGNED,
                    detail={},
                )
            )

        self.store.write(act)

    def reply(self, case_id: int, sent: str, *, cy: str = "", en: str = "", reason: str = "") -> None:
        """A reply to the comment that opened the case."""

        def act(session: Session) -> None:
            turn = session.query(RoundRow).filter_by(case_id=case_id, number=1).one()
            session.add(
                ReplyRow(
                    case_id=case_id,
                    comment_id=turn.comment_id,
                    round=1,
                    kind=ReplyKind.ANSWER,
                    state=ReplyState.SENT,
                    text_cy=cy,
                    text_en=en,
                    exception_reason=reason,
                    author_id=self.officer,
                    created_at=at(sent),
                    sent_at=at(sent),
                )
            )

        self.store.write(act)

    def _turn(
        self,
        case_id: int,
        comment_id: int,
        received: str,
        due: str,
        *,
        ack_due: str = "",
        acknowledged: str = "",
        answered: str = "",
        ended: str = "",
    ) -> None:
        def act(session: Session) -> None:
            case = session.get_one(CaseRow, case_id)
            case.round += 1
            session.add(
                RoundRow(
                    case_id=case_id,
                    number=case.round,
                    comment_id=comment_id,
                    answer_owed=case.answer_owed,
                    received_at=at(received),
                    ack_due=date.fromisoformat(ack_due) if ack_due else None,
                    due=date.fromisoformat(due),
                    first_due=date.fromisoformat(due),
                    acknowledged_at=maybe(acknowledged),
                    answered_at=maybe(answered),
                    ended_at=maybe(ended),
                )
            )

        self.store.write(act)
