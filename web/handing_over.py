"""A case on its way to another service area, and whom else its author may be pointed to, as the case page shows it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from moderation import signposts
from moderation.replies import Draft
from store.desk import CaseFile
from vocabulary import Label, Language, Note, ReplyKind
from web.visit import Number, Text, Visit
from web.when import WhenFields

HAND_OVER: Final = "hand-over"
"""The form in which a case is handed over: its name, and what the ids of its fields begin with."""


class HandOverFields(WhenFields):
    """To which area, and in which words its author is told; `told` says whether they were told elsewhere already."""

    version: Number = 0
    area: Text = ""
    told: Text = ""
    text_cy: Text = ""
    text_en: Text = ""
    exception: Text = ""
    confirmed: bool = False
    reason: Text = ""

    @property
    def draft(self) -> Draft:
        return Draft(ReplyKind.HOLDING, self.text_cy, self.text_en, self.exception, confirmed=self.confirmed)

    @property
    def elsewhere(self) -> bool:
        return self.told == "elsewhere"

    @property
    def box(self) -> str:
        """The field in which the words stand."""
        return "text_en" if self.text_en and not self.text_cy else "text_cy"


def around(visit: Visit, file: CaseFile, flagged: Collection[Label]) -> Mapping[str, Any]:
    """What the case page needs to hand over and to point elsewhere."""
    said = [(each.revisions[0].text, _language(each.comment.language)) for each in file.said]
    policy, areas, with_whom = visit.here.policy, visit.here.areas, file.case.service_area
    pointed = any(each.event.what == Note.SIGNPOSTED and "body" in each.event.detail for each in file.history)
    return {
        "other_areas": [slug for slug in areas.slugs if slug != with_whom],
        "suggested_area": signposts.suggested_area(said, with_whom, areas),
        "signposts": signposts.suggested(said, flagged, policy),
        "offered_outcome": signposts.OUTCOME if pointed and policy.outcome(signposts.OUTCOME) else "",
    }


def _language(written: str) -> Language:
    return Language(written) if written in set(Language) else Language.UND
