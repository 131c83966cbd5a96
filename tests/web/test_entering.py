"""What nothing collects is written down on a page, with files that are looked at, kept, and handed out to be saved."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from httpx2 import Response
from sqlalchemy import func, select, update

import pipeline
from moderation import queue
from moderation.sight import SHOWN_ONLY
from store import accounts, audit, replies
from store.accounts import AccountRow
from store.comments import CommentRow
from store.evidence import LARGEST, EvidenceRow
from store.people import GrantRow
from tests.web.world import A_PNG, NOW, STAFF, Site, Visitor, token_in, version_in
from vocabulary import Origin, Platform, ReplyState, Role, State

WELSH = "Pryd mae'r biniau yn cael eu casglu?"
ENGLISH = "When is the bin lorry coming?"
TYPED = {
    "account": "cyngor-fb",
    "text": WELSH,
    "author_name": "Mair Enghraifft",
    "author_id": "",
    "day": "20",
    "month": "11",
    "year": "2026",
    "clock": "09:30",
    "url": "",
}
Upload = tuple[str, bytes, str]


def form_in(page: str) -> str:
    found = re.search(r'name="form" value="([^"]+)"', page)
    assert found
    return found.group(1)


def enter(visitor: Visitor, *files: Upload, language: str = "en", page: str = "", **over: str) -> Response:
    """Fill in the page as a browser does, files in parts and all."""
    page = page or visitor.get(f"/{language}/enter").text
    data = {"csrf": token_in(page), "form": form_in(page), **TYPED, **over}
    given: Any = [("files", each) for each in files] or [("files", ("", b"", "application/octet-stream"))]
    answer: Response = visitor.post(f"/{language}/enter", data=data, files=given)
    return answer


def entered(site: Site) -> Sequence[CommentRow]:
    with site.store.read() as session:
        return session.scalars(select(CommentRow).where(CommentRow.origin == Origin.MANUAL)).all()


def count(site: Site, row: type[Any]) -> int:
    with site.store.read() as session:
        return session.scalar(select(func.count()).select_from(row)) or 0


def faults(page: str) -> Mapping[str, str]:
    """What the summary at the head of a page says, by the field that each fault leads to."""
    found = re.findall(r'<a href="#([^"]+)">(.*?)</a>', page.partition("error-summary")[2], re.DOTALL)
    return {field: html.unescape(text).strip() for field, text in found}


def case_of(answer: Response) -> int:
    found = re.fullmatch(r"/(?:cy|en)/cases/(\d+)\?done=entered", answer.headers["location"])
    assert found, answer.headers["location"]
    return int(found.group(1))


def picture(name: str = "sgrinlun.png", content: bytes = A_PNG, kind: str = "image/png") -> Upload:
    return name, content, kind


def test_a_telephone_call_becomes_a_case_with_its_evidence(site: Site) -> None:
    visitor = site.visitor("rhys")
    done = enter(visitor, picture(), ("galwad.m4a", b"\0\0\0\x1cftypM4A \0\0\0\0", "audio/mp4"), language="cy")
    case = case_of(done)

    page = html.unescape(visitor.get(done.headers["location"]).text)
    for words in (
        "Mae'r sylw wedi'i gadw, a dyma ei achos.",
        WELSH,
        "Mair Enghraifft",
        "20 Tachwedd 2026, 09:30",
        "wedi'i gofnodi â llaw",
        "sgrinlun.png",
        "galwad.m4a",
        "Cadwyd gan Rhys Morgan, 20 Tachwedd 2026, 10:00",
    ):
        assert words in page
    assert re.search(r"<code>[0-9a-f]{64}</code>", page)
    with site.store.read() as session:
        assert queue.get(session, case).due.isoformat() == "2026-11-27"


def test_it_comes_without_files_and_without_a_name_too(site: Site) -> None:
    case = case_of(enter(site.visitor("rhys"), author_name=""))

    [comment] = entered(site)
    assert (comment.case_id, comment.author_id) == (case, None)
    assert count(site, EvidenceRow) == 0


def test_two_clicks_are_one_comment(site: Site) -> None:
    visitor = site.visitor("rhys")
    page = visitor.get("/en/enter").text

    first, second = (enter(visitor, picture(), page=page) for _ in range(2))

    assert case_of(first) == case_of(second)
    assert (len(entered(site)), count(site, EvidenceRow)) == (1, 1)


def test_the_same_words_from_another_form_are_another_comment(site: Site) -> None:
    visitor = site.visitor("rhys")

    assert case_of(enter(visitor)) != case_of(enter(visitor))


WRONG: list[tuple[dict[str, str], dict[str, str]]] = [
    ({"account": ""},                {"account": "Choose the account."}),
    ({"account": "nid-oes"},         {"account": "Choose the account."}),
    ({"text": "  "},                 {"text": "Enter what was written or said"}),
    ({"clock": ""},                  {"when-clock": "Enter the day, the month, the year and the time."}),
    ({"day": "31"},                  {"when-day": "There is no such day. Enter it as 20 11 2026."}),
    ({"clock": "half nine"},         {"when-clock": "Enter the time as 14:30."}),
    ({"day": "21"},                  {"when-day": "This is in the future; enter when it was"}),
    ({"url": "http://a.example/"},   {"url": "Enter a link that begins with https://, or leave this empty"}),
    ({"author_name": "x" * 300},     {"author_name": "Keep it to one line of at most 200 characters"}),
    ({"text": "", "account": ""},    {"account": "Choose the account.", "text": "Enter what was written or said"}),
]  # fmt: skip


@pytest.mark.parametrize(("over", "says"), WRONG, ids=range(len(WRONG)))
def test_each_mistake_is_told_at_its_field_and_what_was_typed_stays(
    site: Site, over: dict[str, str], says: dict[str, str]
) -> None:
    typed = {"author_name": 'Mair "M" <Enghraifft>', "text": 'Pryd mae\'r <b>"biniau"</b>?', **over}
    refused = enter(site.visitor("rhys"), picture(), **typed)

    assert refused.status_code == 422
    assert faults(refused.text) == says
    page = html.unescape(refused.text)
    for field in says:
        assert re.search(rf'id="{field}"', page), field
    for name, value in {**TYPED, **typed}.items():
        if name not in {"account", "url"}:
            assert value in page, name
    assert "Choose the files again" in page or "files" in says
    assert "<b>" not in refused.text
    assert (entered(site), count(site, EvidenceRow)) == ([], 0)


def test_a_form_that_was_refused_and_mended_is_still_the_same_form(site: Site) -> None:
    visitor = site.visitor("rhys")
    page = visitor.get("/en/enter").text
    refused = enter(visitor, page=page, clock="")

    assert form_in(refused.text) == form_in(page)


A_PAGE, A_DRAWING, A_PROGRAM = b"<!DOCTYPE html><script>alert(1)</script>", b'<svg onload="alert(1)"/>', b"MZ\x90\0"
UNFIT: list[tuple[Upload, str]] = [
    (("tudalen.png", A_PAGE, "image/png"),             "tudalen.png is not a kind of file that can be kept here."),
    (("llun.svg", A_DRAWING, "image/png"),             "llun.svg is not a kind of file that can be kept here."),
    (("rhaglen.exe", A_PROGRAM, "application/pdf"),    "rhaglen.exe is not a kind of file that can be kept here."),
    (("gwag.png", b"", "image/png"),                   "gwag.png is empty."),
    (("mawr.png", A_PNG + b"\0" * 22_020_096, "x/y"),  "mawr.png is larger than 20 MB."),
    (("..\\\u202egnp.exe", A_PROGRAM, "image/png"),     "..\\⟨U+202E⟩gnp.exe is not a kind of file"),
    (("a'><img src=x>.png", A_PROGRAM, "image/png"),   "a'><img src=x>.png is not a kind of file"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "says"), UNFIT, ids=range(len(UNFIT)))
def test_a_file_that_is_not_taken_is_named_and_nothing_is_kept(site: Site, file: Upload, says: str) -> None:
    refused = enter(site.visitor("rhys"), picture(), file)

    assert refused.status_code == 422
    assert says in faults(refused.text)["files"]
    assert WELSH in html.unescape(refused.text)
    assert "<img src=x>" not in refused.text
    assert (entered(site), count(site, EvidenceRow)) == ([], 0)


def test_ten_files_are_taken_and_eleven_are_not(site: Site) -> None:
    visitor = site.visitor("rhys")
    files = [picture(f"{number}.png", A_PNG + bytes([number])) for number in range(11)]

    assert faults(enter(visitor, *files).text) == {"files": "Choose at most 10 files."}
    case_of(enter(visitor, *files[:10]))
    assert count(site, EvidenceRow) == 10


def test_the_largest_file_comes_back_to_the_byte(site: Site) -> None:
    content = A_PNG + bytes(range(256)) * ((LARGEST - len(A_PNG)) // 256)
    visitor = site.visitor("rhys")
    enter(visitor, picture(content=content))

    assert visitor.get("/en/evidence/1").content == content


NAMES = [
    ("../../../etc/cron.d/x.png",   "x.png"),
    ("C:\\Windows\\x.png",          "x.png"),
    ("llun.png.html",               "llun.png.html.png"),
    ("tŷ \u202egnp.png",            "tŷ ⟨U+202E⟩gnp.png"),
    ("a;b\u2028c%0d%0aX-A: b.png",  "a;b c_0d_0aX-A_ b.png"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "kept"), NAMES, ids=range(len(NAMES)))
def test_a_hostile_name_is_made_harmless_before_anybody_sees_it(site: Site, name: str, kept: str) -> None:
    visitor = site.visitor("rhys")
    enter(visitor, picture(name))

    answer = visitor.get("/en/evidence/1")
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith("attachment; filename*=UTF-8''")
    assert unquote(disposition.partition("''")[2]) == kept
    with site.store.read() as session:
        assert session.scalars(select(EvidenceRow.name)).one() == kept
    assert kept in html.unescape(visitor.get("/en/cases/1").text)


POLYGLOTS = [
    (A_PNG + b"<script>alert(1)</script>",              "image/png"),
    (b"GIF89a/*<html><script>alert(1)</script>*/=1;",   "image/gif"),
    (b"%PDF-1.7\n<html><script>alert(1)</script>",      "application/pdf"),
    (b"From: a@b.example\nTo: c@d.example\n\n<script>alert(1)</script>", "message/rfc822"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "kind"), POLYGLOTS, ids=[kind for _, kind in POLYGLOTS])
def test_what_is_two_things_at_once_is_handed_out_as_neither_a_page_nor_a_script(
    site: Site, content: bytes, kind: str
) -> None:
    visitor = site.visitor("rhys")
    case_of(enter(visitor, ("x.html", content, "text/html")))

    answer = visitor.get("/en/evidence/1")
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"].partition(";")[0] == kind
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


def test_every_copy_that_leaves_is_on_the_trail(site: Site) -> None:
    enter(site.visitor("rhys"), picture())
    for name in ("rhys", "aled"):
        assert site.visitor(name).get("/cy/evidence/1").status_code == 200

    with site.store.read() as session:
        rows = session.scalars(select(audit.AuditRow).where(audit.AuditRow.action == "evidence.handed_out")).all()
    assert [(row.actor, row.subject) for row in rows] == [("rhys", "evidence:1"), ("aled", "evidence:1")]


@pytest.mark.parametrize("number", ["1", "0", "999", "-1", "x", "9" * 30])
def test_evidence_of_another_area_looks_like_evidence_that_is_not_there(site: Site, number: str) -> None:
    enter(site.visitor("rhys"), picture())
    visitor = site.visitor("elin")

    assert visitor.get(f"/en/evidence/{number}").status_code == 404
    with site.store.read() as session:
        actions = session.scalars(select(audit.AuditRow.action)).all()
    assert "evidence.handed_out" not in actions


def test_an_officer_is_offered_the_accounts_of_their_areas_and_no_others(site: Site) -> None:
    offered = {
        name: set(re.findall(r'<option value="([^"]+)"', site.visitor(name).get("/en/enter").text))
        for name in ("rhys", "catrin")
    }

    assert offered == {"rhys": {"cyngor-fb"}, "catrin": {"cyngor-fb", "priffyrdd-fb"}}
    refused = enter(site.visitor("rhys"), account="priffyrdd-fb")
    assert faults(refused.text) == {"account": "Choose the account."}
    assert entered(site) == []


def test_an_account_that_was_given_up_is_not_offered(site: Site) -> None:
    site.store.write(lambda session: session.execute(update(AccountRow).values(active=False)))

    page = site.visitor("rhys").get("/en/enter").text

    assert "You answer for no account." in html.unescape(page)
    assert "<form id=" not in page


def test_roles_in_two_areas_are_not_added_up(site: Site) -> None:
    """Who answers for waste and audits highways enters nothing for highways."""
    site.store.write(
        lambda session: session.add(GrantRow(user_id=site.users["rhys"], role=Role.AUDITOR, area="highways"))
    )

    assert faults(enter(site.visitor("rhys"), account="priffyrdd-fb").text) == {"account": "Choose the account."}


def test_what_belongs_to_another_area_goes_there_and_whoever_entered_it_is_told(site: Site) -> None:
    visitor = site.visitor("rhys")
    done = enter(visitor, text="The pothole on our road is not mended")

    assert done.headers["location"] == "/en/queue?done=entered_elsewhere"
    assert "Its case belongs to another service area." in visitor.get(done.headers["location"]).text
    assert len(entered(site)) == 1


@pytest.mark.parametrize("username", ["aled", "nia"])
def test_who_only_watches_enters_nothing(site: Site, username: str) -> None:
    visitor = site.visitor(username)
    data = {"csrf": token_in(visitor.get("/en/queue").text), **TYPED}

    assert visitor.get("/en/enter").status_code == 403
    assert visitor.post("/en/enter", data=data, files=[("files", picture())]).status_code == 403
    assert "/en/enter" not in visitor.get("/en/queue").text
    assert entered(site) == []


def test_changing_the_language_takes_what_was_typed_along_and_keeps_nothing(site: Site) -> None:
    visitor = site.visitor("rhys")
    page = visitor.get("/en/enter").text
    assert 'form="enter" formaction="/cy/enter?redraw=1" formenctype="application/x-www-form-urlencoded"' in page

    there = visitor.post("/cy/enter?redraw=1", data={"csrf": token_in(page), "form": form_in(page), **TYPED})

    assert there.status_code == 200
    assert WELSH in html.unescape(there.text)
    assert "Cofnodi â llaw" in there.text
    assert form_in(there.text) == form_in(page)
    assert entered(site) == []
    assert visitor.get("/cy/enter?redraw=1").status_code == 200


# --- a form in parts


PARTS = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n--x--\r\n'


def test_a_stranger_who_sends_files_is_sent_to_sign_in_before_a_byte_of_them_is_read(site: Site) -> None:
    answer = site.visitor().post(
        "/en/enter", content=b"not even parts", headers={"content-type": "multipart/form-data; boundary=x"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/en/sign-in")


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data; boundary=x; charset=punycode",
        "multipart/form-data; charset=unicode_escape; boundary=x",
        'multipart/form-data; boundary="x"; charset=utf-7',
        "multipart/form-data",
        "multipart/mixed; boundary=x",
        "application/json",
    ],
)
@pytest.mark.parametrize("username", ["", "rhys"])
def test_parts_that_name_an_encoding_are_turned_away_unread(still_site: Site, kind: str, username: str) -> None:
    body = PARTS.format("text", "a" * 200_000 + "-" + "a" * 200_000).encode()

    answer = still_site.visitor(username).post("/en/enter", content=body, headers={"content-type": kind})

    assert answer.status_code == 415


@pytest.mark.parametrize(
    "path", ["/en/sign-in", "/en/cases/1/notes", "/en/enter/", "/en//enter", "/en/cases/1/elsewhere"]
)
def test_no_other_page_takes_files(still_site: Site, path: str) -> None:
    answer = still_site.visitor("rhys").post(
        path, content=PARTS.format("csrf", "x"), headers={"content-type": "multipart/form-data; boundary=x"}
    )

    assert answer.status_code == 415


def test_files_without_the_forms_token_are_refused(site: Site) -> None:
    visitor = site.visitor("rhys")
    for token in ("", "guess"):
        answer = visitor.post("/en/enter", data={"csrf": token, **TYPED}, files=[("files", picture())])
        assert answer.status_code == 403
    assert (entered(site), count(site, EvidenceRow)) == ([], 0)


@pytest.mark.parametrize("body", [b"", b"--x", b"--y\r\n\r\n--y--", b"--x\r\n\r\nno name\r\n--x--\r\n", b"\0" * 1_000])
def test_parts_that_are_none_are_an_unreadable_form(still_site: Site, body: bytes) -> None:
    answer = still_site.visitor("rhys").post(
        "/en/enter", content=body, headers={"content-type": "multipart/form-data; boundary=x"}
    )

    assert answer.status_code in {400, 403}
    assert "<h1" in answer.text


def test_a_heap_of_fields_is_an_unreadable_form(still_site: Site) -> None:
    visitor = still_site.visitor("rhys")
    data = {f"f{number}": "x" for number in range(60)}

    assert visitor.post("/en/enter", data=data, files=[("files", picture())]).status_code == 400


@pytest.mark.parametrize(
    ("length", "status", "says"),
    [
        ({"content-length": str(300 * 1024 * 1024)}, 413, "Mae hyn yn ormod ar unwaith"),
        ({"transfer-encoding": "chunked"}, 411, "Nid oedd modd darllen y ffurflen"),
    ],
)
def test_what_weighs_too_much_or_does_not_say_is_refused_unread_with_a_page(
    still_site: Site, length: dict[str, str], status: int, says: str
) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x", **length}

    answer = still_site.visitor("rhys").post("/cy/enter", content=iter([b"not parts"]), headers=headers)

    assert answer.status_code == status
    assert says in html.unescape(answer.text)


def test_a_field_that_is_sent_as_a_file_is_no_text(site: Site) -> None:
    visitor = site.visitor("rhys")
    page = visitor.get("/en/enter").text
    data = {"csrf": token_in(page), **{name: value for name, value in TYPED.items() if name != "text"}}

    refused = visitor.post("/en/enter", data=data, files=[("text", ("a.txt", b"Helo", "text/plain"))])

    assert refused.status_code == 422
    assert "text" in faults(refused.text)


def test_what_is_typed_never_holds_a_nul(site: Site) -> None:
    visitor = site.visitor("rhys")
    case = case_of(enter(visitor, text="Pryd mae'r bin\0iau yn dod?", author_name="Ma\0ir"))

    page = html.unescape(visitor.get(f"/en/cases/{case}").text)
    assert "Pryd mae'r biniau yn dod?" in page
    assert "Mair" in page


# --- a reply that was given elsewhere


RECORDED = {"kind": "answer", "day": "20", "month": "11", "year": "2026", "clock": "09:45"}
DIOLCH = "Diolch am ffonio. Mae'r criw yn dod yfory."


def records(visitor: Visitor, case: int, language: str = "en", **over: str) -> Response:
    return visitor.fill(f"/{language}/cases/{case}", "elsewhere", **{**RECORDED, **over})


def state(site: Site, case: int) -> State:
    with site.store.read() as session:
        return queue.get(session, case).state


def snapchat(site: Site) -> None:
    """An account on a platform that nothing reads."""
    site.store.write(
        lambda session: accounts.add(
            session,
            slug="cyngor-snap",
            platform=Platform.SNAPCHAT,
            native_id="snap",
            display_name="Cyngor",
            service_area="waste",
            now=NOW - timedelta(days=9),
        )
    )


def test_the_answer_given_on_the_telephone_stops_the_clocks_when_it_was_given(site: Site) -> None:
    visitor = site.visitor("rhys")
    case = case_of(enter(visitor))
    done = records(visitor, case, "cy", text_cy=DIOLCH)

    assert done.headers["location"] == f"/cy/cases/{case}?done=record"
    page = html.unescape(visitor.get(done.headers["location"]).text)
    for words in (
        "Mae'r ymateb a roddwyd mewn man arall wedi'i gofnodi.",
        "Atebwyd 20 Tachwedd 2026, 09:45",
        "rhoddwyd mewn man arall",
        DIOLCH,
        "Cofnododd Rhys Morgan ymateb a roddwyd mewn man arall.",
        "Rhoddwyd: 20 Tachwedd 2026, 09:45",
        "Mae'r ateb gan yr awdur.",
    ):
        assert words in page
    assert state(site, case) is State.ANSWERED
    pipeline.dispatch(site.here, now=site.now)
    assert site.platforms["cyngor-fb"].sent == []


def test_a_holding_reply_leaves_the_answer_owed(site: Site) -> None:
    visitor = site.visitor("rhys")
    case = case_of(enter(visitor))
    records(visitor, case, kind="holding", text_cy=DIOLCH)

    page = visitor.get(f"/en/cases/{case}").text
    assert "Acknowledged 20 November 2026, 09:45" in page
    assert "Answered 20" not in page


def test_nothing_can_be_sent_to_what_was_entered_by_hand(site: Site) -> None:
    visitor = site.visitor("rhys")
    case = case_of(enter(visitor))
    page = visitor.get(f"/en/cases/{case}").text

    assert f'action="/en/cases/{case}/reply"' not in page
    assert "/showing" not in page
    assert f'action="/en/cases/{case}/elsewhere"' in page
    sent = visitor.fill(f"/en/cases/{case}", "reply", kind="answer", text_cy=DIOLCH)
    assert sent.status_code == 422
    assert "This comment was entered by hand." in sent.text
    with site.store.read() as session:
        assert replies.of_case(session, case) == []


def test_on_a_platform_that_nothing_speaks_for_the_answer_is_recorded_and_not_sent(site: Site) -> None:
    snapchat(site)
    case, visitor = site.said(WELSH, account="cyngor-snap"), site.visitor("rhys")
    page = visitor.get(f"/en/cases/{case}").text

    assert "Nothing can be sent to this platform from here." in page
    assert f'action="/en/cases/{case}/reply"' not in page
    assert records(visitor, case, text_cy=DIOLCH).status_code == 303
    assert state(site, case) is State.ANSWERED


def test_where_a_reply_can_be_sent_one_given_elsewhere_can_be_recorded_too(site: Site) -> None:
    case, visitor = site.said(WELSH), site.visitor("rhys")
    page = visitor.get(f"/en/cases/{case}").text

    assert f'action="/en/cases/{case}/reply"' in page
    assert records(visitor, case, text_cy=DIOLCH).status_code == 303
    with site.store.read() as session:
        [reply] = replies.of_case(session, case)
    assert (reply.state, reply.text_cy) == (ReplyState.SENT, DIOLCH)


def test_the_guard_of_the_language_stands_here_too_and_a_reason_is_kept(site: Site) -> None:
    case, visitor = site.said(WELSH), site.visitor("rhys")
    typed = 'Thank you for ringing & "waiting".'
    refused = records(visitor, case, text_en=typed)

    assert refused.status_code == 422
    assert faults(refused.text)["elsewhere-text_cy"] == "A reply in Welsh is owed, and there is none"
    assert "elsewhere-exception" in faults(refused.text)
    page = html.unescape(refused.text)
    assert "The reply has not been recorded" in page
    assert typed in page
    assert 'value="09:45"' in page
    assert state(site, case) is State.RECEIVED

    records(visitor, case, text_en=typed, exception="She asked for English.")
    assert "Given all the same because: She asked for English." in visitor.get(f"/en/cases/{case}").text


TIMES = [
    ({"clock": "07:59"},                         "elsewhere-day",   "A reply cannot come before the comment."),
    ({"clock": "10:01"},                         "elsewhere-day",   "This is in the future"),
    ({"clock": "soon"},                          "elsewhere-clock", "Enter the time as 14:30."),
    ({"day": ""},                                "elsewhere-day",   "Enter the day, the month, the year and the time."),
    ({"clock": "08:00"},                         "",                ""),
]  # fmt: skip


@pytest.mark.parametrize(("over", "field", "says"), TIMES, ids=range(len(TIMES)))
def test_it_was_given_after_the_comment_and_not_tomorrow(
    site: Site, over: dict[str, str], field: str, says: str
) -> None:
    case, visitor = site.said(WELSH), site.visitor("rhys")
    answer = records(visitor, case, text_cy=DIOLCH, **over)

    if not field:
        assert answer.status_code == 303
        return
    assert says in faults(answer.text)[field]
    assert DIOLCH in html.unescape(answer.text)
    assert state(site, case) is State.RECEIVED


def test_recording_it_twice_records_it_once(site: Site) -> None:
    case, visitor = site.said(WELSH), site.visitor("rhys")
    page = visitor.get(f"/en/cases/{case}").text
    data = {"csrf": token_in(page), "version": version_in(page), **RECORDED, "text_cy": DIOLCH}

    answers = [visitor.post(f"/en/cases/{case}/elsewhere", data=data) for _ in range(2)]

    assert {answer.status_code for answer in answers} == {303}
    with site.store.read() as session:
        assert len(replies.of_case(session, case)) == 1


def test_a_case_that_moved_while_it_was_read_is_not_touched(site: Site) -> None:
    case = site.said(ENGLISH)
    rhys, catrin = site.visitor("rhys"), site.visitor("catrin")
    page = rhys.get(f"/en/cases/{case}").text
    catrin.fill(f"/en/cases/{case}", "acts/escalate", reason="the press asks")

    data = {"csrf": token_in(page), "version": version_in(page), **RECORDED, "text_en": "Thank you."}
    assert rhys.post(f"/en/cases/{case}/elsewhere", data=data).status_code == 409


def test_a_closed_case_offers_no_reply_and_takes_none(site: Site) -> None:
    case, visitor = site.said(ENGLISH), site.visitor("rhys")
    visitor.fill(f"/en/cases/{case}", "acts/close", outcome="answered", reason="rang her")
    page = visitor.get(f"/en/cases/{case}").text

    assert "/elsewhere" not in page
    data = {"csrf": token_in(page), "version": version_in(page), **RECORDED, "text_en": "Thank you."}
    assert visitor.post(f"/en/cases/{case}/elsewhere", data=data).status_code == 409


def test_changing_the_language_takes_a_reply_that_is_being_recorded_along(site: Site) -> None:
    visitor = site.visitor("rhys")
    case = case_of(enter(visitor))
    page = visitor.get(f"/en/cases/{case}").text
    assert f'form="elsewhere" formaction="/cy/cases/{case}/redraw"' in page

    data = {"csrf": token_in(page), "form": "elsewhere", **RECORDED, "text_cy": "Hanner brawd"}
    there = visitor.post(f"/cy/cases/{case}/redraw", data=data)

    assert there.status_code == 200
    assert "Hanner brawd" in there.text
    assert 'value="09:45"' in there.text
    assert state(site, case) is State.RECEIVED


@pytest.mark.parametrize("username", STAFF)
def test_who_may_see_the_evidence_of_waste(site: Site, username: str) -> None:
    enter(site.visitor("rhys"), picture())
    _name, role, area = STAFF[username]

    answer = site.visitor(username).get("/en/evidence/1")

    sees = area in {"waste", "*"} and role not in SHOWN_ONLY
    assert answer.status_code == (200 if sees else 404)


def test_a_damaged_file_is_not_handed_out(site: Site) -> None:
    enter(site.visitor("rhys"), picture())
    site.store.write(lambda session: session.execute(update(EvidenceRow).values(content=b"something else")))

    answer = site.visitor("rhys", raise_server_exceptions=False).get("/en/evidence/1")

    assert answer.status_code == 500
    assert A_PNG not in answer.content
