"""What may be done with a case: each act once, by those who may, on the case as they saw it."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest

import pipeline
from moderation import queue
from pipeline import reading
from store import accounts, audit, cases, comments, findings, replies
from store.database import Session
from store.desk import unsettled
from tests.factories import a_comment
from tests.web.world import Site, token_in, version_in
from vocabulary import Author, Label, OwnReply, ReplyKind, ReplyLanguage, ReplyState, State

WELSH = "Pryd mae'r biniau yn cael eu casglu?"
ENGLISH = "When is the bin lorry coming?"
DIOLCH = "Diolch am eich neges. Mae'r criw yn dod yfory."


def state(site: Site, case: int) -> State:
    with site.store.read() as session:
        return queue.get(session, case).state


def sent(site: Site, case: int) -> list[replies.ReplyRow]:
    with site.store.read() as session:
        return list(replies.of_case(session, case))


def test_a_welsh_comment_is_answered_in_welsh_and_the_clocks_stop(site: Site) -> None:
    case, visitor = site.said(WELSH), site.visitor("rhys")
    done = visitor.fill(f"/cy/cases/{case}", "reply", kind="answer", text_cy=DIOLCH)
    assert done.headers["location"] == f"/cy/cases/{case}?done=reply"
    pipeline.dispatch(site.here, now=site.now)
    assert site.platforms["cyngor-fb"].sent == [DIOLCH]
    assert state(site, case) is State.ANSWERED
    page = html.unescape(visitor.get(f"/cy/cases/{case}").text)
    assert "Atebwyd 20 Tachwedd 2026, 10:00" in page
    assert "wedi'i ateb" in page


def test_a_welsh_comment_answered_in_english_alone_is_refused_and_the_words_stay(site: Site) -> None:
    case, visitor = site.said(WELSH), site.visitor("rhys")
    typed = 'Thank you, the crew is coming on Monday & will "wait".'
    refused = visitor.fill(f"/en/cases/{case}", "reply", kind="answer", text_en=typed)
    assert refused.status_code == 422
    page = html.unescape(refused.text)
    assert "govuk-error-summary" in page
    assert "A reply in Welsh is owed, and there is none" in page
    assert typed in page
    assert sent(site, case) == []


def test_a_recorded_reason_lets_it_go_and_is_kept(site: Site) -> None:
    case, visitor = site.said(WELSH), site.visitor("rhys")
    reason = "The author asked for English on the telephone."
    visitor.fill(f"/en/cases/{case}", "reply", kind="answer", text_en="Thank you.", exception=reason)
    assert [reply.exception_reason for reply in sent(site, case)] == [reason]
    assert reason in visitor.get(f"/en/cases/{case}").text


@pytest.mark.parametrize("text", ["", "   ", "Thank you {name}."])
def test_an_empty_reply_or_an_unfilled_placeholder_never_leaves(site: Site, text: str) -> None:
    case, visitor = site.said(ENGLISH), site.visitor("rhys")
    refused = visitor.fill(f"/en/cases/{case}", "reply", kind="answer", text_en=text, exception="because")
    assert refused.status_code == 422
    assert sent(site, case) == []


def test_changing_the_language_takes_what_was_typed_along(site: Site) -> None:
    case, visitor = site.said(WELSH), site.visitor("rhys")
    page = visitor.get(f"/en/cases/{case}").text
    assert f'form="reply" formaction="/cy/cases/{case}/redraw"' in page
    there = visitor.post(
        f"/cy/cases/{case}/redraw",
        data={"csrf": token_in(page), "kind": "holding", "text_cy": DIOLCH, "text_en": "half a sen"},
    )
    assert there.status_code == 200
    assert 'lang="cy"' in there.text
    assert html.escape(DIOLCH, quote=False).replace("'", "&#39;") in there.text
    assert "half a sen" in there.text
    assert sent(site, case) == []
    assert visitor.get(f"/cy/cases/{case}/redraw").headers["location"] == f"/cy/cases/{case}"


def test_a_saved_reply_fills_the_boxes_and_sends_nothing(site: Site) -> None:
    case, visitor = site.said(WELSH), site.visitor("rhys")
    read = visitor.get(f"/cy/cases/{case}").text
    assert '<option value="holding">Ymateb dros dro</option>' in read
    filled = visitor.fill(f"/cy/cases/{case}", "saved-reply", kind="answer", saved="holding")
    assert filled.status_code == 200
    page = html.unescape(filled.text)
    assert "Eich cyfeirnod: GW-2026-000001." in page
    assert "Your reference: GW-2026-000001." in page
    assert re.search(r'value="holding" checked', page), "it is a holding reply, whatever was chosen before"
    assert "Wedi'i fewnosod" in page
    assert sent(site, case) == []
    assert visitor.get(f"/cy/cases/{case}/saved-reply").headers["location"] == f"/cy/cases/{case}"


def test_a_saved_reply_never_takes_the_place_of_what_was_typed(site: Site) -> None:
    case, visitor = site.said(WELSH), site.visitor("rhys")
    one = visitor.fill(f"/en/cases/{case}", "saved-reply", kind="answer", saved="holding", text_cy=DIOLCH)
    assert html.escape(DIOLCH, quote=False).replace("'", "&#39;") in one.text
    assert "Your reference: GW-2026-000001." in one.text
    assert re.search(r'value="answer" checked', one.text)
    both = visitor.fill(
        f"/en/cases/{case}", "saved-reply", kind="answer", saved="holding", text_cy=DIOLCH, text_en="half a sen"
    )
    assert both.status_code == 422
    assert "half a sen" in both.text
    assert "Your reference" not in both.text


@pytest.mark.parametrize("saved", ["", "nonsense", "../x"])
def test_a_saved_reply_that_is_not_there_is_asked_for_again(site: Site, saved: str) -> None:
    case, visitor = site.said(WELSH), site.visitor("rhys")
    asked = visitor.fill(f"/en/cases/{case}", "saved-reply", kind="answer", saved=saved, text_cy=DIOLCH)
    assert asked.status_code == 422
    assert "Choose a saved reply." in asked.text
    assert html.escape(DIOLCH, quote=False).replace("'", "&#39;") in asked.text


def test_what_a_saved_reply_leaves_open_must_be_filled_in_before_it_leaves(site: Site) -> None:
    case, visitor = site.said(WELSH), site.visitor("rhys")
    thanks = site.app.state.web.saved_replies.get("thanks")
    refused = visitor.fill(f"/en/cases/{case}", "reply", kind="answer", text_cy=thanks.cy, text_en=thanks.en)
    assert refused.status_code == 422
    assert "{name} has not been filled in" in refused.text
    assert sent(site, case) == []


def test_a_case_that_moved_while_it_was_read_is_not_touched(site: Site) -> None:
    case = site.said(ENGLISH)
    rhys, catrin = site.visitor("rhys"), site.visitor("catrin")
    read = rhys.get(f"/en/cases/{case}").text
    catrin.fill(f"/en/cases/{case}", "acts/escalate", reason="the press asks")
    for form, fields in (
        ("reply", {"kind": "answer", "text_en": "Thank you, and the bins are on the way."}),
        ("acts/close", {"outcome": "answered", "reason": "done"}),
        ("answer-owed", {"owed": "false", "reason": "praise"}),
    ):
        data = {"csrf": token_in(read), "version": version_in(read), **fields}
        stale = rhys.post(f"/en/cases/{case}/{form}", data=data)
        assert stale.status_code == 409, form
        assert "Somebody moved this case while you were reading" in stale.text
    assert state(site, case) is State.ESCALATED
    assert sent(site, case) == []


def test_an_act_that_the_table_does_not_have_is_refused(site: Site) -> None:
    case, visitor = site.said(ENGLISH), site.visitor("catrin")
    assert visitor.fill(f"/en/cases/{case}", "acts/return", reason="why").status_code == 409
    assert visitor.fill(f"/en/cases/{case}", "acts/reopen", reason="why").status_code == 409
    assert visitor.fill(f"/en/cases/{case}", "acts/answer", reason="why").status_code == 404
    assert visitor.fill(f"/en/cases/{case}", "acts/nonsense").status_code == 404
    assert state(site, case) is State.RECEIVED


def test_only_communications_hand_an_escalated_case_back(site: Site) -> None:
    case = site.said(ENGLISH)
    rhys = site.visitor("rhys")
    rhys.fill(f"/en/cases/{case}", "acts/escalate", reason="abusive")
    assert "acts/return" not in rhys.get(f"/en/cases/{case}").text
    assert rhys.fill(f"/en/cases/{case}", "acts/return", reason="why").status_code == 403
    site.visitor("catrin").fill(f"/en/cases/{case}", "acts/return", reason="it is for waste")
    assert state(site, case) is State.ASSIGNED


@pytest.mark.parametrize("act", ["escalate", "close"])
def test_what_needs_a_reason_is_not_done_without_one(site: Site, act: str) -> None:
    case, visitor = site.said(ENGLISH), site.visitor("rhys")
    refused = visitor.fill(f"/en/cases/{case}", f"acts/{act}", outcome="answered", reason="  ")
    assert refused.status_code == 422
    assert "govuk-error-summary" in refused.text
    assert f'id="act-{act}" open' in refused.text
    assert state(site, case) is State.RECEIVED


@pytest.mark.parametrize("outcome", ["", "nonsense"])
def test_closing_asks_for_an_outcome_of_the_policy(site: Site, outcome: str) -> None:
    case, visitor = site.said(ENGLISH), site.visitor("rhys")
    refused = visitor.fill(f"/en/cases/{case}", "acts/close", outcome=outcome, reason="done with")
    assert refused.status_code == 422
    assert "done with" in refused.text
    assert visitor.fill(f"/en/cases/{case}", "acts/close", outcome="answered", reason="x").status_code == 303
    assert state(site, case) is State.CLOSED


def test_a_case_is_given_to_an_officer_of_an_area_or_to_all_of_it(site: Site) -> None:
    case, visitor = site.said(ENGLISH), site.visitor("rhys")
    mine = f"waste.{site.users['rhys']}"
    assert visitor.fill(f"/en/cases/{case}", "acts/assign", to=mine).status_code == 303
    assert "Rhys Morgan" in visitor.get("/en/queue?show=mine").text
    away = visitor.fill(f"/en/cases/{case}", "acts/assign", to="highways")
    assert away.headers["location"] == "/en/queue?done=assign"
    assert "another service area" in visitor.get(away.headers["location"]).text
    assert visitor.get(f"/en/cases/{case}").status_code == 404
    assert "bin lorry" in site.visitor("elin").get("/en/queue").text


@pytest.mark.parametrize("to", ["", "nowhere", "waste.999", "waste.x"])
def test_nobody_is_given_a_case_who_does_not_work_there(site: Site, to: str) -> None:
    case, visitor = site.said(ENGLISH), site.visitor("rhys")
    assert visitor.fill(f"/en/cases/{case}", "acts/assign", to=to).status_code == 422
    elsewhere = f"waste.{site.users['elin']}"
    assert visitor.fill(f"/en/cases/{case}", "acts/assign", to=elsewhere).status_code == 422
    assert state(site, case) is State.RECEIVED


def test_notes_and_answer_owed_stand_in_the_history_with_who_and_why(site: Site) -> None:
    case, visitor = site.said(ENGLISH), site.visitor("rhys")
    visitor.fill(f"/en/cases/{case}", "notes", reason="Rang the depot.")
    visitor.fill(f"/en/cases/{case}", "answer-owed", owed="false", reason="Only praise.")
    page = visitor.get(f"/en/cases/{case}").text
    for words in ("Rhys Morgan added a note.", "Rang the depot.", "Only praise.", "Answer owed: no"):
        assert words in page
    assert "Newidiodd Rhys Morgan a oes angen ateb." in visitor.get(f"/cy/cases/{case}").text
    assert visitor.fill(f"/en/cases/{case}", "notes", reason=" ").status_code == 422
    assert visitor.fill(f"/en/cases/{case}", "answer-owed", owed="true", reason="").status_code == 422


def test_an_officers_correction_is_kept_outlives_a_re_run_and_is_told(site: Site) -> None:
    case, visitor = site.said("The bins, you idiots"), site.visitor("rhys")
    token = token_in(visitor.get(f"/en/cases/{case}").text)

    def corrects(finding: str, reason: str) -> int:
        form = {"csrf": token, "finding": finding, "reason": reason}
        status: int = visitor.post("/en/comments/1/correction", data=form).status_code
        return status

    assert corrects("abuse:no", "") == 422
    assert corrects("rude:no", "Banter.") == 422
    assert corrects("abuse:perhaps", "Banter.") == 422
    assert corrects("abuse:no", "Banter between friends.") == 303
    with site.store.read() as session:
        before = {each.about: each.score for each in findings.of_comments(session, [1])[1]}
    assert before[Label.ABUSE] == 0.0

    site.store.write(lambda session: setattr(session.get_one(comments.CommentRow, 1), "read_at", None))
    pipeline.read_waiting(site.here, now=site.now)
    with site.store.read() as session:
        assert {each.about: each.score for each in findings.of_comments(session, [1])[1]}[Label.ABUSE] == 0.0
    page = html.unescape(visitor.get(f"/en/cases/{case}").text)
    assert "Rhys Morgan corrected a finding." in page
    assert "Banter between friends." in page
    assert "This was missed: abuse" in page


def test_a_corrected_language_is_the_language_of_the_reply(site: Site) -> None:
    case, visitor = site.said(ENGLISH), site.visitor("rhys")
    token = token_in(visitor.get(f"/en/cases/{case}").text)
    form = {"csrf": token, "finding": "language:cy", "reason": "Welsh, badly spelt."}
    assert visitor.post("/en/comments/1/correction", data=form).status_code == 303
    with site.store.read() as session:
        assert queue.get(session, case).reply_in is ReplyLanguage.CY


def test_an_account_that_cannot_be_opened_says_so_and_keeps_the_words(site: Site) -> None:
    case, visitor = site.said(ENGLISH), site.visitor("rhys")
    del site.platforms["cyngor-fb"]
    refused = visitor.fill(f"/en/cases/{case}", "reply", kind="answer", text_en="Thank you, the bins.")
    assert refused.status_code == 422
    assert "Thank you, the bins." in refused.text
    assert "This account cannot be used from here at the moment" in refused.text
    assert sent(site, case) == []


def test_a_second_reply_waits_until_the_first_has_left(site: Site) -> None:
    case, visitor = site.said(ENGLISH), site.visitor("rhys")
    visitor.fill(f"/en/cases/{case}", "reply", kind="holding", text_en="Thank you, the bins.")
    refused = visitor.fill(f"/en/cases/{case}", "reply", kind="answer", text_en="And the answer is here.")
    assert refused.status_code == 422
    assert "And the answer is here." in refused.text
    assert len(sent(site, case)) == 1


def test_every_wording_of_a_comment_can_be_read(site: Site) -> None:
    case = site.said("The bins are late")

    def edit(session: Session) -> None:
        account = accounts.by_slug(session, "cyngor-fb")
        author = Author("a1", "Mair Enghraifft")
        newer = a_comment("The bins are never emptied", native_id="c1", author=author, posted_at=site.now)
        comments.keep(session, account, [newer], now=site.now)

    site.store.write(edit)
    pipeline.read_waiting(site.here, now=site.now)
    page = site.visitor("rhys").get(f"/en/cases/{case}").text
    assert "The bins are never emptied" in page
    assert "The bins are late" in page
    assert "The author edited a comment." in page


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://platform.example/1", True),
        ("javascript:alert(1)", False),
        ("http://platform.example/1", False),
        ("data:text/html,x", False),
        ("", False),
    ],
)
def test_only_a_secure_address_becomes_a_link(site: Site, url: str, linked: bool) -> None:
    case = site.said(ENGLISH, url=url)
    page = site.visitor("rhys").get(f"/en/cases/{case}").text
    assert ("See it on the platform" in page) is linked
    assert "javascript:" not in page


@pytest.mark.parametrize("language", ["cy", "en"])
def test_each_text_says_which_language_it_is_in(site: Site, language: str) -> None:
    welsh, english = site.said(WELSH), site.said(ENGLISH)
    visitor = site.visitor("rhys")
    assert '<p class="thread__words" lang="cy"' in visitor.get(f"/{language}/cases/{welsh}").text
    assert '<p class="thread__words" lang="en"' in visitor.get(f"/{language}/cases/{english}").text
    page = visitor.get(f"/{language}/cases/{welsh}").text
    assert 'name="text_cy" rows="5" lang="cy"' in page
    assert 'name="text_en" rows="2" lang="en"' in page


def test_the_counting_of_the_days_is_shown(site: Site) -> None:
    case = site.said(ENGLISH, posted_at=site.now - timedelta(days=6))
    page = site.visitor("rhys").get(f"/cy/cases/{case}").text
    assert "dydd Sul" in page
    assert "diwrnod gwaith 5" in page


def test_an_auditor_reads_and_has_no_button(site: Site) -> None:
    case = site.said(ENGLISH)
    page = site.visitor("aled").get(f"/en/cases/{case}").text
    assert "bin lorry" in page
    assert re.findall(r'<form[^>]* action="([^"]+)"', page) == ["/en/sign-out", "/en/search"]


def test_a_reply_made_on_the_platform_answers_once_an_officer_says_so(site: Site) -> None:
    case, visitor = site.said(ENGLISH), site.visitor("rhys")

    def found(session: Session) -> None:
        account = accounts.by_slug(session, "cyngor-fb")
        own = OwnReply(
            account="cyngor-fb", native_id="n1", in_reply_to="c1", text="Coming on Monday.", posted_at=site.now
        )
        comments.keep_own(session, account, [own], now=site.now)

    site.store.write(found)
    with site.store.read() as session:
        account = accounts.by_slug(session, "cyngor-fb")
    reading.join_native(site.here, account, now=site.now)
    page = visitor.get(f"/en/cases/{case}").text
    assert "Coming on Monday." in page
    assert "A reply made on the platform itself was found." in page
    assert visitor.fill(f"/en/cases/{case}", "native", own_reply="1").status_code == 303
    assert state(site, case) is State.ANSWERED


@pytest.mark.parametrize(
    ("what", "becomes"),
    [
        ("published", ReplyState.SENT),
        ("again", ReplyState.APPROVED),
        ("given_up", ReplyState.FAILED_FOR_GOOD),
    ],
)
def test_a_reply_of_unknown_fate_is_settled_by_a_person_once(site: Site, what: str, becomes: ReplyState) -> None:
    case = site.said(ENGLISH)
    site.visitor("rhys").fill(f"/en/cases/{case}", "reply", kind=ReplyKind.ANSWER.value, text_en="Thank you, the bins.")

    def lose(session: Session) -> None:
        part = replies.part(session, 1)
        part.state, part.needs_person, part.intended_at = ReplyState.UNCERTAIN, True, site.now

    site.store.write(lose)
    visitor = site.visitor("catrin")
    assert "Replies that wait for a person: 1" in visitor.get("/en/queue").text
    assert "wait for a person" not in site.visitor("rhys").get("/en/queue").text, "who may not settle it is not called"
    page = visitor.get("/en/escalations").text
    assert "Thank you, the bins." in page
    data = {"csrf": token_in(page), "what": what, "words": "He rang us instead."}
    assert visitor.post("/en/parts/1/settle", data=data).status_code == 303
    assert [reply.state for reply in sent(site, case)] == [becomes]
    again = visitor.post("/en/parts/1/settle", data=data)
    assert again.headers["location"] == "/en/escalations?done=settled"
    with site.store.read() as session:
        assert not unsettled(session, None)


def test_the_history_names_whoever_took_the_case_whatever_their_role(site: Site) -> None:
    case = site.said(ENGLISH)
    site.visitor("catrin").fill(f"/en/cases/{case}", "reply", kind="answer", text_en="Thank you, the bins are coming.")
    assert "Officer: Catrin Vaughan" in site.visitor("rhys").get(f"/en/cases/{case}").text


def test_every_act_leaves_its_row_in_the_trail(site: Site) -> None:
    case, visitor = site.said(ENGLISH), site.visitor("rhys")
    visitor.fill(f"/en/cases/{case}", "notes", reason="Rang the depot.")
    visitor.fill(f"/en/cases/{case}", "acts/escalate", reason="the press asks")
    visitor.fill(f"/en/cases/{case}", "acts/close", outcome="answered", reason="done")
    with site.store.read() as session:
        rows = session.query(audit.AuditRow).filter(audit.AuditRow.actor == "rhys").order_by(audit.AuditRow.number)
        actions = [row.action for row in rows]
        assert len(cases.events(session, case)) == 4
        assert audit.verify(session, site.here.keys.audit, None) is None
    assert actions == ["user.sign_in", "case.noted", "case.escalate", "case.close"]
