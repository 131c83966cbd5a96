"""Words of a comment suggest whom to point to, and say why; what is written names it in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifiers import personal_data
from classifiers.personal_data import PersonalData
from moderation import signposts
from moderation.policy import PolicyError, Signpost, load, names
from moderation.reply_rules import PLACEHOLDER
from tests.moderation.given import AREAS, POWYS, a_comment, with_rules
from toml_file import Bilingual
from vocabulary import Label, Language, Reading

CY, EN = Language.CY, Language.EN
LABELLED = Signpost(cy="Swyddog", en="Somebody", contact=Bilingual(cy="drws", en="door"), labels=(Label.SPAM,))

# what is said                                          whom it suggests         by which words
SAID = [
    ("Mae'r garthffos yn gorlifo o flaen y tŷ",     CY, "water",                 "carthffos"),
    ("There is sewage all over the lane",           EN, "water",                 "sewage"),
    ("Who do I ring, my bike was stolen",           EN, "police",                "stolen"),
    ("Mae lladron yn y pentref",                    CY, "police",                "lladron"),
    ("Slurry in the river again",                   EN, "natural_resources",     "slurry"),
    ("When does the motorway open again?",          EN, "trunk_roads",           "motorway"),
    ("Ble mae'r deintydd agosaf?",                  CY, "health",                "deintydd"),
    ("I will go to the Ombudsman",                  EN, "ombudsman",             "ombudsman"),
    ("Dim trydan ers y bore",                       CY, "power_cuts",            "dim trydan"),
    ("Pryd mae adroddiad Estyn?",                   CY, "schools_inspectorate",  "adroddiad Estyn"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "language", "slug", "word"), SAID)
def test_words_suggest_a_body_and_say_which(text: str, language: Language, slug: str, word: str) -> None:
    first, *others = signposts.suggested([(text, language)], (), POWYS)
    assert (first.slug, [dict(why.values)["words"] for why in first.because]) == (slug, [word])
    assert [each.slug for each in others if each.because] == []
    assert len(others) == len(POWYS.offered_signposts) - 1, "the others may be chosen all the same"


@pytest.mark.parametrize("text", ["Pryd mae'r biniau yn cael eu casglu?", "Allwch chi estyn oriau'r llyfrgell?"])
def test_what_is_ours_suggests_nobody(text: str) -> None:
    assert [each.slug for each in signposts.suggested([(text, CY)], (), POWYS) if each.because] == []


def test_a_label_suggests_a_body_that_the_pack_says() -> None:
    pack = with_rules(POWYS, signposts={"somebody": LABELLED})
    [named] = signposts.suggested([("Buy now", EN)], {Label.SPAM}, pack)
    assert [str(why) for why in named.because] == ["this is flagged on the case: spam"]
    assert signposts.suggested([("Buy now", EN)], (), pack)[0].because == ()


def test_the_newest_words_suggest_another_area_and_never_the_one_that_has_it() -> None:
    said = [("When are the bins emptied?", EN), ("And the pothole?", EN)]
    suggested = signposts.suggested_area(said, "waste", AREAS)
    assert suggested is not None
    assert (suggested.slug, str(suggested.because)) == ("highways", "mentions pothole")
    assert signposts.suggested_area(said, "highways", AREAS) is None
    assert signposts.suggested_area([("Diolch!", CY)], "waste", AREAS) is None


@pytest.mark.parametrize("name", names())
def test_every_signpost_of_every_pack_fills_in_and_is_nobodys_personal_data(name: str) -> None:
    pack = load(name)
    panel = PersonalData(personal_data.ours_in([*AREAS.contacts, *pack.contacts]))
    bodies = [signposts.to_body(pack, each, "GW-2026-000001") for each in pack.offered_signposts.values()]
    for said in (*bodies, *(signposts.to_area(pack, AREAS, slug, "GW-2026-000001") for slug in AREAS.slugs)):
        for text in (said.cy, said.en):
            assert "GW-2026-000001" in text
            assert PLACEHOLDER.findall(text) == []
            [found] = panel.read([Reading(a_comment(text))])
            assert [each.why for each in found if each.score >= pack.thresholds[Label.PERSONAL_DATA]] == []


def test_estyn_points_nobody_to_itself() -> None:
    assert "schools_inspectorate" not in load("estyn").offered_signposts
    assert "schools_inspectorate" in POWYS.offered_signposts


def test_a_reply_points_to_a_body_while_it_names_it_or_how_to_reach_it() -> None:
    police = POWYS.signposts["police"]
    assert signposts.still_points(police, "", signposts.to_body(POWYS, police, "GW-1").en)
    assert signposts.still_points(police, "Ffoniwch yr heddlu.", "")
    assert not signposts.still_points(police, "Diolch am eich neges.", "Thank you.")


BROKEN = [
    ('[signpost.moon]\ncy = "Y lleuad"\nen = "The moon"\n', ["bad.toml:2: signpost.moon.contact: is missing"]),
    ('[signpost.police]\nlabel = ["spam"]\n', ["signpost.police.label: is not a key we know; did you mean labels?"]),
    ('[signpost.Police]\ncontact = { cy = "a", en = "b" }\n', ["must fit the pattern ^[a-z][a-z0-9_]*$"]),
    ('[signposting]\nelsewhere = { cy = "Na.", en = "{body} {contact}" }\n', ["elsewhere.cy must have {body} in it"]),
    (
        '[signposting]\nhanded_over = { cy = "{area} {contact}", en = "{area} {contact} {due}" }\n',
        ["bad.toml:2: signposting: handed_over.en: nothing fills {due}"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "problems"), BROKEN, ids=range(len(BROKEN)))
def test_a_signpost_that_points_nowhere_is_refused(tmp_path: Path, text: str, problems: list[str]) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(f'extends = "common"\n{text}', encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        load(path, areas=AREAS.slugs)
    assert all(problem in str(caught.value) for problem in problems), str(caught.value)
