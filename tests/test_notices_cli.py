"""An administrator sets up mail and Teams: secrets in no file, a check that says what is open, and a test message."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

import opening
import pipeline
import settings as configuration
from moderation import telling
from settings import Mail
from store import notices as outbox
from store.database import Store
from tests.factories import NOON, an_account, comes
from tests.post_office import certificate_in, post_office, teams_room
from tests.ready import NINE, a_state_folder, lay_out
from tests.test_cli import DOES_NOT_HOLD, DONE, OUTSIDE, WRONG_USE, Shell
from tests.test_notifying import settings_for
from toml_file import FileError
from vocabulary import NoticeState

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "reference" / "notices.md").read_text(encoding="utf-8")
SECRET = "https://prod.example.com/workflows/cyfrinach"


def refused(file: Path) -> list[str]:
    with pytest.raises(FileError) as caught:
        configuration.load(file)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[mail]\npassword = "cyfrinach"\n', "set GWYLIO_MAIL__PASSWORD"),
        (f'[teams]\nsocial-care = "{SECRET}"\n', "set GWYLIO_TEAMS__SOCIAL_CARE"),
        ('[mail]\nhost = "post.example"\n', "sender must be an e-mail address"),
        ('[mail]\nhost = "post.example"\nsender = "Gwylio <g@c.example>"\n', "sender must be an e-mail address"),
        (
            '[mail]\nhost = "post.example"\nsender = "g@c.example"\nsecurity = "none"\n',
            "is for a server on this machine",
        ),
        ('[mail]\nsecurity = "ssl"\n', "must be one of"),
        ('public_url = "gwylio.example"\n', "must begin with https://"),
    ],
)
def test_a_configuration_that_would_leak_or_reach_nobody_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "gwylio.toml"
    file.write_text(text, encoding="utf-8")
    [problem] = refused(file)
    assert said in problem
    assert "cyfrinach" not in problem


def test_a_webhook_that_is_no_address_is_refused_without_being_quoted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "gwylio.toml"
    file.write_text("", encoding="utf-8")
    monkeypatch.setenv("GWYLIO_TEAMS__WASTE", "http://prod.example.com/cyfrinach")
    [problem] = refused(file)
    assert "must begin with https://" in problem
    assert "cyfrinach" not in problem


def test_secrets_come_from_the_environment_and_are_in_no_description(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "gwylio.toml"
    file.write_text(PAGE.partition("```toml\n")[2].partition("```")[0], encoding="utf-8")
    for name, value in re.findall(r"^(GWYLIO_\w+)=(\S+)", PAGE, re.MULTILINE):
        monkeypatch.setenv(name, value)
    settings = configuration.load(file)

    assert settings.mail.password == "of-the-mail-server"
    assert settings.teams_places.keys() == {"communications", "social-care"}
    assert settings.public_url == "https://gwylio.example.gov.uk"
    for secret in (settings.mail.password, *settings.teams.values()):
        assert secret not in repr(settings)


def test_every_setting_of_messages_is_described() -> None:
    described = set(re.findall(r"`(?:mail\.)?([a-z_]+)`", PAGE))
    assert {*Mail.model_fields} - {"password"} <= described
    assert {"public_url", "send_notices"} <= described


@pytest.fixture
def gwylio(tmp_path: Path) -> Shell:
    """A folder with a state of its own, in which nothing is set up yet."""
    lay_out(a_state_folder(), tmp_path / "var")
    (tmp_path / "gwylio.toml").write_text('state_dir = "var"\nbank_holidays_url = ""\n', encoding="utf-8")
    return Shell(tmp_path)


def test_a_test_message_arrives_and_one_that_cannot_says_so(gwylio: Shell, tmp_path: Path) -> None:
    certificate = certificate_in(tmp_path)
    with post_office(certificate=certificate) as office, teams_room() as room:
        with (tmp_path / "gwylio.toml").open("a", encoding="utf-8") as file:
            file.write(f'[mail]\nhost = "127.0.0.1"\nport = {office.port}\nsender = "gwylio@cyngor.example"\n')
            file.write(f'ca_file = "{certificate}"\n')
        gwylio.environment["GWYLIO_TEAMS__WASTE"] = f"{room.url}/cyfrinach"
        told = gwylio("notices", "test", "--to", "elin@cyngor.example")
        assert (told.code, told.err) == (DONE, "")
        assert office.recipients == ["elin@cyngor.example"]
        assert gwylio("notices", "test", "--teams", "waste").code == DONE
        assert [path for path, _ in room.cards] == ["/cyfrinach"]

        for words in (("--to", "elin"), ("--teams", "tai"), (), ("--to", "a@b.example", "--teams", "waste")):
            assert gwylio("notices", "test", *words).code == WRONG_USE
        office.refuse_recipient["*"] = 550
        told = gwylio("notices", "test", "--to", "elin@cyngor.example")
        assert (told.code, told.err) == (OUTSIDE, "the message was not confirmed: recipient 550\n")
        told = gwylio("check")
        assert f"mail: 127.0.0.1:{office.port}, from gwylio@cyngor.example" in told.err
        assert "Teams: waste" in told.err
        assert "cannot be reached" not in told.err
    told = gwylio("check")
    assert "the mail server cannot be reached" in told.err
    assert "Microsoft Teams cannot be reached" in told.err
    assert "cyfrinach" not in told.err + told.out


def test_an_installation_without_mail_says_so_and_is_not_wrong_for_it(gwylio: Shell) -> None:
    told = gwylio("check")
    assert "mail: not set up" in told.err
    assert "Teams: not set up" in told.err
    assert gwylio("notices", "test", "--to", "elin@cyngor.example").code == WRONG_USE


def test_an_administrator_says_where_a_colleague_is_written_to(gwylio: Shell, tmp_path: Path) -> None:
    words = ("--name", "Elin", "--role", "officer", "--area", "waste", "--email")
    assert gwylio("user", "add", "elin", *words, "nowhere", says="cyfrinair hir\n").code == WRONG_USE
    assert gwylio("user", "add", "elin", *words, "elin@cyngor.example", says="cyfrinair hir\n").code == DONE
    assert gwylio("user", "email", "elin", "elin.p@cyngor.example").code == DONE
    assert gwylio("user", "email", "elin", "nowhere").code == WRONG_USE
    assert gwylio("user", "email", "neb", "neb@cyngor.example").code == WRONG_USE
    settings = configuration.exactly(state_dir=tmp_path / "var")
    with Store(settings.database, audit_key=configuration.keys(settings).audit) as store, store.read() as session:
        assert [each.email for each in outbox.colleagues(session)] == ["elin.p@cyngor.example"]


def test_messages_that_wait_for_a_person_and_people_without_an_address_are_named(gwylio: Shell, tmp_path: Path) -> None:
    gwylio("user", "add", "elin", "--name", "Elin", "--role", "officer", says="cyfrinair hir\n")
    with post_office() as office, opening.installation(settings_for(tmp_path / "var", office)) as here:
        made = here.store.write(
            lambda session: outbox.make(
                session, key="x", kind=telling.WARNINGS, recipient="user:1", cases=1, urgent=False, content={},
                at_night=False, made_at=NINE, state=NoticeState.UNCERTAIN, needs_person=True, trouble="Interrupted",
            )
        )  # fmt: skip
        assert made is not None
        told = gwylio("notices", "list")
        assert (told.code, told.out) == (DOES_NOT_HOLD, "uncertain\t1\n")
        assert "message 1 to user:1, 2026-11-16 09:00: Interrupted" in told.err
        gwylio.environment |= {
            "GWYLIO_MAIL__HOST": "127.0.0.1", "GWYLIO_MAIL__PORT": str(office.port),
            "GWYLIO_MAIL__SECURITY": "none", "GWYLIO_MAIL__SENDER": "gwylio@cyngor.example",
        }  # fmt: skip
        told = gwylio("check")
        assert "messages to colleagues that wait for a person: 1 (message 1)" in told.err
        assert "no e-mail address is known of: elin" in told.err
        assert "nobody can be written to about cases of: " in told.err
        assert "reached nobody" not in told.err


def test_a_warning_and_a_late_duty_that_reached_nobody_are_named_until_somebody_can_be_reached(
    gwylio: Shell, tmp_path: Path
) -> None:
    gwylio("user", "add", "elin", "--name", "Elin", "--role", "communications", says="cyfrinair hir\n")
    with post_office() as office, opening.installation(settings_for(tmp_path / "var", office)) as here:
        here.store.write(an_account)
        comes(here.store, now=NOON)
        pipeline.warn(here, now=NOON + timedelta(days=7))
        gwylio.environment |= {
            "GWYLIO_MAIL__HOST": "127.0.0.1", "GWYLIO_MAIL__PORT": str(office.port),
            "GWYLIO_MAIL__SECURITY": "none", "GWYLIO_MAIL__SENDER": "gwylio@cyngor.example",
        }  # fmt: skip
        told = gwylio("check")
        assert "cases with a warning that reached nobody: 1 (case 1); see the page Escalations" in told.err
        assert "late in the account register, and nobody can be told: 2 (cyngor-fb)" in told.err
        gwylio("user", "email", "elin", "elin@cyngor.example")
        told = gwylio("check")
        assert "nobody can" not in told.err
