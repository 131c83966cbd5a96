"""What an administrator types, as real processes: sentences instead of tracebacks, and the exit codes we promise."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from simulator.server import Simulator
from simulator.world import World
from store import webhooks
from store.database import Store
from store.webhooks import Arrived
from vocabulary import Platform

ROOT = Path(__file__).parents[1]
DONE, DOES_NOT_HOLD, WRONG_USE, OUTSIDE = 0, 1, 2, 3
BARE = {name: value for name, value in os.environ.items() if not name.startswith("GWYLIO_")}


@dataclass
class Told:
    code: int
    out: str
    err: str


@dataclass
class Shell:
    """A folder in which somebody types `gwylio ...`."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *words: str, says: str | bytes = "") -> Told:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "cli", *words],
            input=says.encode("utf-8", "surrogatepass") if isinstance(says, str) else says,
            capture_output=True,
            check=False,
            cwd=self.folder,
            env=BARE | {"PYTHONPATH": str(ROOT)} | self.environment,
            timeout=120,
        )
        told = Told(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert "Traceback" not in told.err, told.err
        return told


@pytest.fixture
def gwylio(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def ready(gwylio: Shell) -> Shell:
    """An installation with its configuration, key and database."""
    assert gwylio("init").code == DONE
    with (gwylio.folder / "gwylio.toml").open("a", encoding="utf-8") as file:
        file.write('\n[platform_urls]\nfacebook = "http://127.0.0.1:9/facebook"\n')
    return gwylio


@pytest.fixture
def world() -> Iterator[Simulator]:
    """A Page with one Welsh comment, of an hour ago."""
    made = World()
    page = made.add_account(Platform.FACEBOOK, "dyffryn-fb", "1001", "Dyffryn", "a-token")
    at = datetime.now(UTC) - timedelta(hours=1)
    post = made.post(page.slug, "Biniau", at)
    made.comment(page.slug, "Pryd mae'r biniau'n cael eu casglu?", "a1", "Mair Enghraifft", at, post=post)
    with Simulator(made) as simulator:
        yield simulator


ADD = ("account", "add", "dyffryn-fb", "--platform", "facebook", "--id", "1001", "--name", "Dyffryn", "--area", "waste")


@pytest.mark.parametrize(
    "words", [(), ("account",), ("report",), ("audit",), ("user",), ("policy",), ("search",), ("webhook",)]
)
def test_the_help_reads_well(gwylio: Shell, words: tuple[str, ...]) -> None:
    told = gwylio(*words, "--help")
    assert told.code == DONE
    assert told.out.startswith("Usage: gwylio")
    assert not [line for line in told.out.splitlines()[1:] if line.endswith("...")], "cut short"


def test_the_help_names_every_command_that_others_script_against(gwylio: Shell) -> None:
    told = gwylio("--help").out
    for (
        command
    ) in "demo run web scheduler init check migrate collect import classify due report audit simulate".split():
        assert re.search(rf"^  {command} ", told, re.MULTILINE), command


def test_from_nothing_to_a_weekly_report_and_a_trail_that_holds(gwylio: Shell, world: Simulator) -> None:
    told = gwylio("init")
    assert (told.code, "wrote gwylio.toml" in told.out) == (DONE, True)
    assert (gwylio.folder / "var/secret.key").stat().st_mode & 0o077 == 0
    again = gwylio("init")
    assert (again.code, "wrote" in again.out) == (DONE, False), "a second time changes nothing"
    with (gwylio.folder / "gwylio.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[platform_urls]\nfacebook = "{world.url_of(Platform.FACEBOOK)}"\n')

    wanting = gwylio("check")
    assert wanting.code == WRONG_USE
    assert "gwylio account add" in wanting.err
    assert "gwylio user add" in wanting.err

    user = ("user", "add", "mair", "--name", "Mair Enghraifft", "--role", "officer", "--area", "waste")
    assert gwylio(*user, says="ceffyl batri stwffwl\n").code == DONE
    assert gwylio(*ADD, "--open-since", "2026-01-01").code == DONE
    assert "no token" in gwylio("check").err
    assert gwylio("account", "connect", "dyffryn-fb", says="a-token\n").code == DONE
    checked = gwylio("check")
    assert (checked.code, checked.out) == (DONE, "nothing is wrong\n")

    collected = gwylio("collect", "--account", "dyffryn-fb", "--once")
    assert (collected.code, collected.out) == (DONE, "dyffryn-fb: 1 new, 0 changed\n1 read and placed\n")

    export = gwylio.folder / "allforio.csv"
    export.write_text("id,text,author,posted_at\n77,When?,a2,2026-11-01T10:00:00Z\n78,Eh?,a3,ddoe\n", encoding="utf-8")
    imported = gwylio("import", str(export), "--account", "dyffryn-fb")
    assert (imported.code, imported.out) == (WRONG_USE, "1 new, 0 changed, 0 known already; put in the queue: 1\n")
    assert "line 3: " in imported.err
    assert (gwylio.folder / "allforio.csv.bad.jsonl").exists()

    (gwylio.folder / "nodyn.txt").write_text("Ffoniodd hi.", encoding="utf-8")
    rows = [
        f"{number},Pryd?,2026-11-01T10:00:00Z,manual,{file}" for number, file in ((1, "nodyn.txt"), (2, "../a.txt"))
    ]
    export.write_text("\n".join(["id,text,posted_at,origin,evidence", *rows]), encoding="utf-8")
    imported = gwylio("import", "allforio.csv", "--account", "dyffryn-fb")
    assert imported.out.endswith("put in the queue: 1\nfiles of evidence kept: 1\n")
    assert "line 3: evidence must lie in the folder of the file" in imported.err

    report = gwylio("report", "weekly", "--week", "2026-W44", "--out", "adroddiad")
    assert report.code == DONE
    assert sorted(path.name for path in (gwylio.folder / "adroddiad").iterdir()) == [
        f"weekly-2026-W44.{language}.{kind}" for language in ("cy", "en") for kind in ("csv", "html")
    ]

    held = gwylio("audit", "verify")
    assert held.code == DONE
    rows = gwylio("audit", "export").out.splitlines()
    assert held.out == f"the audit trail holds: {len(rows)} rows\n"
    assert all(json.loads(row)["number"] == number for number, row in enumerate(rows, start=1))
    everything = gwylio("audit", "export").out + (gwylio.folder / "gwylio.toml").read_text(encoding="utf-8")
    assert "a-token" not in everything
    assert "stwffwl" not in everything


def test_a_trail_that_was_touched_is_found_and_its_first_bad_row_named(ready: Shell) -> None:
    assert ready(*ADD).code == DONE
    user = ("user", "add", "mair", "--name", "Mair", "--role", "auditor")
    assert ready(*user, says="ceffyl batri stwffwl\n").code == DONE
    database, head = ready.folder / "var/gwylio.sqlite3", ready.folder / "var/audit.head"
    assert ready("audit", "verify").code == DONE

    kept = head.read_bytes()
    head.unlink()
    missing = ready("audit", "verify")
    assert (missing.code, "audit.head is not there" in missing.err) == (DOES_NOT_HOLD, True)
    head.write_bytes(kept)

    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE audit SET actor = 'somebody else' WHERE number = 2")
    told = ready("audit", "verify")
    assert (told.code, "row 2 " in told.err) == (DOES_NOT_HOLD, True)


def test_a_broken_configuration_says_everything_at_once_and_starts_nothing(gwylio: Shell) -> None:
    (gwylio.folder / "gwylio.toml").write_text('polisi = "powys"\nport = "wyth"\n[body]\ncy = ""\n', encoding="utf-8")
    for command in (("check",), ("run",), ("scheduler", "--once"), ("init",)):
        told = gwylio(*command)
        assert told.code == WRONG_USE, command
        assert "gwylio.toml:1: polisi: is not a key we know; did you mean policy?" in told.err
        assert "gwylio.toml:2: port: must be a whole number" in told.err
        assert "gwylio.toml:4: body.cy: must not be empty" in told.err
    assert [path.name for path in gwylio.folder.iterdir()] == ["gwylio.toml"]


def test_a_broken_environment_is_named_as_such(gwylio: Shell) -> None:
    gwylio.environment = {"GWYLIO_PORT": "wyth"}
    told = gwylio("check")
    assert (told.code, told.err) == (WRONG_USE, "the environment: GWYLIO_PORT: must be a whole number\n")
    gwylio.environment = {"GWYLIO_ALLOWED_HOSTS": "cyngor.example"}
    told = gwylio("check")
    assert (told.code, told.err) == (WRONG_USE, "the environment: GWYLIO_ALLOWED_HOSTS: must be written as JSON\n")


def test_a_broken_pack_and_broken_areas_are_told_together(ready: Shell) -> None:
    folder = ready.folder / "config"
    (folder / "policies").mkdir(parents=True)
    (folder / "service_areas.toml").write_text("[waste]\nname = 7\n", encoding="utf-8")
    (folder / "policies/powys.toml").write_text("[response]\nanswer_dayz = 5\n", encoding="utf-8")
    configuration = ready.folder / "gwylio.toml"
    configuration.write_text('config_dir = "config"\n', encoding="utf-8")
    for command in (("check",), ("run",), ("collect",)):
        told = ready(*command)
        assert told.code == WRONG_USE
        assert "service_areas.toml:2: waste.name" in told.err
        assert re.search(r"powys\.toml:2: response\.answer_dayz: .*did you mean answer_days", told.err)


WRONG = [
    (("collect", "--account", "nid-oes"), "no account is called nid-oes; there are: dyffryn-fb"),
    (("import", "x.csv", "--account", "nid-oes"), "no account is called nid-oes; there are: dyffryn-fb"),
    (("import", "nid-oes.csv", "--account", "dyffryn-fb"), "nid-oes.csv cannot be read"),
    (("import", "latin.csv", "--account", "dyffryn-fb"), "save it again as UTF-8"),
    (("account", "connect", "nid-oes"), "no account is called nid-oes"),
    (ADD, "dyffryn-fb is registered already"),
    (("account", "add", "Cyngor X", *ADD[3:]), "use small letters, digits and hyphens"),
    ((*ADD[:2], "arall", *ADD[3:-1], "gwastraf"), "there is no service area gwastraf; there are: "),
    (("user", "add", "a", "--name", "A", "--role", "officer", "--area", "gwastraf"), "no service area gwastraf"),
    (("report", "weekly", "--week", "2026-W99", "--out", "x"), "2026-W99"),
    (("due", "nid-oes.csv"), "nid-oes.csv cannot be read"),
    (("classify", "nid-oes.jsonl"), "nid-oes.jsonl cannot be read"),
    (("due", "--policy", "powis"), "powis"),
    (("webhook", "show", "youtube"), "youtube pushes nothing; facebook, instagram, linkedin, threads, tiktok, x do"),
    (("webhook", "end", "nid-oes"), "no account is called nid-oes"),
]


def test_wrong_use_is_answered_with_what_to_do(ready: Shell) -> None:
    assert ready(*ADD).code == DONE
    (ready.folder / "latin.csv").write_bytes("id,text,posted_at\n1,T\xfd,2026-11-01T10:00:00Z\n".encode("latin-1"))
    for words, sentence in WRONG:
        told = ready(*words, says="cyfrinair\n")
        said = re.sub(r"[\s│╭╮╰╯─]+", " ", told.err)
        assert (told.code, sentence in said) == (WRONG_USE, True), (words, told)


def test_a_platform_that_is_not_there_is_a_failure_outside_and_can_be_tried_again(ready: Shell) -> None:
    assert ready(*ADD).code == DONE
    assert ready("account", "connect", "dyffryn-fb", says="a-token\n").code == DONE
    told = ready("collect")
    assert (told.code, "Transient" in told.err, "a-token" in told.err) == (OUTSIDE, True, False)


def test_a_database_that_is_not_there_is_a_failure_outside(ready: Shell) -> None:
    ready.environment = {"GWYLIO_DATABASE_URL": "postgresql://nobody:cyfrinair@127.0.0.1:9/none"}
    told = ready("collect")
    assert (told.code, "cannot be reached" in told.err, "cyfrinair" in told.err) == (OUTSIDE, True, False)


def test_a_database_of_no_version_is_not_touched(gwylio: Shell) -> None:
    assert gwylio("init").code == DONE
    (gwylio.folder / "var/gwylio.sqlite3").unlink()
    told = gwylio("collect")
    assert (told.code, "gwylio migrate" in told.err) == (WRONG_USE, True)


def test_what_to_enter_at_a_platform_is_shown_and_what_is_missing_here_is_said(ready: Shell) -> None:
    bare = ready("webhook", "show", "facebook")
    assert (bare.code, bare.out.splitlines()[0]) == (DOES_NOT_HOLD, "address: https://YOUR-HOST/webhooks/facebook")
    assert "no public name is in allowed_hosts" in bare.err
    assert "GWYLIO_APPS__FACEBOOK__CLIENT_SECRET is not set" in bare.err

    ready.environment = {
        "GWYLIO_APPS__FACEBOOK__CLIENT_SECRET": "cyfrinach",
        "GWYLIO_APPS__X__CLIENT_SECRET": "cyfrinach",
    }
    nameless = ready("webhook", "show", "facebook")
    assert (nameless.code, nameless.err.count("\n")) == (DOES_NOT_HOLD, 1), "a secret alone lets nobody find us"

    configuration = ready.folder / "gwylio.toml"
    configuration.write_text('allowed_hosts = ["localhost", "[::1]", "cyngor.example"]\n', encoding="utf-8")
    whole = ready("webhook", "show", "facebook")
    assert (whole.code, whole.err) == (DONE, "")
    address, token, subscribe = whole.out.splitlines()
    assert address == "address: https://cyngor.example/webhooks/facebook"
    assert re.fullmatch("verify token: [0-9a-f]{40}", token)
    assert subscribe == "subscribe to: feed, mention, messages"
    assert ready("webhook", "show", "facebook") == whole, "the token is the same whenever it is asked for"
    assert token not in ready("webhook", "show", "threads").out

    on_x = ready("webhook", "show", "x")
    assert (on_x.code, "verify token" in on_x.out) == (DOES_NOT_HOLD, False)
    assert "GWYLIO_APPS__X__WEBHOOK_SECRET is not set: whatever x pushes is refused" in on_x.err, (
        "its notices are not signed with the secret of its consent"
    )


def test_what_platforms_told_is_listed_and_may_be_expected_no_more(ready: Shell) -> None:
    assert ready(*ADD).code == DONE
    assert ready("webhook", "list") == Told(DONE, "", "")
    at, audit_key = datetime(2026, 11, 16, 9, 0, tzinfo=UTC), (ready.folder / "var/secret.key").read_bytes()
    arrived = [
        Arrived(
            platform=Platform.FACEBOOK,
            fingerprint=str(number),
            account_id=whose,
            raw=b"eu geiriau",
            trouble=trouble,
            settled=bool(trouble),
        )
        for number, (whose, trouble) in enumerate([(1, ""), (1, ""), (None, "it names no account of ours")])
    ]
    with Store(f"sqlite:///{ready.folder / 'var/gwylio.sqlite3'}", audit_key=audit_key) as store:
        store.write(lambda session: webhooks.keep(session, arrived, now=at))

    listed = ready("webhook", "list")
    assert listed.out.splitlines() == [
        "-\tfacebook\t2026-11-16T09:00:00Z\t1\t0\t1",
        "dyffryn-fb\tfacebook\t2026-11-16T09:00:00Z\t2\t2\t0",
    ]
    assert listed.err == "notice 3 from facebook, 2026-11-16 09:00: it names no account of ours\n"
    ended = ready("webhook", "end", "dyffryn-fb")
    assert (ended.code, ended.out) == (DONE, "dyffryn-fb: 2 notices forgotten; it is read in rounds, as before\n")
    assert ready("webhook", "list").out.splitlines() == ["-\tfacebook\t2026-11-16T09:00:00Z\t1\t0\t1"]
    assert ready("audit", "verify").code == DONE


ARRIVALS = "reference,received_at\nA,2026-11-20T23:30:00+00:00\nB,2026-12-23T09:00:00Z\n"


@pytest.mark.parametrize("from_file", [True, False])
def test_due_answers_the_same_rows_with_their_dates(gwylio: Shell, from_file: bool) -> None:
    (gwylio.folder / "arrivals.csv").write_text(ARRIVALS, encoding="utf-8")
    told = gwylio("due", "arrivals.csv") if from_file else gwylio("due", says=ARRIVALS)
    assert told.code == DONE
    rows = list(csv.DictReader(io.StringIO(told.out)))
    assert [(row["reference"], row["ack_due"], row["due"]) for row in rows] == [
        ("A", "2026-11-23", "2026-11-27"),
        ("B", "2026-12-24", "2027-01-04"),
    ]


def test_due_keeps_the_good_rows_and_names_the_bad_lines(gwylio: Shell) -> None:
    told = gwylio("due", says=ARRIVALS.replace("2026-11-20T23:30:00+00:00", "ddoe"))
    assert (told.code, "line 2: " in told.err) == (WRONG_USE, True)
    assert [row["reference"] for row in csv.DictReader(io.StringIO(told.out))] == ["B"]


def test_due_explains_the_counting_and_goes_by_the_law_when_asked(gwylio: Shell) -> None:
    told = gwylio("due", "--explain", "--clock", "foi", says=ARRIVALS)
    [first, _] = csv.DictReader(io.StringIO(told.out))
    assert (first["ack_due"], first["due"]) == ("", "2026-12-21"), (
        "St Andrew's Day is a bank holiday in the United Kingdom"
    )
    assert "working day 20" in first["counted"]


ODD = ["", "Diolch \ud800", "a\x00b\x1bc\u202e", "é" * 100_000, "👍🏽 ddiolch"]


@pytest.mark.parametrize("from_file", [True, False])
def test_classify_answers_each_line_in_order_whatever_is_in_it(gwylio: Shell, from_file: bool) -> None:
    lines = "".join(json.dumps({"id": str(n), "text": text}) + "\n" for n, text in enumerate(ODD))
    lines += '{"id": "raw", "text": "ŵ \u2028 ŷ"}\n\n{"id": 7, "text": "Mae\'r biniau heb eu casglu. Pryd?"}'
    (gwylio.folder / "comments.jsonl").write_text(lines, encoding="utf-8")
    told = gwylio("classify", "comments.jsonl") if from_file else gwylio("classify", says=lines)
    assert told.code == DONE, told.err
    answers = [json.loads(line) for line in told.out.splitlines()]
    assert [answer["id"] for answer in answers] == [*(str(n) for n in range(len(ODD))), "raw", 7]
    assert (answers[-1]["language"], answers[-1]["needs_welsh_reply"]) == ("cy", True)


def test_classify_has_nothing_to_say_about_an_empty_file(gwylio: Shell) -> None:
    assert gwylio("classify", says="") == Told(DONE, "", "")


def test_classify_names_the_line_that_it_cannot_read_after_the_answers_before_it(gwylio: Shell) -> None:
    told = gwylio("classify", says=b'{"id": 1, "text": "Pryd?"}\n{"id": 2, "text": "\xff\xfe"}\nnonsense\n')
    assert (told.code, "line 3: " in told.err) == (WRONG_USE, True)
    assert [json.loads(line)["id"] for line in told.out.splitlines()] == [1, 2]


PEAK = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-W", "ignore", "-m", "cli", "classify", sys.argv[1]], stdout=subprocess.DEVNULL)
print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def peak(folder: Path, lines: int) -> int:
    file = folder / f"{lines}.jsonl"
    with file.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps({"id": n, "text": f"Pryd mae'r biniau rhif {n}?"}) + "\n" for n in range(lines))
    command = [sys.executable, "-c", PEAK, str(file)]
    done = subprocess.run(command, capture_output=True, check=True, cwd=ROOT, env=BARE, timeout=900)
    code, memory = done.stdout.split()
    assert int(code) == DONE
    return int(memory)


@pytest.mark.slow
def test_the_memory_of_classify_does_not_grow_with_its_input(tmp_path: Path) -> None:
    """bench/ has the larger pair, 20,000 and 200,000."""
    assert peak(tmp_path, 10_000) < 1.3 * peak(tmp_path, 1_000)
