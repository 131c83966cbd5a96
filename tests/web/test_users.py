"""Users for administrators: who there is, what they may do, how they come in, and that they left."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from moderation import staff
from settings import Mail
from store import accounts, people
from store.accounts import AdministratorRow
from store.audit import AuditRow
from tests.post_office import post_office
from tests.web.world import PASSWORD, Site, Visitor, open_site, sign_in, token_in

NEW = "tebot glas yn hedfan"


def send(visitor: Visitor, path: str, **data: object):
    token = token_in(visitor.get("/en/users").text)
    return visitor.post(f"/en/{path}", data={"csrf": token, **data})


def link_on(html: str) -> str:
    found = re.search(r'invitation-link"[^>]*>http://localhost(/\w\w/invitation/[\w-]+)<', html)
    assert found, "no link is shown"
    return found[1]


def test_somebody_new_is_added_and_comes_in_by_a_link_that_is_shown_once(site: Site) -> None:
    nia = site.visitor("nia")
    shown = send(
        nia, "users", name="Siân Bevan", username="sian.bevan", written_in="cy",
        role=["officer", "", "auditor"], area=["waste", "*", "*"],
    )  # fmt: skip
    link = link_on(shown.text)
    assert link.startswith("/cy/"), "they read Welsh"
    assert link not in nia.get("/en/users").text
    assert sign_in(site.visitor(), "sian.bevan", "").status_code == 422
    visitor = site.visitor()
    page = visitor.get(link)
    assert "Siân Bevan" in page.text
    weak = visitor.post(link, data={"csrf": token_in(page.text), "password": "sianbevan2026"})
    assert weak.status_code == 422
    visitor.post(link, data={"csrf": token_in(page.text), "password": NEW})
    assert sign_in(site.visitor(), "sian.bevan", NEW).headers["location"] == "/en/queue"
    assert visitor.get(link).status_code == 404, "it worked once"
    with site.store.read() as session:
        user = people.by_username(session, "sian.bevan")
        grants = [(row.role.value, row.area) for row in people.grants(session, user.id)]
        trail = [row.action for row in session.query(AuditRow).filter(AuditRow.subject == f"user:{user.id}")]
        everything = str([(row.before, row.after) for row in session.query(AuditRow)])
    assert (grants, user.language) == ([("officer", "waste"), ("auditor", "*")], "cy")
    assert trail == ["user.add", "user.invite", "user.sign_in_refused", "user.password", "user.sign_in"]
    assert link.rpartition("/")[2] not in everything


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"username": "rhys"}, "nobody else's"),
        ({"username": "Rhys Morgan"}, "Small letters"),
        ({"username": "system"}, "Small letters"),
        ({"name": " "}, "Say what they are called"),
        ({"email": "nobody"}, "no e-mail address"),
        ({"role": [""], "area": ["*"]}, "at least one role"),
        ({"role": ["emperor"], "area": ["*"]}, "at least one role"),
        ({"role": ["officer"], "area": ["atlantis"]}, "at least one role"),
    ],
)
def test_a_form_that_makes_no_user_says_why_and_keeps_what_was_typed(
    site: Site, wrong: dict[str, object], said: str
) -> None:
    right = {"name": "Siân Bevan", "username": "sian", "role": ["officer"], "area": ["waste"], "written_in": "en"}
    page = send(site.visitor("nia"), "users", **right | wrong)
    assert (page.status_code, said in unescape(page.text)) == (422, True)
    assert "invitation-link" not in page.text


def test_changed_roles_end_the_sessions_and_hold_from_the_next(site: Site) -> None:
    nia, rhys = site.visitor("nia"), site.visitor("rhys")
    path = f"users/{site.users['rhys']}"
    assert rhys.get("/en/queue").status_code == 200
    assert rhys.get("/en/monitoring").status_code == 403
    send(nia, f"{path}/grants", kept=[], role=["auditor"], area=["*"])
    assert rhys.get("/en/queue").status_code == 303
    assert site.visitor("rhys").get("/en/monitoring").status_code == 200
    assert send(nia, f"{path}/grants").status_code == 422, "nobody is without a role"


def test_nobody_raises_themselves_and_the_last_administrator_stays(site: Site) -> None:
    nia, path = site.visitor("nia"), f"users/{site.users['nia']}"
    own = [
        send(nia, f"{path}/grants", kept=["administrator:*", "communications:*"]),
        send(nia, f"{path}/active", active="no"),
    ]
    assert [each.status_code for each in own] == [422, 422]
    send(nia, f"users/{site.users['rhys']}/grants", kept=["officer:waste", "administrator:*"])
    rhys = site.visitor("rhys")
    assert send(rhys, f"{path}/grants", role=["officer"], area=["waste"]).status_code == 303
    assert nia.get("/en/users").status_code == 303
    assert "What you may do yourself" in send(rhys, f"users/{site.users['rhys']}/active", active="no").text
    assert site.visitor("nia").get("/en/users").status_code == 403


def test_whoever_left_is_out_and_the_accounts_they_held_are_named(site: Site) -> None:
    def hold(session) -> None:
        account = accounts.by_slug(session, "cyngor-fb")
        account.login_model = "shared"
        session.add(AdministratorRow(account_id=account.id, name="Rhys Morgan", since=site.now, given_by="nia"))

    site.store.write(hold)
    nia, rhys = site.visitor("nia"), site.visitor("rhys")
    path = f"users/{site.users['rhys']}"
    assert "still to be ended" not in nia.get(f"/en/{path}").text
    send(nia, f"{path}/active", active="no")
    assert rhys.get("/en/queue").status_code == 303
    assert sign_in(site.visitor(), "rhys").status_code == 422
    page = nia.get(f"/en/{path}").text
    assert "still to be ended" in page
    assert "cyngor-fb (Facebook): change the shared password" in page
    send(nia, f"{path}/active", active="yes")
    assert sign_in(site.visitor(), "rhys").status_code == 303


def test_a_new_link_replaces_the_old_password_only_once_it_is_used(site: Site) -> None:
    link = link_on(send(site.visitor("nia"), f"users/{site.users['rhys']}/invite").text)
    assert sign_in(site.visitor(), "rhys").status_code == 303
    site.now += staff.INVITED_FOR - timedelta(seconds=1)
    visitor = site.visitor()
    data = {"csrf": token_in(visitor.get(link).text), "password": NEW}
    site.now += timedelta(seconds=1)
    assert visitor.post(link, data=data).status_code == 404, "a week is over"
    assert sign_in(site.visitor(), "rhys", PASSWORD).status_code == 303


@pytest.mark.parametrize("number", ["0", "999", "9" * 30])
def test_a_user_who_is_not_there_is_not_found(site: Site, number: str) -> None:
    assert site.visitor("nia").get(f"/en/users/{number}").status_code == 404


def test_an_invitation_is_mailed_where_that_can_be_done_and_else_shown(council: Path, tmp_path: Path) -> None:
    with post_office() as office:
        mail = Mail(host="127.0.0.1", port=office.port, security="none", sender="gwylio@cyngor.example")
        site = open_site(council, tmp_path, mail=mail, public_url="https://gwylio.example")
        nia, path = site.visitor("nia"), f"users/{site.users['rhys']}"
        assert "invitation-link" in send(nia, f"{path}/invite").text, "nobody knows an address"
        send(nia, f"{path}/email", email="rhys@cyngor.example")
        shown = send(nia, f"{path}/invite").text
        office.refuse_message["*"] = 550
        assert "invitation-link" in send(nia, f"{path}/invite").text, "the server took none"
        site.close()
    (letter,) = office.to("rhys@cyngor.example")
    link = re.search(r"https://gwylio.example(/en/invitation/[\w-]+)", letter.get_content())
    assert link
    assert link[1] not in shown
    assert "A link has been mailed" in shown
