"""What is written about the project agrees with the project."""

from __future__ import annotations

import inspect
import re
import subprocess
import tomllib
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import cli
import settings as configuration
import vocabulary
from collectors import ways
from pipeline import tokens
from tests.consents import IDS, PASSWORDS, Village, village
from vocabulary import Platform
from words import Words

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]

LOCKED = {
    "requirements.lock": PROJECT["dependencies"],
    "requirements-dev.lock": [*PROJECT["dependencies"], *EXTRAS["dev"]],
    "requirements-build.lock": ["setuptools"],
}
DOCUMENTS = [
    "README.md", "GLOSSARY.md", "CHANGELOG.md", "LICENSE",
    *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "docs").rglob("*.md"))),
]  # fmt: skip
ENUMS = [kind for _, kind in inspect.getmembers(vocabulary, inspect.isclass) if kind.__module__ == "vocabulary"]
MEMBERS = [member for kind in ENUMS if issubclass(kind, StrEnum) for member in kind]
RECORDS = [kind.__name__ for kind in ENUMS if not issubclass(kind, Exception)]


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def package_name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower()


def glossary_row(kind: type[StrEnum], value: str) -> list[str]:
    """The cells of a value's row in the section of its enumeration."""
    section = text_of("GLOSSARY.md").partition(f": `{kind.__name__}`\n")[2].partition("\n## ")[0]
    for line in section.splitlines():
        if line.startswith(f"| `{value}` |"):
            return [cell.strip() for cell in line.strip("|").split("|")]
    return []


def rows(name: str, heading: str) -> dict[str, list[str]]:
    """The rows of the table with that heading in a document, by their first cells: the names in them, one by one."""
    lines = text_of(name).partition(f"| {heading}")[2].partition("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {each: row for first, *row in cells for each in first.split(", ")}


def block(name: str, language: str) -> str:
    """The first example in that language in a document."""
    return text_of(name).partition(f"```{language}\n")[2].partition("```")[0]


def links(name: str) -> list[str]:
    found = re.findall(r"\]\(([^)\s]+)\)", text_of(name))
    return [link.partition("#")[0] for link in found if not link.startswith(("https://", "#"))]


def test_the_two_commands_come_first_in_the_readme() -> None:
    opening = text_of("README.md").partition("\n## ")[0]

    assert "make demo" in opening
    assert "make test" in opening


def test_the_readme_speaks_both_languages_at_like_length() -> None:
    readme = text_of("README.md")
    english = readme.partition("## English\n")[2].partition("\n## ")[0]
    cymraeg = readme.partition("## Cymraeg\n")[2].partition("\n## ")[0]

    assert english.count("\n\n") == cymraeg.count("\n\n")
    assert 0.8 < len(cymraeg) / len(english) < 1.25


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_between_documents_lead_somewhere(name: str) -> None:
    assert [link for link in links(name) if not (ROOT / name).parent.joinpath(link).exists()] == []


@pytest.mark.parametrize(
    "requirement", [*PROJECT["dependencies"], *(each for extra in EXTRAS.values() for each in extra)], ids=package_name
)
def test_every_direct_dependency_says_why_it_is_here(requirement: str) -> None:
    lines = [
        line
        for line in text_of("docs/dependencies.md").splitlines()
        if line.startswith(f"| {package_name(requirement)} |")
    ]
    assert len(lines) == 1
    assert all(cell.strip() for cell in lines[0].strip("|").split("|"))


@pytest.mark.parametrize("lock", LOCKED)
def test_a_lock_file_pins_every_direct_dependency_to_hashes_and_names_no_host(lock: str) -> None:
    content = text_of(lock)
    entries = re.findall(
        r"^([a-z0-9._-]+)==[^\n]+\\\n((?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", content, re.MULTILINE
    )
    pinned = {name for name, _ in entries}

    assert {package_name(each) for each in LOCKED[lock]} - pinned == set()
    assert len(entries) == len(re.findall(r"^\S+==", content, re.MULTILINE))
    assert "://" not in content


def test_what_runs_is_what_was_tested() -> None:
    pins = {lock: set(re.findall(r"^([a-z0-9._-]+==\S+)", text_of(lock), re.MULTILINE)) for lock in LOCKED}

    assert pins["requirements.lock"] <= pins["requirements-dev.lock"]


@pytest.mark.parametrize("record", RECORDS)
def test_every_noun_of_the_vocabulary_is_in_the_glossary(record: str) -> None:
    assert f"`{record}`" in text_of("GLOSSARY.md")


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: f"{type(member).__name__}.{member.name}")
def test_the_glossary_and_the_screens_have_one_word_for_one_thing(member: StrEnum) -> None:
    row = glossary_row(type(member), member.value)

    assert row[1:3] == [Words("en").name(member), Words("cy").name(member)]
    assert row[3]


def test_decisions_are_numbered_without_a_gap_and_say_whether_they_hold() -> None:
    decisions = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))

    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    assert [path.name for path in decisions if not re.search(r"^Status: \w+", path.read_text(), re.MULTILINE)] == []


def test_the_licence_is_the_apache_licence_whole() -> None:
    licence = text_of("LICENSE")

    assert licence.lstrip().startswith("Apache License\n")
    assert licence.rstrip().endswith("limitations under the License.")


def test_make_alone_lists_every_verb() -> None:
    done = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True)

    listed = re.findall(r"^  make (\w+)", done.stdout, re.MULTILINE)
    assert {"demo", "test", "check", "fix", "bench", "help"} <= set(listed)


# --- docs/reference/tokens.md, to which the command line and the pages send an administrator

TOKENS = cli.LEARN_MORE
LETS_IN: dict[Platform, ways.Way | ways.Typed] = {**ways.WAYS, **ways.TYPED}


def asked_for(way: ways.Way | ways.Typed) -> set[str]:
    """What a platform is asked for, or what somebody types for it."""
    if isinstance(way, ways.Typed):
        return set(way.asks)
    return {"write"} if isinstance(way, ways.FlickrWay) else set(way.scopes)


@pytest.mark.parametrize("platform", LETS_IN)
def test_an_administrator_reads_all_that_a_platform_will_ask_for(platform: Platform) -> None:
    way = LETS_IN[platform]
    said = set(re.findall(r"`([^`]+)`", rows(TOKENS, "platform | asks for")[way.name][0]))

    assert said == asked_for(way)


@pytest.mark.parametrize("platform", LETS_IN)
def test_an_administrator_reads_under_which_heading_an_app_goes(platform: Platform) -> None:
    part = rows(TOKENS, "platform | part")[LETS_IN[platform].name][0]
    apart = tokens.needs_app(platform) and platform not in configuration.APP_OF_ANOTHER

    assert part.startswith(f"`[apps.{platform.value}]`") if apart else part.startswith("none")


def test_the_example_of_apps_is_a_configuration_that_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "gwylio.toml"
    file.write_text(block(TOKENS, "toml"), encoding="utf-8")
    for name, secret in re.findall(r"^(GWYLIO_\w+)=(\S+)", block(TOKENS, "sh"), re.MULTILINE):
        monkeypatch.setenv(name, secret)

    settings = configuration.load(file)

    assert {Platform.X, Platform.FACEBOOK} <= {each for each, app in settings.apps.items() if app.client_secret}
    assert all(app.client_id for app in settings.apps.values())
    assert settings.app(Platform.INSTAGRAM) == settings.apps[Platform.FACEBOOK]
    assert settings.app(Platform.THREADS) is None
    assert f"`{configuration.App().redirect_uri}` unless said" in text_of(TOKENS)


def test_a_part_for_instagram_says_only_what_is_different_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "gwylio.toml"
    file.write_text('[apps.facebook]\nclient_id = "1"\nscopes = ["pages_show_list"]\n', encoding="utf-8")
    monkeypatch.setenv("GWYLIO_APPS__FACEBOOK__CLIENT_SECRET", "of-the-app")
    monkeypatch.setenv("GWYLIO_APPS__INSTAGRAM__WEBHOOK_SECRET", "of-its-notices")

    app = configuration.load(file).app(Platform.INSTAGRAM)

    assert app == configuration.App(client_id="1", client_secret="of-the-app", webhook_secret="of-its-notices")


def test_a_proxy_is_told_every_host_that_tokens_come_from() -> None:
    asked = [way.token for way in ways.WAYS.values() if isinstance(way, ways.CodeWay)]
    hosts = {urlsplit(each).hostname for each in (*asked, ways.FLICKR, ways.BLUESKY)}

    assert [host for host in hosts if f"`{host}`" not in text_of(TOKENS)] == []


def test_how_long_a_token_lives_and_whether_it_is_renewed_is_what_consent_brings(tmp_path: Path) -> None:
    said = rows(TOKENS, "platform | what is kept")
    assert said.keys() == {way.name for way in LETS_IN.values()}

    with village(tmp_path) as dyffryn:
        found = {platform: came_of(dyffryn, platform) for platform in LETS_IN}

    for platform, (expires, renews) in found.items():
        _, lives, renewed, _ = said[LETS_IN[platform].name]
        assert (lives.startswith("does not run out"), renewed == "never") == (not expires, not renews), platform


def came_of(dyffryn: Village, platform: Platform) -> tuple[bool, bool]:
    """Whether what lets us in runs out, and whether it is renewed."""
    way = ways.TYPED.get(platform)
    if way is None:
        granted = dyffryn.consent(platform)
    else:
        name, _, secret = f":{PASSWORDS[platform]}".rpartition(":")
        keys = dict(zip(way.asks, (name.lstrip(":") or IDS[platform], secret), strict=True))
        granted = way.check(dyffryn.door(platform), keys)
    return granted.expires is not None, granted.renews


def test_the_days_on_which_an_end_is_foretold_are_named() -> None:
    *days, last = tokens.WARNED

    assert f"- {', '.join(map(str, days))} and {last} days before" in text_of(TOKENS)


@pytest.mark.parametrize("health", tokens.Health)
def test_every_way_in_which_a_token_may_stand_has_a_row(health: tokens.Health) -> None:
    found = [row for name, row in rows(TOKENS, "it stands").items() if name.startswith(health.value)]

    assert len(found) == 1
