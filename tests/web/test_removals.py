"""A comment comes down by a rule, with reasons, by two people, and goes up again as openly: all by plain forms."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import select

import pipeline
from collectors.base import Action, Capabilities, Refused, Transient
from moderation import policy
from store import cases, comments, people, removals
from store.audit import AuditRow
from store.comments import CommentRow
from store.database import Session
from store.evidence import EvidenceRow
from store.openings import OpeningRow
from store.people import UserRow
from store.removals import RemovalRow
from tests.web.world import HASH, NOW, Site, TamePlatform, Visitor, token_in, version_in
from vocabulary import NotDone, Note, Origin, Presence, RemovalState, Role

ABUSIVE = "The bins are not emptied, you idiots"
CRITICAL = "The leader of the council is not up to it"
MORE: Mapping[str, tuple[str, Role, str]] = {
    "dewi": ("Dewi Prydderch", Role.COMMUNICATIONS, "*"),
    "lowri": ("Lowri Gwilym", Role.LEGAL, "*"),
    "osian": ("Osian Rhydderch", Role.SENIOR, "*"),
}


@dataclass
class Stubborn(TamePlatform):
    """Takes a number of askings before it does anything; a kind of error each."""

    error: type[Exception] = Refused
    able: frozenset[Action] = frozenset(Action)

    def capabilities(self) -> Capabilities:
        return replace(super().capabilities(), actions=self.able)

    def act(self, action: Action, native_id: str) -> None:
        raise self.error(self.account, "not today")


@pytest.fixture
def town(site: Site) -> Site:
    """The council with a second communications officer, a legal adviser and a senior manager."""

    def add(session: Session) -> None:
        for username, (name, role, area) in MORE.items():
            people.add(session, username=username, full_name=name, password_hash=HASH, grants=[(role, area)], now=NOW)

    site.store.write(add)
    return site


@pytest.fixture
def sir_gar(town: Site) -> Site:
    """The same under Carmarthenshire's policy, where legal services must agree and the author is told why."""
    return under(town, "carmarthenshire")


def under(site: Site, pack: str) -> Site:
    """The site under another body's policy."""
    site.here = site.app.state.web.here = replace(site.here, policy=policy.load(pack))
    return site


def asks(site: Site, case: int, who: str = "rhys", **over: Any) -> Response:
    visitor = site.visitor(who)
    page = visitor.get(f"/en/cases/{case}").text
    fields = {"rule": "abuse", "kind": "hide", "reason": "It calls the crew names."} | over
    data = {"csrf": token_in(page), "version": version_in(page), **fields}
    answer: Response = visitor.post(f"/en/comments/{case}/removal", data=data)
    return answer


def fills(visitor: Visitor, removal: int, form: str, language: str = "en", **fields: str) -> Response:
    """Open a removal's page and send one of its forms, as somebody who has just read it."""
    page = visitor.get(f"/{language}/removals/{removal}").text
    data = {"csrf": token_in(page), "version": version_in(page), **fields}
    answer: Response = visitor.post(f"/{language}/removals/{removal}/{form}", data=data)
    return answer


def row(site: Site, removal: int = 1) -> RemovalRow:
    with site.store.read() as session:
        return session.get_one(RemovalRow, removal)


def presence(site: Site, comment: int = 1) -> Presence:
    with site.store.read() as session:
        return session.get_one(CommentRow, comment).presence


def page_of(visitor: Visitor, path: str) -> str:
    answer = visitor.get(path)
    assert answer.status_code == 200
    return html.unescape(answer.text)


def test_a_comment_comes_down_by_a_rule_and_by_two_people(town: Site) -> None:
    case = town.said(ABUSIVE)
    asked = asks(town, case)
    assert asked.headers["location"] == "/en/removals/1?done=asked"
    assert town.platforms["cyngor-fb"].hidden == {"c1": True}, "abuse is serious enough to be hidden first"
    assert (row(town).state, presence(town)) == (RemovalState.HIDDEN, Presence.HIDDEN_BY_US)

    catrin = town.visitor("catrin")
    assert "/en/removals/1" in page_of(catrin, "/en/removals")
    said = page_of(catrin, "/en/removals/1")
    for words in ("Be civil", "It calls the crew names.", "Rhys Morgan", ABUSIVE, "Mair Enghraifft", "SHA-256"):
        assert words in said
    done = fills(catrin, 1, "decision", role="communications", agrees="true", reason="An insult, and no more.")
    assert done.headers["location"] == "/en/removals/1?done=agreed"
    assert row(town).state is RemovalState.REMOVED
    history = page_of(town.visitor("rhys"), f"/en/cases/{case}")
    for words in ("asked for a comment to be taken down.", "agreed that a comment be taken down.", "Rule: Be civil"):
        assert words in history


def test_the_same_in_welsh(town: Site) -> None:
    case = town.said(ABUSIVE)
    rhys = town.visitor("rhys")
    page = page_of(rhys, f"/cy/cases/{case}")
    assert "Gofyn am dynnu'r sylw hwn i lawr" in page
    assert "Byddwch yn gwrtais: dim sarhad na bwlio" in page
    read = rhys.get(f"/cy/cases/{case}").text
    form = {"csrf": token_in(read), "version": version_in(read), "rule": "abuse", "reason": "Mae'n eu galw'n enwau."}
    asked = rhys.post("/cy/comments/1/removal", data=form)
    assert asked.headers["location"] == "/cy/removals/1?done=asked"
    catrin = town.visitor("catrin")
    said = page_of(catrin, "/cy/removals/1")
    for words in ("Pwy y mae'n rhaid iddynt gytuno", "wedi'i guddio, yn aros am gytundeb", "Mae'n eu galw'n enwau."):
        assert words in said
    assert "I'r tîm cyfathrebu gytuno arnynt" in page_of(catrin, "/cy/removals")
    fills(catrin, 1, "decision", "cy", role="communications", agrees="true", reason="Sarhad.")
    assert "wedi'i dynnu i lawr" in page_of(catrin, "/cy/removals/1")


@pytest.mark.parametrize(
    ("over", "says"),
    [
        ({"rule": ""}, "Choose the rule that the comment breaks"),
        ({"rule": "nonsense"}, "Choose the rule that the comment breaks"),
        ({"rule": "criticism"}, "No comment is taken down for this rule: Criticism is welcome"),
        ({"reason": " "}, "Say how the comment breaks the rule"),
        ({"rule": "threat"}, "Nothing that was seen in the comment points to this rule"),
        ({"rule": "threat", "confirmed": "true"}, "To ask for it all the same, confirm it and say why"),
        ({"rule": "threat", "exception": "I know them"}, "To ask for it all the same, confirm it and say why"),
    ],
)
def test_without_a_rule_a_reason_or_an_answer_to_a_caution_nothing_is_done(
    town: Site, over: dict[str, str], says: str
) -> None:
    case = town.said(ABUSIVE)
    refused = asks(town, case, **over)
    assert refused.status_code == 422
    assert says in html.unescape(refused.text)
    assert "Nothing has been done" in refused.text
    assert town.platforms["cyngor-fb"].hidden == {}
    with town.store.read() as session:
        assert session.scalars(select(EvidenceRow)).all() == []


def test_criticism_is_asked_about_twice_and_is_never_hidden_first(town: Site) -> None:
    case = town.said(CRITICAL)
    refused = asks(town, case)
    assert refused.status_code == 422
    assert "I have read the comment again, and it is more than criticism" in refused.text
    assert "It calls the crew names." in refused.text, "what was typed stands"
    again = asks(town, case, confirmed="true", exception="It is aimed at her family.")
    assert again.status_code == 303
    assert (row(town).state, presence(town)) == (RemovalState.REQUESTED, Presence.PRESENT)
    assert town.platforms["cyngor-fb"].hidden == {}
    said = page_of(town.visitor("catrin"), "/en/removals/1")
    assert "nothing that was seen in the comment points to this rule" in said
    assert "It is aimed at her family." in said


def test_nobody_agrees_to_what_they_asked_for(town: Site) -> None:
    case = town.said(ABUSIVE)
    asks(town, case, "catrin")
    catrin = town.visitor("catrin")
    assert "Agree that it is taken down" not in page_of(catrin, "/en/removals/1")
    refused = fills(catrin, 1, "decision", role="communications", agrees="true", reason="Of course.")
    assert refused.status_code == 422
    assert "Somebody who had no part in this removal must do this." in refused.text
    assert row(town).state is RemovalState.HIDDEN
    fills(town.visitor("dewi"), 1, "decision", role="communications", agrees="true", reason="I agree.")
    assert row(town).state is RemovalState.REMOVED


def test_where_the_policy_asks_for_both_neither_is_enough(sir_gar: Site) -> None:
    case = sir_gar.said(ABUSIVE)
    asks(sir_gar, case)
    fills(sir_gar.visitor("catrin"), 1, "decision", role="communications", agrees="true", reason="An insult.")
    assert row(sir_gar).state is RemovalState.HIDDEN
    lowri = sir_gar.visitor("lowri")
    listed = page_of(lowri, "/en/removals")
    assert "For legal services to agree" in listed
    assert "/en/removals/1" in listed
    wrong = fills(lowri, 1, "decision", role="communications", agrees="true", reason="As comms.")
    assert wrong.status_code == 422
    fills(lowri, 1, "decision", role="legal", agrees="true", reason="It is not a fair comment.")
    assert row(sir_gar).state is RemovalState.REMOVED
    said = page_of(lowri, "/en/removals/1")
    for words in ("communications officer", "legal adviser", "Catrin Vaughan", "Lowri Gwilym"):
        assert words in said


def test_legal_advisers_see_only_what_is_put_before_them(town: Site) -> None:
    asks(town, town.said(ABUSIVE))
    for who in ("lowri", "osian"):
        visitor = town.visitor(who)
        assert "/en/removals/1" not in page_of(visitor, "/en/removals")
        assert visitor.get("/en/removals/1").status_code == 404
        token = token_in(visitor.get("/en/removals").text)
        form = {"csrf": token, "version": "1", "role": "legal", "agrees": "true", "reason": "x", "stays": "true"}
        assert visitor.post("/en/removals/1/decision", data=form).status_code in {403, 404}
        assert visitor.post("/en/removals/1/appeal-decision", data=form).status_code == 404


def test_in_a_restricted_case_lawyers_see_what_is_put_before_them_and_others_say_why_first(sir_gar: Site) -> None:
    case = sir_gar.said(ABUSIVE)
    asks(sir_gar, case)
    catrin, lowri = sir_gar.visitor("catrin"), sir_gar.visitor("lowri")
    catrin.fill(f"/en/cases/{case}", "restriction", restricted="true", reason="A child is named.")
    assert ABUSIVE not in html.unescape(sir_gar.visitor("dewi").get("/en/removals/1").text)
    page = page_of(lowri, "/en/removals/1")
    assert ABUSIVE in page
    assert f"/en/cases/{case}" not in page
    assert fills(lowri, 1, "decision", role="legal", agrees="true", reason="Yes.").status_code == 303
    with sir_gar.store.read() as session:
        assert session.scalars(select(UserRow.username).join(OpeningRow)).all() == ["lowri"]


@pytest.mark.parametrize("form", ["", "/decision", "/withdrawal", "/undo", "/platform", "/appeal", "/appeal-decision"])
def test_a_removal_of_another_area_does_not_exist(town: Site, form: str) -> None:
    asks(town, town.said(ABUSIVE))
    elin = town.visitor("elin")
    if not form:
        assert elin.get("/en/removals/1").status_code == elin.get("/en/removals/9").status_code == 404
        return
    token = token_in(elin.get("/en/queue").text)
    assert elin.post(f"/en/removals/1{form}", data={"csrf": token}).status_code == 404


def test_a_refusal_shows_the_comment_again_and_says_why(town: Site) -> None:
    case = town.said(ABUSIVE)
    asks(town, case)
    catrin = town.visitor("catrin")
    assert fills(catrin, 1, "decision", role="communications", agrees="false", reason="").status_code == 422
    done = fills(catrin, 1, "decision", role="communications", agrees="false", reason="Banter between friends.")
    assert done.headers["location"].endswith("?done=refused")
    assert town.platforms["cyngor-fb"].hidden == {"c1": False}
    assert (row(town).state, row(town).owed, presence(town)) == (RemovalState.REFUSED, "", Presence.PRESENT)
    assert "Banter between friends." in page_of(town.visitor("rhys"), f"/en/cases/{case}")


def test_whoever_asked_may_think_again_and_nobody_else_may_for_them(town: Site) -> None:
    asks(town, town.said(ABUSIVE))
    assert fills(town.visitor("catrin"), 1, "withdrawal", reason="No.").status_code == 422
    assert fills(town.visitor("rhys"), 1, "withdrawal", reason="A joke.").status_code == 303
    assert (row(town).state, presence(town)) == (RemovalState.WITHDRAWN, Presence.PRESENT)
    assert asks(town, 1).headers["location"].startswith("/en/removals/2"), "it may be asked for anew"


def test_what_came_down_is_put_up_again_with_a_reason(town: Site) -> None:
    asks(town, town.said(ABUSIVE))
    catrin = town.visitor("catrin")
    fills(catrin, 1, "decision", role="communications", agrees="true", reason="An insult.")
    token = token_in(town.visitor("rhys").get("/en/queue").text)
    assert town.visitor("rhys").post("/en/removals/1/undo", data={"csrf": token}).status_code == 403
    assert fills(catrin, 1, "undo", reason="").status_code == 422
    assert fills(catrin, 1, "undo", reason="They apologised.").status_code == 303
    assert (row(town).state, presence(town)) == (RemovalState.UNDONE, Presence.PRESENT)
    assert town.platforms["cyngor-fb"].hidden == {"c1": False}


@pytest.mark.parametrize(
    ("error", "able", "why"),
    [
        (Refused, frozenset(Action), NotDone.REFUSED),
        (Transient, frozenset(Action), NotDone.FAILED),
        (Refused, frozenset({Action.REPLY}), NotDone.NO_SUCH_ACT),
    ],
)
def test_the_evidence_is_kept_though_the_platform_fails_and_a_person_does_it_there(
    town: Site, error: type[Exception], able: frozenset[Action], why: NotDone
) -> None:
    case = town.said(ABUSIVE)
    town.platforms["cyngor-fb"] = Stubborn("cyngor-fb", error=error, able=able)
    assert asks(town, case).status_code == 303
    with town.store.read() as session:
        kept = session.get_one(EvidenceRow, row(town).evidence_id)
        assert ABUSIVE.encode() in kept.content
    assert (row(town).state, row(town).owed, row(town).not_done) == (RemovalState.REQUESTED, "hide", why)
    assert presence(town) is Presence.PRESENT

    rhys = town.visitor("rhys")
    said = page_of(rhys, "/en/removals/1")
    assert "Hide the comment on the platform." in said
    assert ("Ask the platform again" in said) is (why is not NotDone.NO_SUCH_ACT)
    assert "Still to be done on the platform" in page_of(town.visitor("catrin"), "/en/removals")
    at = {"day": "20", "month": "11", "year": "2026", "clock": "10:00"}
    early = fills(rhys, 1, "platform", what="native", reason="I did.", **at | {"clock": "09:00"})
    assert early.status_code == 422
    assert "It cannot have been before the removal was asked for." in early.text
    assert fills(rhys, 1, "platform", what="native", reason="I did.", **at | {"day": ""}).status_code == 422
    assert fills(rhys, 1, "platform", what="native", reason=" ", **at).status_code == 422
    done = fills(rhys, 1, "platform", what="native", reason="I did, in the page's own tools.", **at)
    assert done.headers["location"].endswith("?done=native")
    assert (row(town).state, row(town).owed, presence(town)) == (RemovalState.HIDDEN, "", Presence.HIDDEN_BY_US)
    assert "on the platform itself" in page_of(rhys, "/en/removals/1")


def test_a_platform_that_is_asked_again_may_do_it(town: Site) -> None:
    case = town.said(ABUSIVE)
    tame = town.platforms["cyngor-fb"]
    town.platforms["cyngor-fb"] = Stubborn("cyngor-fb", error=Transient)
    asks(town, case)
    rhys = town.visitor("rhys")
    assert fills(rhys, 1, "platform", what="again").headers["location"].endswith("?done=again_failed")
    town.platforms["cyngor-fb"] = tame
    assert fills(rhys, 1, "platform", what="again").headers["location"].endswith("?done=again")
    assert row(town).state is RemovalState.HIDDEN


def test_the_author_is_told_why_by_way_of_the_reply_form_and_its_guard(sir_gar: Site) -> None:
    case = sir_gar.said(ABUSIVE)
    asks(sir_gar, case)
    fills(sir_gar.visitor("catrin"), 1, "decision", role="communications", agrees="true", reason="An insult.")
    fills(sir_gar.visitor("lowri"), 1, "decision", role="legal", agrees="true", reason="Yes.")
    rhys = sir_gar.visitor("rhys")
    assert "Why the comment was taken down" in page_of(rhys, "/en/removals/1")
    filled = rhys.fill(f"/en/cases/{case}", "saved-reply", kind="answer", saved="removal:1:why")
    page = html.unescape(filled.text)
    assert "breaks one of the rules of this page: Be civil: no abuse and no bullying" in page
    assert "torri un o reolau'r dudalen hon: Byddwch yn gwrtais: dim sarhad na bwlio" in page
    assert "within 10 working days" in page
    assert "quote GW-2026-000001" in page
    boxes = {
        name: html.unescape(found)
        for name, found in re.findall(r'<textarea[^>]*id="(text_..)"[^>]*>([^<]*)</textarea>', filled.text)
    }
    unready = rhys.fill(f"/en/cases/{case}", "reply", kind="answer", saved="removal:1:why", text_en="{name}, hello")
    assert unready.status_code == 422
    assert row(sir_gar).told_at is None
    sent = rhys.fill(f"/en/cases/{case}", "reply", kind="answer", saved="removal:1:why", **boxes, exception="ok")
    assert sent.status_code == 303
    assert row(sir_gar).told_at == sir_gar.now
    assert "The author was told why, 20 November 2026, 10:00." in page_of(rhys, "/en/removals/1")


def test_an_author_whom_the_policy_wants_told_is_waited_for_and_may_be_told_in_another_way(sir_gar: Site) -> None:
    asks(sir_gar, sir_gar.said(ABUSIVE))
    fills(sir_gar.visitor("catrin"), 1, "decision", role="communications", agrees="true", reason="An insult.")
    dewi = sir_gar.visitor("dewi")
    assert "/en/removals/1" not in page_of(dewi, "/en/removals").partition("Authors still to be told why")[2]
    fills(sir_gar.visitor("lowri"), 1, "decision", role="legal", agrees="true", reason="Yes.")
    assert "/en/removals/1" in page_of(dewi, "/en/removals").partition("Authors still to be told why")[2]
    assert fills(dewi, 1, "told", reason=" ").status_code == 422
    assert fills(dewi, 1, "told", reason="By telephone.").headers["location"].endswith("?done=told")
    assert row(sir_gar).told_at == sir_gar.now
    assert "/en/removals/1" not in page_of(dewi, "/en/removals")


def test_what_somebody_shows_again_on_the_platform_itself_is_noticed(town: Site) -> None:
    asks(town, town.said(ABUSIVE))
    catrin = town.visitor("catrin")
    fills(catrin, 1, "decision", role="communications", agrees="true", reason="An insult.")
    assert "/en/removals/1" not in page_of(catrin, "/en/removals")
    town.store.write(lambda session: setattr(session.get_one(CommentRow, 1), "presence", Presence.PRESENT))
    assert "/en/removals/1" in page_of(catrin, "/en/removals").partition("Taken down, and on view again")[2]


def test_a_school_is_given_the_letter_that_asks_the_author_and_how_far_the_comment_came(town: Site) -> None:
    under(town, "school")
    case = town.said(ABUSIVE)
    page = page_of(town.visitor("rhys"), f"/en/cases/{case}")
    assert "ask the author, in private, to take it down; report it to the platform; hide it" in page
    assert "1 person has written in this conversation" in page
    asks(town, case, rule="upsetting")
    said = page_of(town.visitor("catrin"), "/en/removals/1")
    for words in ("A wnewch chi ei dynnu i lawr", "Would you please take it down?", "GW-2026-000001"):
        assert words in said
    assert "never under the comment" in said


def test_a_policy_that_does_not_tell_the_author_offers_no_letter_but_a_statement(town: Site) -> None:
    case = town.said(ABUSIVE)
    asks(town, case)
    assert "removal:1:statement" not in page_of(town.visitor("rhys"), f"/en/cases/{case}"), "not before it is agreed"
    fills(town.visitor("catrin"), 1, "decision", role="communications", agrees="true", reason="An insult.")
    page = page_of(town.visitor("rhys"), f"/en/cases/{case}")
    assert "removal:1:why" not in page
    assert "removal:1:statement" in page
    refused = town.visitor("rhys").fill(f"/en/cases/{case}", "saved-reply", kind="answer", saved="removal:1:why")
    assert refused.status_code == 422


def test_an_appeal_is_decided_by_somebody_who_had_no_part_in_it(town: Site) -> None:
    asks(town, town.said(ABUSIVE))
    fills(town.visitor("catrin"), 1, "decision", role="communications", agrees="true", reason="An insult.")
    town.now = NOW + timedelta(hours=30)
    catrin, rhys, osian = town.visitor("catrin"), town.visitor("rhys"), town.visitor("osian")
    at = {"day": "21", "month": "11", "year": "2026", "clock": "09:00"}
    assert fills(rhys, 1, "appeal", reason="", **at).status_code == 422
    assert fills(rhys, 1, "appeal", reason="It was a joke.", **at | {"day": "19"}).status_code == 422
    done = fills(rhys, 1, "appeal", reason="It was a joke.", **at)
    assert done.headers["location"].endswith("?done=appeal")
    assert row(town).state is RemovalState.APPEALED

    assert "/en/removals/1" in page_of(osian, "/en/removals")
    assert "Friday 4 December 2026" in page_of(osian, "/en/removals/1")
    own = fills(catrin, 1, "appeal-decision", stays="true", reason="I was right.")
    assert own.status_code == 422
    assert "Show the comment again" not in page_of(catrin, "/en/removals/1")
    assert fills(osian, 1, "appeal-decision", stays="false", reason="").status_code == 422
    judged = fills(osian, 1, "appeal-decision", stays="false", reason="It was one, among friends.")
    assert judged.headers["location"].endswith("?done=appeal_decided")
    assert (row(town).state, presence(town)) == (RemovalState.UNDONE, Presence.PRESENT)
    said = page_of(rhys, "/en/removals/1")
    assert "Osian Rhydderch" in said
    assert "It was one, among friends." in said


def test_an_appeal_that_is_not_decided_in_the_packs_days_is_overdue(town: Site) -> None:
    asks(town, town.said(ABUSIVE))
    catrin = town.visitor("catrin")
    fills(catrin, 1, "decision", role="communications", agrees="true", reason="An insult.")
    at = {"day": "20", "month": "11", "year": "2026", "clock": "10:00"}
    fills(catrin, 1, "appeal", reason="It was a joke.", **at)
    assert "overdue" not in page_of(catrin, "/en/removals/1")
    town.now = NOW + timedelta(days=15)
    assert "overdue" in page_of(town.visitor("dewi"), "/en/removals/1")


def test_two_at_once_and_the_second_is_told_so(town: Site) -> None:
    asks(town, town.said(ABUSIVE))
    catrin = town.visitor("catrin")
    page = catrin.get("/en/removals/1").text
    fills(town.visitor("rhys"), 1, "withdrawal", reason="A joke.")
    form = {"csrf": token_in(page), "version": version_in(page), "role": "communications", "agrees": "true"}
    late = catrin.post("/en/removals/1/decision", data=form | {"reason": "x"})
    assert late.status_code == 409
    assert "Somebody moved this removal while you were reading" in late.text
    assert fills(catrin, 1, "decision", role="communications", agrees="true", reason="x").status_code == 409
    assert catrin.get("/en/removals/1/decision").headers["location"] == "/en/removals/1"


def test_what_is_asked_for_twice_leads_to_the_first(town: Site) -> None:
    case = town.said(ABUSIVE)
    asks(town, case)
    assert asks(town, case, "catrin").headers["location"] == "/en/removals/1?done=already"
    with town.store.read() as session:
        assert list(removals.of_comments(session, [1])) == [1]
        assert session.scalars(select(RemovalRow.id)).all() == [1]


def test_what_is_deleted_is_gone_for_good_and_its_undoing_says_so(town: Site) -> None:
    asks(town, town.said(ABUSIVE), kind="delete")
    assert presence(town) is Presence.HIDDEN_BY_US, "hidden until somebody agrees"
    catrin = town.visitor("catrin")
    fills(catrin, 1, "decision", role="communications", agrees="true", reason="An insult.")
    assert (row(town).state, presence(town)) == (RemovalState.REMOVED, Presence.DELETED_BY_US)
    assert "What has been deleted cannot be brought back." in page_of(catrin, "/en/removals/1")
    fills(catrin, 1, "undo", reason="We were wrong.")
    assert (row(town).state, row(town).owed, presence(town)) == (RemovalState.UNDONE, "", Presence.DELETED_BY_US)


def test_what_was_entered_by_hand_is_taken_down_where_it_stands(town: Site) -> None:
    case = town.said(ABUSIVE, origin=Origin.MANUAL)
    assert asks(town, case).status_code == 303
    assert (row(town).owed, row(town).not_done) == ("hide", NotDone.NO_SUCH_ACT)
    assert "Do it on the platform and record it" in page_of(town.visitor("rhys"), "/en/removals/1")


def test_a_comment_hidden_on_the_platform_is_shown_again_with_a_reason_or_taken_on(town: Site) -> None:
    case = town.said(ABUSIVE)
    town.store.write(lambda session: setattr(session.get_one(CommentRow, 1), "presence", Presence.HIDDEN_BY_US))
    rhys = town.visitor("rhys")
    page = rhys.get(f"/en/cases/{case}").text
    assert "It is hidden on the platform, and nobody has asked for that here." in page
    assert rhys.post("/en/comments/1/showing", data={"csrf": token_in(page), "reason": " "}).status_code == 422
    done = rhys.post("/en/comments/1/showing", data={"csrf": token_in(page), "reason": "The filter was wrong."})
    assert done.headers["location"] == f"/en/cases/{case}?done=unhide"
    assert (presence(town), town.platforms["cyngor-fb"].hidden) == (Presence.PRESENT, {"c1": False})

    town.store.write(lambda session: setattr(session.get_one(CommentRow, 1), "presence", Presence.HIDDEN_BY_US))
    asks(town, case)
    assert row(town).state is RemovalState.HIDDEN
    known = rhys.post("/en/comments/1/showing", data={"csrf": token_in(page), "reason": "x"})
    assert known.headers["location"] == "/en/removals/1?done=already", "a removal is undone, not gone round"


def test_the_trail_names_who_did_what_and_repeats_nobodys_words(town: Site) -> None:
    case = town.said(ABUSIVE)
    asks(town, case)
    catrin = town.visitor("catrin")
    fills(catrin, 1, "decision", role="communications", agrees="true", reason="An insult, and no more.")
    fills(catrin, 1, "undo", reason="They apologised.")
    with town.store.read() as session:
        trail = session.scalars(select(AuditRow).order_by(AuditRow.number)).all()
        kept = session.get_one(EvidenceRow, row(town).evidence_id).sha256
    acts = [(each.actor, each.action) for each in trail if each.subject in {"removal:1", "comment:1", "evidence:1"}]
    assert acts == [
        ("rhys", "evidence.kept"),
        ("rhys", "removal.ask"),
        ("rhys", "comment.hide_asked"),
        ("rhys", "removal.hide_first"),
        ("catrin", "removal.agree"),
        ("system", "removal.approve"),
        ("system", "removal.carry_out"),
        ("catrin", "removal.undo"),
        ("catrin", "comment.unhide_asked"),
        ("catrin", "removal.done"),
    ]
    asked = next(each for each in trail if each.action == "removal.ask")
    assert asked.after["sha256"] == kept
    written = "\n".join(f"{each.before} {each.after}" for each in trail)
    for never in ("idiots", "names", "Mair", "insult", "apologised"):
        assert never not in written


def test_an_edited_comment_is_evidence_in_every_wording(town: Site) -> None:
    case = town.said(ABUSIVE)

    def edits(session: Session) -> None:
        from store import accounts
        from tests.factories import a_comment
        from vocabulary import Author

        again = a_comment("You idiots", native_id="c1", author=Author("a1", "Mair Enghraifft"), posted_at=NOW)
        comments.keep(session, accounts.by_slug(session, "cyngor-fb"), [again], now=NOW)

    town.store.write(edits)
    asks(town, case, confirmed="true", exception="It says so in both.")
    said = page_of(town.visitor("catrin"), "/en/removals/1")
    assert ABUSIVE in said
    assert ">You idiots<" in said
    with town.store.read() as session:
        content = session.get_one(EvidenceRow, row(town).evidence_id).content.decode()
    assert ABUSIVE in content
    assert '"You idiots"' in content


# What was hidden first and not decided about.


def test_what_was_hidden_first_is_late_once_its_days_are_over_and_communications_are_warned_once(town: Site) -> None:
    case = town.said(ABUSIVE)
    asks(town, case)
    pages = (("catrin", "/en/removals"), ("catrin", "/en/removals/1"), ("rhys", f"/en/cases/{case}"))
    town.now = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    for username, path in pages:
        page = page_of(town.visitor(username), path)
        assert "Tuesday 24 November 2026" in page, "two working days after the Friday on which it was hidden"
        assert "overdue" not in page
    pipeline.warn(town.here, now=town.now)
    assert warned(town, case) == []
    town.now = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
    for username, path in pages:
        assert "overdue" in page_of(town.visitor(username), path)
    for _ in range(2):
        pipeline.warn(town.here, now=town.now)
    assert warned(town, case) == ["communications"]


def test_an_answered_case_does_not_hide_a_comment_that_nobody_has_decided_about(town: Site) -> None:
    case = town.said(ABUSIVE)
    asks(town, case)
    town.visitor("catrin").fill(f"/en/cases/{case}", "acts/close", outcome="removed", reason="Abuse.")
    town.now = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
    pipeline.warn(town.here, now=town.now)
    assert warned(town, case) == ["communications"]


def test_what_was_decided_in_time_is_never_late(town: Site) -> None:
    case = town.said(ABUSIVE)
    asks(town, case)
    fills(town.visitor("catrin"), 1, "decision", role="communications", agrees="true", reason="An insult.")
    town.now = datetime(2026, 12, 4, 12, 0, tzinfo=UTC)
    assert "Decision due by" not in page_of(town.visitor("catrin"), "/en/removals/1")
    pipeline.warn(town.here, now=town.now)
    assert warned(town, case) == []


def warned(site: Site, case: int) -> list[str]:
    """Who was warned that a hidden comment of this case is late."""
    with site.store.read() as session:
        events = cases.events(session, case)
        told = [event.detail for event in events if event.what == Note.TOLD]
    return [detail["whom"] for detail in told if detail["key"].startswith("removal-late/")]


def test_where_the_rule_says_to_tell_the_platform_its_own_page_on_that_is_a_link(town: Site) -> None:
    under(town, "rhondda-cynon-taf")
    asks(town, town.said(ABUSIVE), rule="abusive")
    page = page_of(town.visitor("catrin"), "/en/removals/1")
    assert "https://www.facebook.com/help/181495968648557" in page
    assert "How a comment is reported to Facebook" in page


def test_where_it_does_not_say_so_there_is_no_such_link(town: Site) -> None:
    asks(town, town.said(ABUSIVE))
    assert "How a comment is reported" not in page_of(town.visitor("catrin"), "/en/removals/1")
