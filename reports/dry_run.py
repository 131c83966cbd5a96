"""A dry run of a policy pack, as whoever adopts it reads it: what it says otherwise, and which cases it would touch."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from moderation import dry_run, policy_words
from moderation.calendar import Holiday
from moderation.dry_run import Past
from moderation.policy import Policy, policy_version
from moderation.service_areas import Areas
from store import comments, findings, holidays
from store.database import Session


def past(session: Session, *, since: datetime, limit: int) -> list[Past]:
    """The newest comments that have a case, with what was seen in them, newest first."""
    placed = comments.placed_since(session, since, limit)
    ids = [comment_id for comment_id, _, _ in placed]
    said, seen = comments.as_said(session, ids), findings.of_comments(session, ids)
    return [Past(reference, said[each], tuple(seen.get(each, ())), area) for each, reference, area in placed]


def told(
    session: Session, now: Policy, then: Policy, areas: Areas, *, since: datetime, limit: int, shown: int
) -> Iterator[str]:
    """The lines of the answer."""
    yield f"now:  {policy_version(now)}"
    yield f"then: {policy_version(then)}"
    yield ""
    before, after = (policy_words.explain(pack, "en", areas) for pack in (now, then))
    differs = [line for line in difflib.ndiff(before, after) if line[0] in "-+"]
    yield "Sentences that differ (- now, + then):" if differs else "The two packs read the same."
    yield from (f"  {line}" for line in differs)
    seen = past(session, since=since, limit=limit)
    days = [Holiday(*row) for row in holidays.standing(session)]
    changed = list(dry_run.changes(seen, now, then, areas, days))
    yield ""
    yield f"Comments since {since:%Y-%m-%d}: {len(seen)}; decided otherwise: {len(changed)}"
    counted = Counter(name for change in changed for name in change.differs)
    yield from (f"  {name.replace('_', ' ')}: {count}" for name, count in counted.most_common())
    for change in changed[:shown]:
        what = "; ".join(f"{name.replace('_', ' ')}: {was} -> {is_}" for name, (was, is_) in change.differs.items())
        yield f"  {change.reference}: {what}"
    if len(changed) > shown > 0:
        yield f"  and {len(changed) - shown} more"
