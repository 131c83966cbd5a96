"""The demo's promise: a council's month that is full, consistent, deterministic, and about nobody real."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import story
from simulator.script import FOLDER, Story, StoryError, author_id, read
from simulator.story import LONDON, Commented, Deed, Deleted, Edited, Event, OfficerActed, Posted, after_working, events
from simulator.world import World
from vocabulary import Label, Language, Platform, ReplyKind, Role

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
HELPLINES = {"08081640123": "Samaritans in Welsh", "08088010800": "Live Fear Free", "08088023456": "Meic"}
NUMBER = re.compile(r"(?<![\w£.])0(?:[ ]?\d){9,10}(?!\d)")
DRAMA = re.compile(r"(01632960\d{3}|07700900\d{3}|0808157\d{4})")


@pytest.fixture(scope="module")
def told() -> Story:
    return read()


@pytest.fixture(scope="module")
def happened(told: Story) -> tuple[Event, ...]:
    return events(told, seed=1, now=NOW)


def comments(happened: tuple[Event, ...]) -> list[Commented]:
    return [event for event in happened if isinstance(event, Commented)]


def acts(happened: tuple[Event, ...]) -> list[OfficerActed]:
    return [event for event in happened if isinstance(event, OfficerActed)]


def test_the_council_is_as_large_as_we_say(told: Story) -> None:
    council = told.council

    assert len(council.areas) == 7
    assert len(council.staff) == 16
    assert Counter(account.platform for account in council.accounts) == {
        Platform.X: 4, Platform.FACEBOOK: 4, Platform.INSTAGRAM: 1, Platform.YOUTUBE: 1, Platform.BLUESKY: 1,
    }  # fmt: skip
    assert {role for person in council.staff for role in person.roles} == set(Role)


def test_six_hundred_comments_in_both_languages_reach_every_account(told: Story) -> None:
    remarks = [remark for thread in told.threads for remark in thread.remarks]
    share = {language: count / len(remarks) for language, count in Counter(each.language for each in remarks).items()}

    assert len(remarks) >= 600
    assert 0.50 <= share[Language.EN] <= 0.60
    assert 0.25 <= share[Language.CY] <= 0.35
    assert 0.10 <= share[Language.MIXED] <= 0.20
    assert {thread.account for thread in told.threads} == {account.slug for account in told.council.accounts}
    assert {remark.area for remark in remarks} == {area.slug for area in told.council.areas}
    assert len({remark.author for remark in remarks}) >= 350
    assert sum(remark.author is None for remark in remarks) == 2
    assert len(told.trickle) >= 60


def test_every_label_has_its_comment(told: Story) -> None:
    labels = {label for thread in told.threads for remark in thread.remarks for label in remark.labels}

    assert labels == set(Label)


def test_the_product_knows_the_same_areas_and_the_one_that_escalations_go_to(told: Story) -> None:
    areas = tomllib.loads((FOLDER / "service_areas.toml").read_text(encoding="utf-8"))

    assert set(areas) == {area.slug for area in told.council.areas} | {"communications"}
    assert all(areas[area.slug]["name"] == {"cy": area.name_cy, "en": area.name_en} for area in told.council.areas)


def test_saved_replies_are_pairs_that_leave_the_same_gaps(told: Story) -> None:
    assert len(told.templates) >= 12
    assert {template.kind for template in told.templates.values()} == set(ReplyKind)
    for template in told.templates.values():
        assert template.cy != template.en
        assert sorted(re.findall(r"\{\w+\}", template.cy)) == sorted(re.findall(r"\{\w+\}", template.en))


def test_no_text_is_written_twice_unless_it_is_meant_as_a_repeat(told: Story) -> None:
    remarks = [remark for thread in told.threads for remark in thread.remarks if Label.REPEATED not in remark.labels]

    assert [text for text, count in Counter(remark.text for remark in remarks).items() if count > 1] == []


def test_the_same_seed_tells_the_same_story(told: Story) -> None:
    assert events(told, seed=4, now=NOW) == events(told, seed=4, now=NOW)


def test_another_seed_changes_minutes_and_no_words(told: Story) -> None:
    one, other = (comments(events(told, seed=seed, now=NOW)) for seed in (1, 2))

    assert {(each.key, each.text, each.author) for each in one} == {
        (each.key, each.text, each.author) for each in other
    }
    assert {(each.key, each.at) for each in one} != {(each.key, each.at) for each in other}


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 999),
    now=st.timedeltas(timedelta(0), timedelta(days=800)).map(lambda later: NOW + later),
)
def test_whenever_it_is_told_it_is_in_order_and_in_the_last_four_weeks(told: Story, seed: int, now: datetime) -> None:
    happened = events(told, seed=seed, now=now)

    assert [event.at for event in happened] == sorted(event.at for event in happened)
    assert all(now - timedelta(days=30) < event.at <= now for event in happened)
    assert len(comments(happened)) >= 600


def test_every_event_is_about_something_that_is_already_there(happened: tuple[Event, ...]) -> None:
    there: set[str] = set()
    for event in happened:
        match event:
            case Posted():
                there.add(event.key)
            case Commented():
                assert {event.post, event.parent} - {""} <= there
                there.add(event.key)
            case Edited() | Deleted() | OfficerActed():
                assert event.key in there


def test_officers_act_after_the_comment_and_in_working_hours_unless_on_call(
    told: Story, happened: tuple[Event, ...]
) -> None:
    written = {event.key: event.at for event in comments(happened)}
    on_call = {remark.key for thread in told.threads for remark in thread.remarks if remark.on_call}
    for act in acts(happened):
        local = act.at.astimezone(LONDON)
        assert act.at > written[act.key]
        if act.key not in on_call or act.deed is Deed.CLOSE:
            assert local.weekday() < 5
            assert (8, 30) <= (local.hour, local.minute) <= (17, 30)


def test_officers_cover_the_area_they_act_for(told: Story, happened: tuple[Event, ...]) -> None:
    staff = {person.username: person for person in told.council.staff}
    areas = {event.key: event.area for event in comments(happened)}

    assert [act.key for act in acts(happened) if areas[act.key] not in staff[act.who].areas] == []


def test_an_answer_comes_in_the_language_that_is_owed(happened: tuple[Event, ...]) -> None:
    languages = {event.key: event.language for event in comments(happened)}
    replies = [act for act in acts(happened) if act.deed in (Deed.ACKNOWLEDGE, Deed.ANSWER)]

    assert replies
    assert all(act.text_cy for act in replies if languages[act.key] is not Language.EN)
    assert all(act.text_en for act in replies if languages[act.key] is not Language.CY)
    assert {name for act in replies for name in re.findall(r"\{\w+\}", act.text_cy + act.text_en)} <= {"{reference}"}


def test_the_queue_is_left_with_work_in_it(told: Story, happened: tuple[Event, ...]) -> None:
    needing = {event.key: event.at for event in comments(happened) if event.needs_response}
    settled = {act.key for act in acts(happened) if act.deed in (Deed.ANSWER, Deed.CLOSE)}
    waiting = [at for key, at in needing.items() if key not in settled]

    assert sum(at < NOW - timedelta(days=8) for at in waiting) >= 15
    assert sum(at >= NOW - timedelta(days=8) for at in waiting) >= 30
    assert len(needing) - len(waiting) >= 200


def test_nobody_closes_a_conversation_that_still_waits_for_its_answer(told: Story, happened: tuple[Event, ...]) -> None:
    remarks = {remark.key: remark for thread in told.threads for remark in thread.remarks}
    for act in acts(happened):
        if act.deed is Deed.CLOSE and act.outcome == "no_response_needed":
            assert not remarks[act.key].needs_response


def test_persistent_and_justified_is_left_unanswered_while_the_vexatious_had_a_final_answer(
    happened: tuple[Event, ...],
) -> None:
    replies = [act for act in acts(happened) if act.deed is Deed.ANSWER]

    assert not [act for act in replies if act.key.startswith("tyllau-trewern-menna/")]
    assert [act.template for act in replies if act.key.startswith("clos-yr-eos-1/")][-1] == "final-answer"


def test_all_of_it_can_be_played_into_the_simulated_platforms(told: Story, happened: tuple[Event, ...]) -> None:
    world = World(now=NOW)
    for account in told.council.accounts:
        world.add_account(account.platform, account.slug, account.native_id, account.name, token=account.slug)

    known = story.load(world, happened)
    arrived = [story.deal(world, arrival, known, NOW) for arrival in told.trickle]

    assert len(world.messages()) == len(known) + len(arrived) == len({*known.values(), *arrived})
    assert known.keys() == {event.key for event in happened if isinstance(event, Posted | Commented)}
    changed = next(event for event in happened if isinstance(event, Edited))
    message = world.message(known[changed.key])
    assert message is not None
    assert message.current(NOW).text == changed.text


@pytest.mark.parametrize(
    ("start", "length", "ends"),
    [
        ("2026-11-20T12:00", timedelta(hours=2), "2026-11-20T14:00"),
        ("2026-11-20T17:00", timedelta(hours=1), "2026-11-23T09:00"),  # over the weekend
        ("2026-11-21T10:00", timedelta(minutes=10), "2026-11-23T08:40"),
        ("2026-11-18T06:00", timedelta(hours=18), "2026-11-19T17:30"),
        ("2026-11-18T23:00", timedelta(0), "2026-11-19T08:30"),
    ],
)
def test_working_time_stands_still_at_night_and_at_weekends(start: str, length: timedelta, ends: str) -> None:
    assert after_working(london(start), length) == london(ends)


def test_an_author_keeps_one_id_and_namesakes_have_their_own() -> None:
    assert author_id(Platform.X, "Mari") == author_id(Platform.X, "Mari")
    assert (
        len({author_id(Platform.X, "Mari"), author_id(Platform.FACEBOOK, "Mari"), author_id(Platform.X, "Mari #2")})
        == 3
    )


def test_telephone_numbers_are_invented_or_national_helplines() -> None:
    for file, text in texts():
        for number in NUMBER.findall(text):
            digits = number.replace(" ", "")
            assert DRAMA.fullmatch(digits) or digits in HELPLINES, f"{file}: {number}"


def test_officers_of_the_story_give_no_number_that_the_council_does_not_publish(happened: tuple[Event, ...]) -> None:
    published = set(NUMBER.findall((FOLDER / "service_areas.toml").read_text(encoding="utf-8")))
    given = {number for act in acts(happened) for number in NUMBER.findall(act.text_cy + " " + act.text_en)}

    assert given <= published | {number for number in given if number.replace(" ", "") in HELPLINES}


def test_no_address_leads_anywhere_real() -> None:
    domain = re.compile(r"[\w.-]+\.(?:com|org|net|co\.uk|uk|gov|wales|cymru|example|io|info)\b", re.IGNORECASE)
    for file, text in texts():
        for found in domain.findall(text):
            assert re.fullmatch(r"(?:[\w-]+\.)*(?:council\.example|example\.(?:com|org|net))", found), (
                f"{file}: {found}"
            )


def test_national_insurance_numbers_are_of_the_kind_never_issued() -> None:
    for file, text in texts():
        for number in re.findall(r"\b[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b", text):
            assert number.startswith("QQ"), f"{file}: {number}"


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    copy(tmp_path)
    (tmp_path / "demo" / "threads" / "01.toml").write_text(
        """
        [[thread]]
        key = "bins"
        account = "cyngor-x"
        day = 3
        at = "09:00"

        [[thread.comment]]
        by = "A"
        at = "08:00"
        cy = "Bore da"
        en = "Good morning"
        to = "Nobody"
        mood = "cross"

        [[thread.comment]]
        by = "B"
        at = "25:00"
        cy = "Helo"
        answer_en = "Hello"
        labels = ["rude"]
        """,
        encoding="utf-8",
    )

    with pytest.raises(StoryError) as refused:
        read(tmp_path)

    problems = "\n".join(refused.value.problems)
    for part in ("comment 1: nothing is called mood", "earlier than the one above", "comment 2: at is no time"):
        assert part in problems
    assert "no label rude" in problems
    assert "its answer lacks a language that is owed" in problems
    assert all(problem.startswith(("01.toml", "trickle.toml")) for problem in refused.value.problems)


def test_a_file_that_is_missing_or_no_toml_is_named(tmp_path: Path) -> None:
    copy(tmp_path)
    (tmp_path / "demo" / "trickle.toml").unlink()
    (tmp_path / "templates.toml").write_text("[[template", encoding="utf-8")

    with pytest.raises(StoryError, match=r"(?s)templates\.toml: .*trickle\.toml: the file is missing"):
        read(tmp_path)


def london(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=LONDON).astimezone(UTC)


def texts() -> Iterator[tuple[str, str]]:
    for file in [FOLDER / "templates.toml", FOLDER / "service_areas.toml", *sorted((FOLDER / "demo").rglob("*.toml"))]:
        yield file.name, file.read_text(encoding="utf-8")


def copy(folder: Path) -> None:
    """The demo's files without its threads."""
    (folder / "demo" / "threads").mkdir(parents=True)
    for name in ("templates.toml", "demo/council.toml", "demo/trickle.toml"):
        (folder / name).write_bytes((FOLDER / name).read_bytes())
