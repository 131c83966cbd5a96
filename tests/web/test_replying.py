"""A reply is looked at before it leaves: by the officer, by the translators, by a colleague, as the pack asks."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest

import pipeline
from classifiers.panel import Panel
from collectors.base import Action, Capabilities
from moderation import policy, queue
from moderation.policy import Approval, Policy, PreElection, Source
from store import cases, figures, people, replies
from store import translations as requests
from store.database import Session
from store.replies import ReplyRow
from tests.web.world import ByWords, Site, TamePlatform, token_in, version_in
from toml_file import Bilingual
from vocabulary import Author, Finding, Label, Reading, Reason, ReplyState, Role, State, TranslationState

WELSH = "Pryd mae'r biniau yn cael eu casglu?"
ENGLISH = "When is the bin lorry coming?"
DIOLCH = "Diolch am eich neges. Mae'r criw yn dod yfory."
THANKS = "Thank you. The crew is on the way."
ALWAYS = Approval(source=Source.OURS, always=True)
ELECTION = PreElection(
    begins=date(2026, 11, 1),
    ends=date(2026, 12, 3),
    title=Bilingual(cy="Is-etholiad Cwm Enghraifft", en="Cwm Enghraifft by-election"),
)


class Swearing(ByWords):
    """Knows one word that is not ours to use, and one that is political."""

    def _one(self, text: str) -> tuple[Finding, ...]:
        found = list(super()._one(text))
        if "blasted" in text:
            why = (Reason("strong language: {words}", {"words": "blasted"}),)
            found.append(Finding(about=Label.PROFANITY, score=1.0, why=why, classifier=self.name))
        if "vote" in text:
            found.append(Finding(about=Label.POLITICAL, score=0.9, why=(), classifier=self.name))
        return tuple(found)

    def read(self, readings: Sequence[Reading]) -> Sequence[tuple[Finding, ...]]:
        return [self._one(reading.comment.text) for reading in readings]


@dataclass
class DeafPlatform(TamePlatform):
    """Lets us hide what is there, and takes no reply."""

    actions: frozenset[Action] = field(default_factory=lambda: frozenset({Action.HIDE, Action.UNHIDE}))

    def capabilities(self) -> Capabilities:
        return Capabilities(self.actions, 8_000, proves_absence=False, settles_after=timedelta(seconds=30))


@dataclass
class ShortPlatform(TamePlatform):
    def capabilities(self) -> Capabilities:
        return Capabilities(frozenset(Action), 40, proves_absence=False, settles_after=timedelta(seconds=30))


def under(site: Site, pack: Policy) -> Site:
    """The same council under another pack, with a panel that hears swearing."""
    here = replace(site.here, policy=pack, open_panel=lambda: Panel([Swearing()]))
    return Site(here, site.platforms, site.users)


def with_rules(name: str, **changes: object) -> Policy:
    return policy.load(name).model_copy(update=changes)


def state(site: Site, case: int) -> State:
    with site.store.read() as session:
        return queue.get(session, case).state


def written(site: Site, case: int) -> list[ReplyRow]:
    with site.store.read() as session:
        return list(replies.of_case(session, case))


def happened(site: Site, case: int) -> list[cases.EventRow]:
    with site.store.read() as session:
        return list(cases.events(session, case))


def boxes(page: str) -> dict[str, str]:
    """What stands in the two boxes of the reply."""
    found = re.findall(r'<textarea [^>]*id="text_(cy|en)"[^>]*>([^<]*)</textarea>', page)
    return {box: html.unescape(text) for box, text in found}


# The guards.


def test_a_check_says_what_stands_in_the_way_how_it_reads_and_does_nothing(site: Site) -> None:
    case, visitor = site.said(WELSH), site.visitor("rhys")
    long = " ".join(["the bins"] * 13) + "."
    checked = visitor.fill(f"/en/cases/{case}", "check", kind="answer", text_en=f"Hello {{name}}. {long}")
    page = html.unescape(checked.text)
    assert checked.status_code == 200
    assert "a reply in Welsh is owed, and there is none" in page
    assert "{name} has not been filled in" in page
    assert "Words: 28. Sentences: 2. Words in the longest sentence: 26." in page
    assert long in page
    assert "takes 8000 in one reply" in page
    assert boxes(checked.text)["en"] == f"Hello {{name}}. {long}"
    assert written(site, case) == []
    fine = visitor.fill(f"/cy/cases/{case}", "check", kind="answer", text_cy=DIOLCH)
    assert "Does dim yn rhwystro'r ymateb hwn." in html.unescape(fine.text)


def test_a_check_says_in_how_many_parts_it_would_leave_and_when_nobody_knows(site: Site) -> None:
    case, visitor = site.said(WELSH), site.visitor("rhys")
    site.platforms["cyngor-fb"] = ShortPlatform("cyngor-fb")
    parts = visitor.fill(f"/en/cases/{case}", "check", kind="answer", text_cy=DIOLCH)
    assert "It would leave in parts: 2." in parts.text
    assert "As Facebook will show it" in parts.text
    shown = [html.unescape(each) for each in re.findall(r'class="preview__words"[^>]*>([^<]*)<', parts.text)]
    assert len(shown) == 2
    assert " ".join(each.rpartition(" (")[0] for each in shown) == DIOLCH
    del site.platforms["cyngor-fb"]
    nobody = visitor.fill(f"/en/cases/{case}", "check", kind="answer", text_cy=DIOLCH)
    assert nobody.status_code == 200
    assert "How the platform would count it cannot be said" in nobody.text


def test_we_do_not_swear_unless_an_officer_says_why(site: Site) -> None:
    sworn = under(site, policy.load("powys"))
    case, visitor = sworn.said(ENGLISH), sworn.visitor("rhys")
    text = "The blasted lorry is late. Thank you for waiting."
    refused = visitor.fill(f"/en/cases/{case}", "reply", kind="answer", text_en=text)
    assert refused.status_code == 422
    assert "Strong language: blasted" in refused.text
    visitor.fill(f"/en/cases/{case}", "reply", kind="answer", text_en=text, exception="Blasted Heath is a place.")
    assert [reply.exception_reason for reply in written(sworn, case)] == ["Blasted Heath is a place."]


def test_rhondda_cynon_taf_owes_the_reference_and_the_department_that_has_it(site: Site) -> None:
    rct = under(site, policy.load("rhondda-cynon-taf"))
    case, visitor = rct.said(ENGLISH), rct.visitor("catrin")
    refused = visitor.fill(f"/en/cases/{case}", "reply", kind="answer", text_en=THANKS)
    assert "The reference GW-2026-000001 must stand in the reply" in refused.text
    assert "must name the department" not in refused.text
    visitor.fill(f"/en/cases/{case}", "acts/assign", to="highways")
    told = f"{THANKS} Your reference: GW-2026-000001."
    unnamed = visitor.fill(f"/cy/cases/{case}", "reply", kind="answer", text_en=told)
    assert "Rhaid i'r ymateb enwi'r adran sy'n delio â'r sylw nawr: Priffyrdd" in html.unescape(unnamed.text)
    visitor.fill(f"/en/cases/{case}", "reply", kind="answer", text_en=f"{told} It is with Highways now.")
    assert len(written(rct, case)) == 1


@pytest.mark.parametrize(
    ("text", "author"),
    [(ENGLISH, Author("p1", "Cllr Ifan Enghraifft")), ("When is the vote?", Author("p2", "Mair Enghraifft"))],
)
def test_a_politician_is_answered_once_the_officer_has_thought_of_it(site: Site, text: str, author: Author) -> None:
    council = under(site, policy.load("powys"))
    case, visitor = council.said(text, author=author), council.visitor("rhys")
    assert "Take care before you answer" in visitor.get(f"/en/cases/{case}").text
    refused = visitor.fill(f"/en/cases/{case}", "reply", kind="answer", text_en=THANKS, exception="because")
    assert refused.status_code == 422
    assert 'href="#confirmed"' in refused.text
    done = visitor.fill(f"/en/cases/{case}", "reply", kind="answer", text_en=THANKS, confirmed="true")
    assert done.status_code == 303
    [queued] = [event for event in happened(council, case) if event.what == "reply_queued"]
    assert queued.detail["cautions"] == ["political"]


def test_nobody_else_is_asked_for_a_confirmation(site: Site) -> None:
    case, visitor = site.said(ENGLISH), site.visitor("rhys")
    assert "Take care before you answer" not in visitor.get(f"/en/cases/{case}").text


def test_before_an_election_every_case_says_so_until_the_poll(site: Site) -> None:
    council = under(site, with_rules("powys", pre_elections=(ELECTION,)))
    case = council.said(ENGLISH)
    banner = "Cyfnod cyn etholiad: Is-etholiad Cwm Enghraifft"
    assert banner in html.unescape(council.visitor("rhys").get(f"/cy/cases/{case}").text)
    council.now = datetime(2026, 12, 4, 9, 0, tzinfo=UTC)
    assert banner not in html.unescape(council.visitor("rhys").get(f"/cy/cases/{case}").text)


# Machine translation.


def test_powys_lets_a_machine_translate_in_immediate_danger_and_has_it_checked(site: Site) -> None:
    case, rhys, gwenno = site.said(WELSH), site.visitor("rhys"), site.visitor("gwenno")
    text = {"kind": "answer", "text_cy": "Mae'r afon yn codi. Nid yw yn ddiogel.", "machine_cy": "true"}
    unnamed = rhys.fill(f"/en/cases/{case}", "reply", **text)
    assert unnamed.status_code == 422
    assert "say which danger it is" in unnamed.text
    rhys.fill(f"/en/cases/{case}", "reply", **text, danger="The river is rising.")
    assert "Translated by machine; the translators check it." in rhys.get(f"/en/cases/{case}").text
    pipeline.dispatch(site.here, now=site.now)
    with site.store.read() as session:
        week = figures.rows(session, site.now - timedelta(days=1), site.now + timedelta(days=1), site.now.date())
    assert [each.place.area for each in week.by_machine] == ["waste"], "it is counted in the weekly report"
    waiting = gwenno.get("/cy/translations").text
    assert "cyfieithiad peirianyddol, i'w wirio" in html.unescape(waiting)
    gwenno.post(
        "/cy/translations/1", data={"csrf": token_in(waiting), "what": "hand_in", "text": "Mae'r afon yn codi!"}
    )
    page = html.unescape(rhys.get(f"/en/cases/{case}").text)
    assert "Translated by machine, and checked since." in page
    assert "Mae'r afon yn codi!" in page


def test_where_the_pack_never_allows_it_there_is_no_box_to_tick_and_no_way_round(site: Site) -> None:
    cardiff = under(site, policy.load("cardiff"))
    case, visitor = cardiff.said(WELSH), cardiff.visitor("rhys")
    assert "machine_cy" not in visitor.get(f"/en/cases/{case}").text
    refused = visitor.fill(
        f"/en/cases/{case}", "reply", kind="answer", text_cy=DIOLCH, machine_cy="true", danger="x", exception="x"
    )
    assert "The policy lets no text leave that a machine translated" in refused.text
    assert written(cardiff, case) == []


# Translation requests.


def test_what_the_translators_hand_in_lands_in_the_officers_box(site: Site) -> None:
    case, rhys, gwenno = site.said(WELSH), site.visitor("rhys"), site.visitor("gwenno")
    asked = rhys.fill(
        f"/en/cases/{case}", "translation", kind="holding", text_en=THANKS, context="She has asked twice."
    )
    assert asked.headers["location"] == f"/en/cases/{case}?done=ask_translation"
    assert state(site, case) is State.AWAITING_TRANSLATION
    page = html.unescape(re.sub("<[^>]+>", "", rhys.get(f"/en/cases/{case}").text))
    assert "Asked for: our reply, English → Welsh" in page
    assert "Back by 23 November 2026, 17:15" in page
    assert "Into: Welsh" in page
    assert "Escalated to" not in page
    waiting = html.unescape(gwenno.get("/en/translations").text)
    assert all(shown in waiting for shown in (THANKS, "She has asked twice.", WELSH, "Newyddion y cyngor"))
    assert "Mair Enghraifft" not in waiting
    token = token_in(waiting)
    gwenno.post("/en/translations/1", data={"csrf": token, "what": "take"})
    assert "Translator: Gwenno Puw" in rhys.get(f"/en/cases/{case}").text
    done = gwenno.post("/en/translations/1", data={"csrf": token, "what": "hand_in", "text": DIOLCH})
    assert done.headers["location"] == "/en/translations?done=hand_in"
    assert state(site, case) is State.ASSIGNED
    back = rhys.get(f"/en/cases/{case}").text
    assert boxes(back) == {"cy": DIOLCH, "en": THANKS}
    assert re.search(r'value="holding" checked', back)
    rhys.fill(f"/en/cases/{case}", "reply", kind="holding", text_cy=DIOLCH)
    assert boxes(rhys.get(f"/en/cases/{case}").text) == {"cy": "", "en": ""}


def test_what_a_comment_says_is_asked_for_and_read_on_the_case(site: Site) -> None:
    case, rhys, gwenno = site.said(WELSH), site.visitor("rhys"), site.visitor("gwenno")
    rhys.fill(f"/en/cases/{case}", "translation", what="comment")
    token = token_in(gwenno.get("/en/translations").text)
    gwenno.post("/en/translations/1", data={"csrf": token, "what": "hand_in", "text": "When are the bins emptied?"})
    page = rhys.get(f"/en/cases/{case}").text
    assert "When are the bins emptied?" in page
    assert boxes(page) == {"cy": "", "en": ""}


@pytest.mark.parametrize("texts", [{}, {"text_cy": DIOLCH, "text_en": THANKS}])
def test_one_text_is_asked_for_and_the_words_stay_where_it_is_not_one(site: Site, texts: dict[str, str]) -> None:
    case, visitor = site.said(WELSH), site.visitor("rhys")
    refused = visitor.fill(f"/en/cases/{case}", "translation", kind="answer", **texts)
    assert refused.status_code == 422
    assert "leave the other one empty" in refused.text
    assert boxes(refused.text) == {"cy": texts.get("text_cy", ""), "en": texts.get("text_en", "")}
    assert state(site, case) is State.RECEIVED


def test_an_officer_does_without_or_puts_in_what_came_by_telephone(site: Site) -> None:
    visitor = site.visitor("rhys")
    for form, fields, done in (
        ("translation/withdrawn", {"reason": "She writes English too."}, "withdraw_translation"),
        ("translation/came", {"text": DIOLCH}, "translated"),
    ):
        case = site.said(WELSH)
        visitor.fill(f"/en/cases/{case}", "translation", kind="answer", text_en=THANKS)
        assert visitor.fill(f"/en/cases/{case}", form).status_code == 422
        answer = visitor.fill(f"/en/cases/{case}", form, **fields)
        assert answer.headers["location"] == f"/en/cases/{case}?done={done}"
        assert state(site, case) is State.ASSIGNED
        assert visitor.fill(f"/en/cases/{case}", form, reason="x", text="x").status_code == 409
    with site.store.read() as session:
        states = [each.row.state for case in (1, 2) for each in requests.of_case(session, case)]
    assert states == [TranslationState.WITHDRAWN, TranslationState.DONE]


def test_a_translator_is_led_to_the_texts_and_sees_no_case(site: Site) -> None:
    case, visitor = site.said(WELSH), site.visitor()
    page = visitor.get("/cy/sign-in")
    data = {"csrf": token_in(page.text), "username": "gwenno", "password": "ceffyl batri stwffwl cywir"}
    assert visitor.post("/cy/sign-in", data=data).headers["location"] == "/cy/translations"
    assert visitor.get("/").headers["location"] == "/cy/translations"
    assert visitor.get("/cy/sign-in").headers["location"] == "/cy/translations"
    assert visitor.get(f"/cy/cases/{case}").status_code == 404
    refused = visitor.get("/cy/queue")
    assert refused.status_code == 403
    assert 'href="/cy/translations"' in refused.text


def test_a_translator_hands_in_nothing_empty_and_nothing_that_is_over(site: Site) -> None:
    case, rhys, gwenno = site.said(WELSH), site.visitor("rhys"), site.visitor("gwenno")
    rhys.fill(f"/en/cases/{case}", "translation", kind="answer", text_en=THANKS)
    token = token_in(gwenno.get("/en/translations").text)
    empty = gwenno.post("/en/translations/1", data={"csrf": token, "what": "hand_in", "text": " "})
    assert empty.status_code == 422
    assert "Write the translation before you hand it in." in empty.text
    rhys.fill(f"/en/cases/{case}", "translation/withdrawn", reason="no longer needed")
    gone = gwenno.post("/en/translations/1", data={"csrf": token, "what": "hand_in", "text": DIOLCH})
    assert gone.headers["location"] == "/en/translations?done=gone"
    assert gwenno.post("/en/translations/99", data={"csrf": token, "what": "take"}).status_code == 404


def test_who_translates_everywhere_and_answers_in_one_area_sees_the_cases_of_that_area_alone(site: Site) -> None:
    ours, theirs = site.said(WELSH), site.said("The pothole is not mended", account="priffyrdd-fb")

    def grant(session: Session) -> None:
        session.add(people.GrantRow(user_id=site.users["rhys"], role=Role.TRANSLATOR, area="*"))

    site.store.write(grant)
    rhys = site.visitor("rhys")
    assert [rhys.get(f"/en/cases/{case}").status_code for case in (ours, theirs)] == [200, 404]
    assert "pothole" not in rhys.get("/en/queue?show=all").text
    assert rhys.get("/en/translations").status_code == 200


# Approval.


def test_a_reply_is_read_by_a_colleague_before_it_leaves(site: Site) -> None:
    careful = under(site, with_rules("powys", approval=ALWAYS))
    case, rhys, catrin = careful.said(WELSH), careful.visitor("rhys"), careful.visitor("catrin")
    assert "Send it for approval" in rhys.get(f"/en/cases/{case}").text
    sent = rhys.fill(f"/en/cases/{case}", "reply", kind="answer", text_cy=DIOLCH)
    assert sent.headers["location"] == f"/en/cases/{case}?done=for_approval"
    pipeline.dispatch(careful.here, now=careful.now)
    assert careful.platforms["cyngor-fb"].sent == []

    own = rhys.get("/en/approvals").text
    assert "You wrote this reply. A colleague must approve it." in own
    assert "replies/1/approve" not in own
    data = {"csrf": token_in(own), "version": version_in(own)}
    assert rhys.post("/en/replies/1/approve", data=data).status_code == 422

    waiting = catrin.get("/cy/approvals").text
    assert html.escape(DIOLCH, quote=False).replace("'", "&#39;") in waiting
    data = {"csrf": token_in(waiting), "version": version_in(waiting)}
    done = catrin.post("/cy/replies/1/approve", data=data)
    assert done.headers["location"] == f"/cy/cases/{case}?done=approve"
    pipeline.dispatch(careful.here, now=careful.now)
    assert careful.platforms["cyngor-fb"].sent == [DIOLCH]
    assert state(careful, case) is State.ANSWERED
    assert catrin.post("/cy/replies/1/approve", data=data).status_code == 409


def test_one_that_is_sent_back_is_in_the_boxes_again_with_what_was_said(site: Site) -> None:
    careful = under(site, with_rules("powys", approval=ALWAYS))
    case, rhys, catrin = careful.said(WELSH), careful.visitor("rhys"), careful.visitor("catrin")
    rhys.fill(f"/en/cases/{case}", "reply", kind="answer", text_cy=DIOLCH)
    waiting = catrin.get("/en/approvals").text
    data = {"csrf": token_in(waiting), "version": version_in(waiting)}
    silent = catrin.post("/en/replies/1/send-back", data=data)
    assert silent.status_code == 422
    assert "Say what is to be changed." in silent.text
    catrin.post("/en/replies/1/send-back", data=data | {"reason": "Say which day."})
    page = rhys.get(f"/en/cases/{case}").text
    assert "Say which day." in page
    assert boxes(page)["cy"] == DIOLCH
    assert "No reply waits for approval." in catrin.get("/en/approvals").text


def test_what_a_machine_translated_is_not_checked_while_it_is_a_draft(site: Site) -> None:
    careful = under(site, with_rules("powys", approval=ALWAYS))
    case, rhys, catrin = careful.said(WELSH), careful.visitor("rhys"), careful.visitor("catrin")
    text = {"kind": "answer", "text_cy": DIOLCH, "machine_cy": "true", "danger": "The river is rising."}
    rhys.fill(f"/en/cases/{case}", "reply", **text)
    waiting = catrin.get("/en/approvals").text
    data = {"csrf": token_in(waiting), "version": version_in(waiting), "reason": "Say which river."}
    catrin.post("/en/replies/1/send-back", data=data)
    assert "Nothing waits to be translated." in careful.visitor("gwenno").get("/en/translations").text
    rhys.fill(f"/en/cases/{case}", "reply", **text)
    with careful.store.read() as session:
        states = [each.row.state for each in requests.of_case(session, case)]
    assert states == [TranslationState.TO_CHECK, TranslationState.WITHDRAWN]


def test_an_officer_approves_nothing_of_another_area(site: Site) -> None:
    careful = under(site, with_rules("powys", approval=ALWAYS))
    case, elin = careful.said(WELSH), careful.visitor("elin")
    careful.visitor("rhys").fill(f"/en/cases/{case}", "reply", kind="answer", text_cy=DIOLCH)
    page = elin.get("/en/approvals").text
    assert "No reply waits for approval." in page
    data = {"csrf": token_in(page), "version": "1", "reason": "x"}
    assert [elin.post(f"/en/replies/1/{act}", data=data).status_code for act in ("approve", "send-back")] == [404, 404]
    assert [reply.state for reply in written(careful, case)] == [ReplyState.AWAITING_APPROVAL]


def test_estyn_has_a_second_approver_before_an_election(site: Site) -> None:
    estyn = under(site, with_rules("estyn", pre_elections=(ELECTION,)))
    case, catrin = estyn.said(WELSH), estyn.visitor("catrin")
    catrin.fill(f"/en/cases/{case}", "reply", kind="answer", text_cy=DIOLCH)
    assert [reply.state for reply in written(estyn, case)] == [ReplyState.AWAITING_APPROVAL]
    assert "It is a pre-election period" not in catrin.get("/en/queue").text


# A platform that takes no reply.


def test_what_a_platform_does_not_take_is_answered_there_and_recorded_here(site: Site) -> None:
    case, visitor = site.said(WELSH), site.visitor("rhys")
    site.platforms["cyngor-fb"] = DeafPlatform("cyngor-fb")
    refused = visitor.fill(f"/en/cases/{case}", "reply", kind="answer", text_cy=DIOLCH)
    assert refused.status_code == 422
    assert "This platform takes no reply from here." in refused.text
    assert boxes(refused.text)["cy"] == DIOLCH
    given = {"day": "20", "month": "11", "year": "2026", "clock": "09:30"}
    done = visitor.fill(f"/en/cases/{case}", "elsewhere", kind="answer", text_cy=DIOLCH, **given)
    assert done.headers["location"] == f"/en/cases/{case}?done=record"
    assert state(site, case) is State.ANSWERED


# The word bank, and the boxes.


def test_the_word_bank_stands_beside_the_boxes_in_both_languages(site: Site) -> None:
    case = site.said(WELSH)
    page = html.unescape(site.visitor("rhys").get(f"/en/cases/{case}").text)
    assert '<td lang="cy">Diolch am eich amynedd.</td><td lang="en">Thank you for your patience.</td>' in page


def test_a_saved_reply_is_filled_with_what_is_known_of_the_case(site: Site) -> None:
    case, visitor = site.said("The pothole is not mended", account="priffyrdd-fb"), site.visitor("elin")
    filled = boxes(visitor.fill(f"/en/cases/{case}", "saved-reply", kind="answer", saved="signpost").text)
    assert "i'r tîm cywir: Priffyrdd." in filled["cy"]
    assert "the right team: Highways." in filled["en"]
    assert "Argyfwng ar y ffordd" in filled["cy"]
    assert "{name}" in filled["en"]
