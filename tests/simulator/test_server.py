"""The simulator answers as the platforms do, tells the truth behind them, and listens nowhere but here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from simulator.faults import Fault, Faults, FaultsError, Kind, load
from simulator.platforms import PLATFORMS, one_of_each
from simulator.server import TELLINGS, Simulator, SimulatorError
from simulator.world import World
from vocabulary import Platform

NINE = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


class Client:
    """Bare requests with our tokens, to see what an SDK would see."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.session = requests.Session()
        self.session.trust_env = False

    def x(self, method: str, path: str, **more: Any) -> requests.Response:
        headers = {"Authorization": "Bearer tx"}
        return self.session.request(method, f"{self.simulator.base_url}/x{path}", headers=headers, timeout=5, **more)

    def facebook(self, method: str, path: str, **more: Any) -> requests.Response:
        more["params"] = {"access_token": "tf", **more.get("params", {})}
        return self.session.request(method, f"{self.simulator.base_url}/facebook/v26.0{path}", timeout=5, **more)

    def truth(self, page: str) -> Any:
        return self.session.get(f"{self.simulator.base_url}/_simulator/{page}", timeout=5).json()


@pytest.fixture
def world() -> World:
    world = World(now=NINE + timedelta(hours=5))
    world.add_account(Platform.X, "dyffryn-x", "1001", "Cyngor Dyffryn", "tx")
    world.add_account(Platform.FACEBOOK, "dyffryn-fb", "5001", "Cyngor Dyffryn", "tf")
    return world


@pytest.fixture
def client(world: World) -> Iterator[Client]:
    with Simulator(world) as simulator:
        client = Client(simulator)
        yield client
        client.session.close()


def test_x_answers_with_its_shapes(client: Client, world: World):
    post = world.post("dyffryn-x", "Bore da", NINE)
    world.comment("dyffryn-x", "Helo?", "7001", "Mari", NINE + timedelta(hours=1), post=post)

    answer = client.x("GET", "/2/users/1001/mentions", params={"tweet.fields": "created_at,conversation_id"})

    (tweet,) = answer.json()["data"]
    assert set(tweet) == {"id", "text", "edit_history_tweet_ids", "created_at", "conversation_id"}
    assert tweet["created_at"] == "2026-11-16T10:00:00.000Z"
    assert tweet["text"] == "@dyffrynx Helo?"
    assert answer.json()["meta"] == {"result_count": 1, "newest_id": tweet["id"], "oldest_id": tweet["id"]}
    assert answer.headers["x-rate-limit-remaining"] == "299"
    assert answer.headers["date"] == "Mon, 16 Nov 2026 14:00:00 GMT"


def test_facebook_answers_with_its_shapes(client: Client, world: World):
    post = world.post("dyffryn-fb", "Bore da", NINE)
    for number in range(3):
        world.comment("dyffryn-fb", f"Helo {number}?", "7001", "Mari", NINE + timedelta(hours=1 + number), post=post)

    answer = client.facebook("GET", f"/{post}/comments", params={"limit": 2, "fields": "from{id,name},message"})

    body = answer.json()
    assert body["data"][0] == {
        "id": body["data"][0]["id"], "message": "Helo 0?", "from": {"id": "7001", "name": "Mari"}
    }  # fmt: skip
    assert set(body["paging"]) == {"cursors", "next"}
    assert "access_token=tf" in body["paging"]["next"]
    assert set(json.loads(answer.headers["X-App-Usage"])) == {"call_count", "total_time", "total_cputime"}


# What is asked, and how each platform refuses it.
REFUSALS = [
    ("x", "GET", "/2/users/1001/mentions?max_results=4",                           400, "invalid-request"),
    ("x", "GET", "/2/users/1002/mentions",                                         403, "about:blank"),
    ("x", "GET", "/2/tweets/search/recent?query=" + "to:1001%20" * 80,             400, "invalid-request"),
    ("x", "GET", "/2/tweets/search/recent?query=colour:red",                       400, "invalid-request"),
    ("x", "GET", "/2/tweets/search/recent?query=(to:1001",                         400, "invalid-request"),
    ("x", "GET", "/2/tweets/search/recent?query=to:1001&since_id=1",               400, "invalid-request"),
    ("x", "GET", "/2/users/1001/mentions?pagination_token=nonsense",               400, "invalid-request"),
    ("x", "POST", "/2/tweets",                                                     400, "invalid-request"),
    ("x", "GET", "/2/nothing",                                                     404, "about:blank"),
    ("facebook", "GET", "/5002/feed",                                              400, 100),
    ("facebook", "GET", "/5001_1",                                                 400, 100),
    ("facebook", "POST", "/5001_1/comments",                                       400, 100),
    ("facebook", "GET", "/a/b/c",                                                  400, 2500),
]  # fmt: skip


@pytest.mark.parametrize(("platform", "method", "path", "status", "named"), REFUSALS)
def test_what_a_platform_refuses_is_refused_in_its_own_words(
    client: Client, platform: str, method: str, path: str, status: int, named: str | int
):
    ask = client.x if platform == "x" else client.facebook
    answer = ask(method, path, **({"json": {}} if platform == "x" and method == "POST" else {}))

    assert answer.status_code == status
    body = answer.json()
    assert (body["type"].rsplit("/", 1)[-1] if platform == "x" else body["error"]["code"]) == named


def test_each_published_reply_is_on_record_once_with_its_target(client: Client, world: World, tmp_path: Path):
    post = world.post("dyffryn-fb", "Bore da", NINE)
    asked = world.comment("dyffryn-fb", "?", "7001", "Mari", NINE, post=post)

    made = client.facebook("POST", f"/{asked}/comments", data={"message": "Dydd Mawrth"}).json()

    (reply,) = client.truth("replies")["published"]
    assert reply == {
        "account": "dyffryn-fb", "native_id": made["id"], "in_reply_to": asked, "text": "Dydd Mawrth"
    }  # fmt: skip
    (standing,) = client.truth("replies")["standing"]["dyffryn-fb"]
    assert (standing["native_id"], standing["text"]) == (made["id"], "Dydd Mawrth")


def test_the_log_has_one_line_for_each_request(world: World, tmp_path: Path):
    log = tmp_path / "requests.jsonl"
    post = world.post("dyffryn-x", "Bore da", NINE)
    asked = world.comment("dyffryn-x", "?", "7001", "Mari", NINE, post=post)
    with Simulator(world, log=log) as simulator:
        client = Client(simulator)
        client.x("GET", "/2/users/me")
        client.x("POST", "/2/tweets", json={"text": "Dŵr", "reply": {"in_reply_to_tweet_id": asked}})
        client.session.close()

    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [(line["method"], line["path"], line["status"]) for line in lines] == [
        ("GET", "/2/users/me", 200),
        ("POST", "/2/tweets", 201),
    ]
    assert lines[0]["reply"] is None
    assert lines[1]["reply"]["text"] == "Dŵr"
    assert lines[1]["reply"]["in_reply_to"] == asked


def test_another_process_may_move_the_clock_and_ask_for_faults(client: Client, world: World):
    later = (NINE + timedelta(days=9)).isoformat()
    base = f"{client.simulator.base_url}/_simulator"

    client.session.post(f"{base}/now", json={"now": later}, timeout=5)
    client.session.post(f"{base}/faults", json={"kind": "html_502"}, timeout=5)

    assert client.truth("world")["now"] == later
    assert client.x("GET", "/2/users/me").status_code == 502
    assert client.x("GET", "/2/users/me").status_code == 200
    assert client.session.post(f"{base}/faults", json={"kind": "sorcery"}, timeout=5).status_code == 400
    assert [one["fault"] for one in client.truth("requests")] == ["html_502", ""]


def test_what_is_written_may_be_listed_late(client: Client, world: World):
    world.lag = timedelta(minutes=1)
    made = client.x("POST", "/2/tweets", json={"text": "Bore da"}).json()["data"]["id"]

    assert "data" not in client.x("GET", "/2/users/1001/tweets").json()
    assert client.x("GET", f"/2/tweets/{made}").json()["data"]["id"] == made
    world.now += timedelta(minutes=1)
    assert client.x("GET", "/2/users/1001/tweets").json()["data"][0]["id"] == made


def test_the_world_is_shown_without_a_token(client: Client):
    assert "tx" not in json.dumps(client.truth("world"))


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org"])
def test_it_listens_on_loopback_only(world: World, host: str):
    with pytest.raises(SimulatorError, match="loopback"):
        Simulator(world, host=host)


def test_a_port_in_use_is_said_to_be(client: Client, world: World):
    port = int(client.simulator.base_url.rsplit(":", 1)[1])

    with pytest.raises(SimulatorError, match="another port"):
        Simulator(world, port=port)


FILES = [
    ("faults.toml", '[[fault]]\nkind = "html_502"\nplatform = "facebook"\npath = "*/comments"\nnth = 3\n'),
    ("faults.json", '{"fault": [{"kind": "html_502", "platform": "facebook", "path": "*/comments", "nth": 3}]}'),
    ("faults.json", '[{"kind": "html_502", "platform": "facebook", "path": "*/comments", "nth": 3}]'),
]


@pytest.mark.parametrize(("name", "text"), FILES)
def test_faults_come_from_a_file(tmp_path: Path, name: str, text: str):
    path = tmp_path / name
    path.write_text(text)

    assert load(path).rows == [Fault(Kind.HTML_502, Platform.FACEBOOK, path="*/comments", nth=3)]


def test_everything_wrong_in_a_file_of_faults_is_said_at_once(tmp_path: Path):
    path = tmp_path / "faults.toml"
    path.write_text('[[fault]]\nkind = "sorcery"\n[[fault]]\nwhen = 3\n[[fault]]\nplatform = "x"\n')

    with pytest.raises(FaultsError) as caught:
        load(path)

    assert [line.split(": ")[1] for line in str(caught.value).splitlines()] == ["fault 1", "fault 2", "fault 3"]


@pytest.mark.parametrize("text", ["[[fault]", "fault = 3", "\x00"])
def test_a_file_that_holds_no_faults_is_refused(tmp_path: Path, text: str):
    path = tmp_path / "faults.toml"
    path.write_text(text)
    with pytest.raises(FaultsError, match="faults"):
        load(path)


def test_a_fault_strikes_the_nth_that_fits_or_the_first_few(client: Client):
    client.simulator.faults.rows += [Fault(Kind.HTML_502, path="*/me", nth=2), Fault(Kind.GONE, path="*/me", times=1)]

    assert [client.x("GET", "/2/users/me").status_code for _ in range(3)] == [404, 502, 200]


def test_no_faults_is_no_trouble():
    assert Faults().rows == []


def happen(client: Client, what: str, **told: Any) -> requests.Response:
    address = f"{client.simulator.base_url}/_simulator/happen"
    return client.session.post(address, json={"what": what, **told}, timeout=5)


def test_what_happens_may_be_told_from_outside(client: Client):
    post = happen(client, "post", account="dyffryn-fb", text="Bore da", at="2026-11-16T09:00:00+00:00").json()
    comment = happen(
        client,
        "comment",
        account="dyffryn-fb",
        text="Helo?",
        author_id="7001",
        author_name="Mari",
        post=post["native_id"],
    ).json()["native_id"]
    assert [each["id"] for each in client.facebook("GET", f"/{post['native_id']}/comments").json()["data"]] == [comment]

    assert happen(client, "delete", native_id=comment).status_code == 200
    assert client.facebook("GET", f"/{post['native_id']}/comments").json()["data"] == []


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("add_account", {}),
        ("comment", {"account": "nobody"}),
        ("post", {"account": "dyffryn-x", "text": "a", "at": "yesterday"}),
        ("delete", {"native_id": "nothing"}),
    ],
)
def test_what_cannot_have_happened_is_refused_with_a_reason(client: Client, what: str, told: dict[str, Any]):
    refused = happen(client, what, **told)

    assert refused.status_code == 400
    assert refused.json()["wrong"]


def test_an_empty_world_has_one_account_of_each_platform():
    world = World(now=NINE)
    one_of_each(world)

    assert {account.platform for account in world.accounts()} == set(PLATFORMS)
    assert all(world.holder_of(account.platform, account.token) is account for account in world.accounts())


def test_the_manual_knows_every_fault_and_all_that_can_happen():
    manual = (Path(__file__).parents[2] / "docs" / "reference" / "simulator.md").read_text(encoding="utf-8")

    assert [kind.value for kind in Kind if f"`{kind.value}`" not in manual] == []
    assert [what for what in TELLINGS if f"`{what}`" not in manual] == []
