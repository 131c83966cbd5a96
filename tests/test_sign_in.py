"""How people come in, as an administrator sets it up: gwylio.toml, `gwylio check` and `gwylio user`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import cli
import opening
import settings as configuration
from settings import Entra
from store import audit, people
from store.audit import AuditRow
from store.database import Store
from tests.directory import CLIENT, TENANT, directory
from toml_file import FileError
from vocabulary import GwylioError, Role

SECRET = "GWYLIO_SIGN_IN__ENTRA__CLIENT_SECRET"
ENTRA = f'[sign_in.entra]\ntenant = "{TENANT}"\nclient_id = "{CLIENT}"\n'


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (ENTRA.replace(TENANT, "common"), "tenant"),
        (ENTRA.replace(TENANT, "organizations"), "tenant"),
        (ENTRA.replace(TENANT, "cyngor.example"), "tenant"),
        (ENTRA + 'client_secret = "cyfrinach"', f"set {SECRET}"),
        (ENTRA + 'issuer = "elsewhere"', "must begin with https://"),
        (ENTRA + '[sign_in.entra.roles]\nA = ["emperor"]', "roles"),
        (ENTRA + '[sign_in.entra.roles]\nA = ["officer:"]', "roles"),
        ('[sign_in]\nsecond_factor = ["emperor"]', "second_factor"),
        ('[sign_in]\npasswords = "nobody"', "passwords"),
    ],
)
def test_a_setting_that_would_let_in_who_should_not_is_refused(tmp_path: Path, written: str, said: str) -> None:
    file = tmp_path / "gwylio.toml"
    file.write_text(written, encoding="utf-8")
    with pytest.raises(FileError) as refused:
        configuration.load(file)
    assert said in str(refused.value)
    assert "cyfrinach" not in str(refused.value)


def test_the_secret_comes_from_the_environment_or_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, kept = tmp_path / "gwylio.toml", tmp_path / "secret"
    file.write_text(ENTRA, encoding="utf-8")

    def entra() -> Entra:
        found = configuration.load(file).sign_in.entra
        assert found is not None
        return found

    with pytest.raises(GwylioError, match=SECRET):
        entra().secret()
    monkeypatch.setenv(SECRET, "cyfrinach")
    assert entra().secret() == "cyfrinach"
    assert "cyfrinach" not in repr(configuration.load(file))
    monkeypatch.delenv(SECRET)
    file.write_text(f'{ENTRA}client_secret_file = "{kept}"\n', encoding="utf-8")
    with pytest.raises(GwylioError, match="cannot be read"):
        entra().secret()
    kept.write_text("cyfrinach\n", encoding="utf-8")
    assert entra().secret() == "cyfrinach"


def test_an_app_role_means_what_is_written_and_nothing_else() -> None:
    roles: dict[str, tuple[str, ...]] = {"A": ("officer:waste", "auditor"), "B": ("auditor", "officer:highways")}
    entra = Entra(tenant=TENANT, client_id=CLIENT, roles=roles)
    assert entra.granted(["B", "C", "A"]) == [
        (Role.AUDITOR, "*"), (Role.OFFICER, "highways"), (Role.OFFICER, "waste"),
    ]  # fmt: skip
    assert entra.granted([]) == Entra(tenant=TENANT, client_id=CLIENT).granted(["A"]) == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_check_says_what_keeps_people_from_coming_in(tmp_path: Path) -> None:
    now = datetime.now(UTC)

    def said(**entra: object) -> list[str]:
        facts = {"tenant": TENANT, "client_id": CLIENT, "client_secret": "cyfrinach", **entra}
        settings = configuration.exactly(state_dir=tmp_path, sign_in={"entra": facts})
        return list(opening._sign_in_problems(settings, now))

    with directory() as honest:
        (nameless,) = said(issuer=honest.issuer)
        assert "public_url is not set" in nameless
        assert "set GWYLIO_SIGN_IN__ENTRA__CLIENT_SECRET" in said(issuer=honest.issuer, client_secret="")[1]
        assert "no service area atlantis" in said(issuer=honest.issuer, roles={"A": ["officer:atlantis"]})[1]
    assert "does not answer as it should (ConnectionError)" in said(issuer=honest.issuer)[1]


Shell = Callable[..., Result]


@pytest.fixture
def gwylio(tmp_path: Path) -> Shell:
    """`gwylio` in a folder of its own, ready to have users."""
    config = tmp_path / "gwylio.toml"
    config.write_text(f'state_dir = "{tmp_path / "var"}"\n', encoding="utf-8")

    def run(*words: str, says: str = "") -> Result:
        return CliRunner().invoke(cli.app, [*words, "--config", str(config)], input=says)

    assert run("init").exit_code == 0
    return run


def test_the_command_line_does_to_users_what_the_pages_do(gwylio: Shell, tmp_path: Path) -> None:
    nia = ("user", "add", "nia", "--name", "Nia Bowen", "--role", "administrator")
    weak = gwylio(*nia, says="NiaBowen2026\n")
    assert (weak.exit_code, "this password will not do" in weak.output) == (2, True)
    assert gwylio(*nia, says="tebot glas yn hedfan\n").exit_code == 0
    rhys = ("user", "add", "rhys", "--name", "Rhys", "--role", "officer", "--area", "waste")
    assert gwylio(*rhys, says="ceffyl batri stwffwl\n").exit_code == 0
    for words in (("user", "leave", "nia"), ("user", "grant", "nia", "--role", "auditor")):
        assert "the last administrator" in str(gwylio(*words).exception)
    assert gwylio("user", "grant", "rhys", "--role", "auditor").exit_code == 0
    assert re.fullmatch(
        r"http://127.0.0.1:8080/cy/invitation/[\w-]{43}", gwylio("user", "invite", "rhys").stdout.strip()
    )
    assert "has no second factor" in gwylio("user", "reset-factor", "rhys").output
    assert gwylio("user", "leave", "rhys").exit_code == 0
    assert gwylio("user", "list").stdout.splitlines() == [
        "nia\tactive\tno second factor\tadministrator:*",
        "rhys\tleft\tno second factor\tauditor:*",
    ]
    assert "no user is called mair" in str(gwylio("user", "leave", "mair").exception)
    with Store(f"sqlite:///{tmp_path / 'var' / 'gwylio.sqlite3'}", audit_key=b"") as store, store.read() as session:
        who = people.by_username(session, "rhys").id
        acts = [(row.actor, row.action) for row in session.query(AuditRow).filter(AuditRow.subject == f"user:{who}")]
        assert audit.count(session) >= len(acts)
    assert [action for _, action in acts] == ["user.add", "user.grants", "user.invite", "user.active"]
    assert all(actor.startswith("command line") for actor, _ in acts)


def test_the_command_line_gives_tokens_and_takes_them_back(gwylio: Shell) -> None:
    rhys = ("user", "add", "rhys", "--name", "Rhys", "--role", "officer", "--area", "waste")
    assert gwylio(*rhys, says="ceffyl batri stwffwl\n").exit_code == 0
    own = gwylio("token", "add", "A script", "--user", "rhys", "--scope", "read:queue", "--days", "30")
    assert re.fullmatch(r"gwylio_[\w-]{43}", own.stdout.strip())
    service = ("token", "add", "Web chat", "--service", "chat", "--scope", "classify", "--scope", "read:cases")
    assert "what it may do" in str(gwylio(*service).exception), "a new service needs a role"
    assert gwylio(*service, "--role", "officer", "--area", "waste").exit_code == 0
    assert gwylio(*service).exit_code == 0, "which it keeps"
    assert gwylio("token", "add", "Both", "--scope", "classify").exit_code == 2
    assert gwylio("token", "revoke", "1").exit_code == 0
    listed = [line.split("\t") for line in gwylio("token", "list").stdout.splitlines()]
    assert [(line[0], line[1], line[2], line[5]) for line in listed] == [
        ("3", "good", "chat", "read:cases,classify"),
        ("2", "good", "chat", "read:cases,classify"),
        ("1", "revoked", "rhys", "read:queue"),
    ]
    assert "there is no token 9" in str(gwylio("token", "revoke", "9").exception)
    assert gwylio("user", "list").stdout.count("chat") == 0
