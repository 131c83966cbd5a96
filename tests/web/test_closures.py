"""Closure days from a page: what they would do is said before it is done, and it is done as a late holiday is."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from store.audit import AuditRow
from store.cases import CaseRow, RoundRow
from tests.web.world import Site, token_in

DAY = {"day": "2026-11-25", "title_cy": "Diwrnod hyfforddi", "title_en": "Training day", "because": "All staff train."}
PATH = "/en/administration/closures"


def due(site: Site, case_id: int) -> tuple[date, date]:
    with site.store.read() as session:
        turn = session.scalars(select(RoundRow).where(RoundRow.case_id == case_id)).one()
        assert session.get_one(CaseRow, case_id).due == turn.due
        return turn.first_due, turn.due


def test_a_day_is_previewed_added_and_struck_and_what_was_promised_is_kept(site: Site) -> None:
    case = site.said("When are the bins emptied?")
    promised, before = due(site, case)
    nia = site.visitor("nia")
    page = nia.get(PATH, params=DAY).text
    assert "Open cases whose dates would move: 1." in page
    assert due(site, case) == (promised, before), "looking changes nothing"
    assert nia.post(PATH, data={"csrf": token_in(page), **DAY}).headers["location"].endswith("done=added")
    assert due(site, case)[0] == promised
    assert due(site, case)[1] > before
    assert "Training day" in nia.get(PATH).text
    assert "Diwrnod hyfforddi" in nia.get(PATH.replace("/en/", "/cy/")).text
    strike = {"day": DAY["day"], "strike": "true", "because": "Put off."}
    page = nia.get(PATH, params=strike).text
    assert "Open cases whose dates would move: 1." in page
    assert nia.post(PATH, data={"csrf": token_in(page), **strike}).headers["location"].endswith("done=struck")
    assert due(site, case) == (promised, before)
    with site.store.read() as session:
        rows = session.scalars(
            select(AuditRow).where(AuditRow.action.like("closure.%")).order_by(AuditRow.number)
        ).all()
    assert [(row.actor, row.action, row.subject) for row in rows] == [
        ("nia", "closure.add", "closure:2026-11-25"),
        ("nia", "closure.strike", "closure:2026-11-25"),
    ]
    assert rows[0].after["because"] == "All staff train."


def test_what_cannot_be_a_closure_day_is_refused_with_the_reason(site: Site) -> None:
    nia = site.visitor("nia")
    for wrong, said in (
        ({"day": "2026-11-21"}, "Nobody works on that day"),
        ({"day": "2026-12-25"}, "Nobody works on that day"),
        ({"day": "2206-11-25"}, "check the year"),
        ({"day": "tomorrow"}, "Give the day as a date"),
        ({"title_cy": " "}, "in Welsh and in English"),
        ({"because": ""}, "Say why, for the audit trail."),
        ({"strike": "true"}, "No closure day that was added here"),
    ):
        answer = nia.get(PATH, params=DAY | wrong)
        assert answer.status_code == 422, wrong
        assert said in answer.text, wrong
        token = token_in(nia.get(PATH).text)
        assert nia.post(PATH, data={"csrf": token, **DAY, **wrong}).status_code == 422, wrong


def test_an_auditor_reads_the_closure_days_and_changes_none(site: Site) -> None:
    aled = site.visitor("aled")
    page = aled.get(PATH).text
    assert "Add a closure day" not in page
    assert aled.post(PATH, data={"csrf": token_in(page), **DAY}).status_code == 403
    assert site.visitor("rhys").get(PATH).status_code == 403
