"""What of a case a reply must be true to, gathered for the guard: its labels, its author, where it was passed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from moderation import reply_rules
from moderation.deadlines import london_date
from moderation.policy import Policy
from moderation.reply_rules import Circumstances
from moderation.service_areas import Areas
from store import findings
from store.accounts import AccountRow
from store.cases import CaseRow
from store.comments import AuthorRow
from store.database import Session
from toml_file import Bilingual
from vocabulary import Label, Language, Reason


def of(session: Session, case: CaseRow, *, policy: Policy, areas: Areas) -> Circumstances:
    """Everything besides its words that a reply on this case is checked for."""
    return Circumstances(
        reference=case.reference if policy.reply_contents.reference else "",
        department=_passed_to(session, case, areas) if policy.reply_contents.department else None,
        political=political(session, case, policy),
    )


def political(session: Session, case: CaseRow, policy: Policy) -> tuple[Reason, ...]:
    """Why an officer should take care before answering on this case; empty for most."""
    author = session.get(AuthorRow, case.author_id) if case.author_id is not None else None
    return reply_rules.looks_political(
        flagged(session, case, policy), author.name if author else "", policy.political_names
    )


def approval_because(session: Session, case: CaseRow, *, policy: Policy, now: datetime) -> Sequence[Reason]:
    """Why a colleague must approve what is sent on this case now; empty where nobody need."""
    return reply_rules.approval_because(
        policy.approval, flagged(session, case, policy), policy.pre_election_on(london_date(now))
    )


def flagged(session: Session, case: CaseRow, policy: Policy) -> frozenset[Label]:
    """The labels of a case that count under the policy, corrections applied."""
    language = Language(case.language) if case.language in set(Language) else Language.UND
    scores = findings.labels_of_cases(session, [case.id]).get(case.id, {})
    return frozenset(label for label, score in scores.items() if score >= policy.threshold(label, language))


def _passed_to(session: Session, case: CaseRow, areas: Areas) -> Bilingual | None:
    """The name of the service area, where the case is no longer with the account's own."""
    account = session.get_one(AccountRow, case.account_id)
    if case.service_area == account.service_area or case.service_area not in areas:
        return None
    return areas[case.service_area].name
