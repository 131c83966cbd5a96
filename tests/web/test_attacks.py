"""What a hostile visitor, or a colleague from another area, tries on the pages; each of these worked once, or might."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
from sqlalchemy import select

from moderation import queue
from store import accounts, audit, comments, people
from store.comments import CommentRow, OwnReplyRow
from store.database import Session
from store.people import GrantRow, UnfitUsername
from tests.web.world import NOW, PASSWORD, STAFF, Site, Visitor, sign_in, token_in, version_in
from vocabulary import Author, OwnReply, Role
from web.app import create_app
from web.security import FORM_COOKIE, SESSION_COOKIE, SignInLimit

IN_PARTS = '--x\r\nContent-Disposition: form-data; name="username"\r\n\r\n{}\r\n--x--\r\n'
OTHERS_SECRET = "The pothole by Mrs Enghraifft's gate"


def first_comment(site: Site, case_id: int) -> int:
    with site.store.read() as session:
        return session.scalars(select(CommentRow.id).where(CommentRow.case_id == case_id)).one()


def trail(site: Site) -> Sequence[audit.AuditRow]:
    with site.store.read() as session:
        return session.scalars(select(audit.AuditRow).order_by(audit.AuditRow.number)).all()


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data; boundary=x",
        "multipart/form-data; boundary=x; charset=punycode",
        "multipart/form-data; boundary=x; charset=unicode_escape",
        "application/json",
        "text/plain",
    ],
)
@pytest.mark.parametrize("path", ["/en/sign-in", "/cy/sign-in", "/en/cases/1/notes", "/en/nowhere"])
def test_a_form_in_any_other_shape_is_turned_away_unread(still_site: Site, path: str, kind: str) -> None:
    """Decoding a megabyte of punycode takes minutes, and happened before anybody asked who sent it."""
    body = IN_PARTS.format("a" * 200_000 + "-" + "a" * 200_000).encode()
    answer = still_site.visitor().post(path, content=body, headers={"content-type": kind})
    assert answer.status_code == 415
    assert "<h1" in answer.text


def test_tries_made_all_at_once_are_counted_like_tries_made_in_turn(site: Site) -> None:
    limit = SignInLimit()
    inside, go_on, allowed = threading.Barrier(12), threading.Barrier(12), list[bool]()

    def attempt() -> None:
        inside.wait()
        with limit.one_try("rhys", "127.0.0.1") as may:
            allowed.append(may)
            go_on.wait()
            if may:
                limit.failed("rhys", "127.0.0.1")

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert allowed.count(True) == 5
    with limit.one_try("rhys", "127.0.0.1") as may:
        assert not may


def test_right_passwords_use_up_no_tries(site: Site) -> None:
    for _ in range(8):
        assert sign_in(site.visitor(), "rhys").status_code == 303


@pytest.mark.parametrize("written", ["rhys ", "\trhys", "rh\0ys", "RHYS", "Rhys"])
def test_another_spelling_of_a_name_buys_no_more_tries(site: Site, written: str) -> None:
    visitor = site.visitor()
    for _ in range(5):
        sign_in(visitor, "rhys", "guess")
    assert sign_in(visitor, written, PASSWORD).status_code == 429


def test_an_address_that_is_only_claimed_buys_no_more_tries(site: Site) -> None:
    visitor = site.visitor()
    page = visitor.get("/en/sign-in").text
    answers = [
        visitor.post(
            "/en/sign-in",
            data={"csrf": token_in(page), "username": "rhys", "password": "guess"},
            headers={"x-forwarded-for": f"10.0.0.{number}", "forwarded": f"for=10.0.0.{number}"},
        )
        for number in range(6)
    ]
    assert answers[-1].status_code == 429


def test_a_known_and_an_unknown_name_are_refused_in_the_same_words(site: Site) -> None:
    known, unknown = (sign_in(site.visitor(), name, "guess") for name in ("rhys", "rhyz"))
    assert known.status_code == unknown.status_code == 422
    plain = [answer.text.replace(token_in(answer.text), "") for answer in (known, unknown)]
    assert plain[0].replace("rhys", "rhyz") == plain[1]


def test_a_session_that_somebody_planted_is_not_the_one_that_opens(site: Site) -> None:
    visitor = site.visitor(cookies={SESSION_COOKIE: "planted", FORM_COOKIE: "planted"})
    sign_in(visitor, "rhys")
    opened = [cookie.value for cookie in visitor.cookies.jar if cookie.name == SESSION_COOKIE]
    assert "planted" not in opened[-1:]
    assert site.visitor(cookies={SESSION_COOKIE: "planted"}).get("/en/queue").status_code == 303


def test_the_token_of_another_session_opens_no_form(site: Site) -> None:
    case = site.said("When are the bins emptied?")
    mine, theirs = site.visitor("rhys"), site.visitor("catrin")
    token = token_in(theirs.get(f"/en/cases/{case}").text)
    before = len(trail(site))
    for path in (f"/en/cases/{case}/notes", f"/en/cases/{case}/acts/close", "/cy/sign-out"):
        assert mine.post(path, data={"csrf": token, "reason": "never", "version": "1"}).status_code == 403
    assert len(trail(site)) == before


FORGED = (
    ("reply", {"kind": "answer", "text_en": "never sent", "text_cy": "byth"}),
    ("acts/assign", {"to": "waste", "reason": "mine now"}),
    ("acts/close", {"outcome": "answered", "reason": "gone"}),
    ("acts/escalate", {"reason": "x"}),
    ("notes", {"reason": "I was here"}),
    ("answer-owed", {"owed": "false", "reason": "x"}),
    ("native", {"own_reply": "1"}),
    (
        "elsewhere",
        {"kind": "answer", "text_en": "never given", "day": "20", "month": "11", "year": "2026", "clock": "9:30"},
    ),
    ("redraw", {"text_en": "x"}),
)


@pytest.mark.parametrize("form", FORGED, ids=[name for name, _ in FORGED])
def test_another_areas_case_cannot_be_touched_by_its_number(site: Site, form: tuple[str, dict[str, str]]) -> None:
    case = site.said(OTHERS_SECRET, account="priffyrdd-fb")
    version = version_in(site.visitor("elin").get(f"/en/cases/{case}").text)
    visitor = site.visitor("rhys")
    token = token_in(visitor.get("/en/queue").text)
    before = len(trail(site))
    answer = visitor.post(f"/en/cases/{case}/{form[0]}", data={"csrf": token, "version": version, **form[1]})
    assert answer.status_code == 404
    assert OTHERS_SECRET not in answer.text
    hidden = visitor.post(
        f"/en/comments/{first_comment(site, case)}/hiding", data={"csrf": token, "hidden": "true", "reason": "x"}
    )
    assert hidden.status_code == 404
    assert not site.platforms["priffyrdd-fb"].hidden
    assert len(trail(site)) == before


def test_a_reply_that_stands_under_another_areas_case_cannot_be_confirmed_as_mine(site: Site) -> None:
    mine, theirs = site.said("When are the bins emptied?"), site.said(OTHERS_SECRET, account="priffyrdd-fb")
    with site.store.read() as session:
        said = session.get_one(CommentRow, first_comment(site, theirs))
    ours = OwnReply(account="priffyrdd-fb", native_id="o1", in_reply_to=said.native_id, text="Done", posted_at=NOW)

    def keep(session: Session) -> int:
        comments.keep_own(session, accounts.by_slug(session, "priffyrdd-fb"), [ours], now=NOW)
        return session.scalars(select(OwnReplyRow.id)).one()

    own_reply = site.store.write(keep)
    answer = site.visitor("rhys").fill(f"/en/cases/{mine}", "native", own_reply=str(own_reply))
    assert answer.status_code == 409
    with site.store.read() as session:
        assert queue.get(session, mine).state.value == "received"


@pytest.mark.parametrize("key", ["0001-01-01.0", "9999-12-31.1", "2026-11-20.9007199254740991", "x", "2026-11-20.-1"])
@pytest.mark.parametrize("way", ["after", "before"])
@pytest.mark.parametrize("area", ["", "highways", "*", "waste' OR 1=1 --"])
def test_no_page_of_the_queue_leads_into_another_area(still_site: Site, key: str, way: str, area: str) -> None:
    page = still_site.visitor("rhys").get("/en/queue", params={way: key, "area": area}).text
    assert "pothole" not in page


@pytest.mark.parametrize("path", ["/en/reports/weekly", "/en/reports/weekly.csv"])
def test_the_report_of_an_area_counts_nobody_elses(site: Site, path: str) -> None:
    week = {"week": "2026-W47"}
    visitor = site.visitor("rhys")
    before = visitor.get(path, params=week).text
    site.said(OTHERS_SECRET, account="priffyrdd-fb")
    assert visitor.get(path, params=week).text == before
    assert site.visitor("elin").get(path, params=week).text != before


def test_a_role_that_is_taken_away_is_gone_with_the_next_page(site: Site) -> None:
    case = site.said("When are the bins emptied?")
    visitor = site.visitor("catrin")
    page = visitor.get(f"/en/cases/{case}").text

    def demote(session: Session) -> None:
        grant = session.scalars(select(GrantRow).where(GrantRow.user_id == site.users["catrin"])).one()
        grant.role, grant.area = Role.AUDITOR, "highways"

    site.store.write(demote)
    data = {"csrf": token_in(page), "version": version_in(page), "reason": "still here?"}
    assert visitor.post(f"/en/cases/{case}/notes", data=data).status_code == 404
    assert visitor.get("/en/queue").text.count(f"/cases/{case}") == 0


@pytest.mark.parametrize("username", ["aled", "nia"])
def test_who_only_watches_changes_nothing(site: Site, username: str) -> None:
    case = site.said("When are the bins emptied?")
    visitor = site.visitor(username)
    token, before = token_in(visitor.get("/en/queue").text), len(trail(site))
    for form, fields in FORGED:
        answer = visitor.post(f"/en/cases/{case}/{form}", data={"csrf": token, "version": "1", **fields})
        assert answer.status_code == (200 if form == "redraw" else 403), form
    hiding = f"/en/comments/{first_comment(site, case)}/hiding"
    assert visitor.post(hiding, data={"csrf": token, "hidden": "true", "reason": "x"}).status_code == 403
    assert len(trail(site)) == before


def test_roles_in_two_areas_are_not_added_up(site: Site) -> None:
    """An officer for waste who audits highways answers for waste, and only looks at highways."""
    site.store.write(
        lambda session: session.add(GrantRow(user_id=site.users["rhys"], role=Role.AUDITOR, area="highways"))
    )
    case = site.said(OTHERS_SECRET, account="priffyrdd-fb")
    visitor = site.visitor("rhys")
    page = visitor.get(f"/en/cases/{case}")
    assert page.status_code == 200
    note = {"csrf": token_in(page.text), "reason": "x"}
    assert visitor.post(f"/en/cases/{case}/notes", data=note).status_code == 403


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}{% raw %}",
    "</textarea><form action=//evil.example>",
    "<!--",
    "]]>",
)


@pytest.mark.parametrize("words", HOSTILE)
def test_what_residents_and_officers_write_is_never_a_part_of_the_page(site: Site, words: str) -> None:
    case = site.said(
        f"The bin {words}", author=Author("a-hostile", words), url=f"javascript:alert('{words}')", thread=f"t{words}"
    )
    visitor = site.visitor("rhys")
    assert visitor.fill(f"/en/cases/{case}", "notes", reason=words).status_code == 303
    refused = visitor.fill(f"/en/cases/{case}", "reply", kind="answer", text_cy=words, exception=words)
    pages = [visitor.get("/en/queue").text, visitor.get(f"/cy/cases/{case}").text, refused.text]
    for page in pages:
        assert words not in page.replace("<!-- ", "") or words in ("{{ 7*7 }}{% raw %}", "]]>")
        assert "javascript:" not in page
    assert ">49<" not in "".join(pages)


def test_a_name_cannot_turn_the_line_it_stands_in_around(site: Site) -> None:
    name = "Mair\u202e\u2066moc.live\0\n\r\x1b[31m" + "\u200b" * 50 + "x" * 100_000
    case = site.said("The bin is not emptied", author=Author("a-bidi", name))
    visitor = site.visitor("rhys")
    for path in ("/en/queue", f"/en/cases/{case}"):
        page = visitor.get(path).text
        assert not set("\u202e\u2066\0\x1b") & set(page)
        assert len(page) < 100_000


def test_a_comment_as_long_as_a_book_leaves_the_pages_light(site: Site) -> None:
    case = site.said("The bin " + "a" * 99_000 + "\u202e" * 500)
    visitor = site.visitor("rhys")
    assert len(visitor.get("/en/queue").text) < 50_000
    page = visitor.get(f"/en/cases/{case}")
    assert page.status_code == 200
    assert "\u202e" not in page.text


def test_nobody_signs_in_under_the_name_by_which_the_trail_means_the_system(site: Site) -> None:
    for name in ("system", "System", "command line", "rhys ", "", "a\nb", "mair\u0430"):
        with pytest.raises(UnfitUsername):
            site.store.write(
                lambda session, name=name: people.add(  # type: ignore[misc]
                    session, username=name, full_name="X", password_hash="-", grants=[(Role.OFFICER, "waste")], now=NOW
                )
            )


def test_every_act_of_a_person_names_them_and_its_subject_and_quotes_nothing(site: Site) -> None:
    words, name, note = "When is the brown bin emptied please", "Mair Enghraifft-Unigryw", "I rang her on Tuesday"
    case = site.said(words, author=Author("a-unique", name))
    comment = first_comment(site, case)
    visitor = site.visitor("rhys")
    forms = (
        ("notes", {"reason": note}),
        ("acts/assign", {"to": f"waste.{site.users['rhys']}", "reason": note}),
        ("answer-owed", {"owed": "false", "reason": note}),
        ("reply", {"kind": "holding", "text_en": "Thank you, we have it", "exception": note}),
        ("acts/escalate", {"reason": note}),
    )
    for form, fields in forms:
        before = len(trail(site))
        assert visitor.fill(f"/en/cases/{case}", form, **fields).status_code == 303, form
        added = trail(site)[before:]
        assert any(row.actor == "rhys" and row.subject == f"case:{case}" for row in added), form
    before = len(trail(site))
    page = visitor.get(f"/en/cases/{case}").text
    hiding = {"csrf": token_in(page), "hidden": "true", "rule": "civil", "sure": "true", "reason": note}
    assert visitor.post(f"/en/comments/{comment}/hiding", data=hiding).status_code == 303
    assert {row.actor for row in trail(site)[before:]} == {"rhys"}
    written = "\n".join(f"{row.actor} {row.action} {row.subject} {row.before} {row.after}" for row in trail(site))
    for never in (words, name, note, "Thank you", PASSWORD, *(full for full, _, _ in STAFF.values())):
        assert never not in written


def test_a_wrong_name_is_not_written_down_for_it_may_be_a_password(site: Site) -> None:
    sign_in(site.visitor(), "ceffyl-batri-stwffwl", "x")
    assert "ceffyl" not in "".join(f"{row.actor}{row.subject}{row.before}{row.after}" for row in trail(site))


def test_signing_out_of_one_browser_leaves_the_other_in(site: Site) -> None:
    one, other = site.visitor("rhys"), site.visitor("rhys")
    one.post("/en/sign-out", data={"csrf": token_in(one.get("/en/queue").text)})
    assert one.get("/en/queue").status_code == 303
    assert other.get("/en/queue").status_code == 200


def test_over_https_no_cookie_travels_in_the_clear(site: Site) -> None:
    from dataclasses import replace

    here = replace(site.here, settings=site.here.settings.model_copy(update={"https": True}))
    visitor = Visitor(create_app(here, now=lambda: site.now), base_url="https://localhost", follow_redirects=False)
    page = visitor.get("/en/sign-in")
    data = {"csrf": token_in(page.text), "username": "rhys", "password": PASSWORD}
    done = visitor.post("/en/sign-in", data=data)
    cookies = [*page.headers.get_list("set-cookie"), *done.headers.get_list("set-cookie")]
    kept = [each for each in cookies if "Max-Age=0" not in each]
    assert len(kept) >= 2
    assert all("Secure" in each and "HttpOnly" in each for each in kept)
