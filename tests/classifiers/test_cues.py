"""Questions answered by turns of phrase: what is asked for is found in both languages, and its look-alikes are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifiers.base import WordListError
from classifiers.care import open_care
from classifiers.cues import phrases
from classifiers.needs_response import open_needs_response
from classifiers.requests import open_requests
from classifiers.tone import open_tone
from classifiers.weighing import Weighed
from moderation import policy
from tests.classifiers.factories import a_reading, scales
from vocabulary import Finding, Label, Language, Question

POWYS = policy.load("powys")
N, F, S, C = Question.NEEDS_RESPONSE, Label.FOI_REQUEST, Label.SUBJECT_ACCESS, Label.COMPLAINT

YES: list[tuple[Label | Question, str]] = [
    (N, "When will the brown bins be collected?"),
    (N, "when is the pool opening again"),
    (N, "Pryd fydd y biniau brown yn cael eu casglu?"),
    (N, "pam bod y llyfrgell ar gau"),
    (N, "Ble alla i gael bathodyn glas"),
    (N, "Our recycling hasn't been collected for three weeks"),
    (N, "Mae'r bin heb ei gasglu ers wythnos"),
    (N, "Street light on Maes Elin is broken"),
    (N, "Mae'r golau stryd wedi torri ar Faes Elin"),
    (N, "Please fix the broken swings in the park"),
    (N, "I can't cope any more, I want to die"),
    (F, "Under the Freedom of Information Act please send the minutes"),
    (F, "How much did the council spend on agency staff last year?"),
    (F, "Faint wariodd y cyngor ar ymgynghorwyr y llynedd?"),
    (F, "Cais rhyddid gwybodaeth: costau'r neuadd"),
    (S, "I want to make a subject access request"),
    (S, "Send me all the information you hold about me"),
    (S, "Hoffwn weld yr holl wybodaeth sydd gennych amdana i"),
    (C, "This is a disgrace, third time I have reported it"),
    (C, "I want to make a formal complaint about the housing office"),
    (C, "Mae hyn yn warthus, dw i am gwyno"),
    (Label.SELF_HARM, "I don't want to be here any more, I'm going to end it all"),
    (Label.SELF_HARM, "dw i ddim isio byw rhagor"),
    (Label.SAFEGUARDING, "The little girl next door is covered in bruises, her child is left alone every night"),
    (Label.SAFEGUARDING, "mae ofn mynd adre arna i, mae fy llystad yn fy nharo"),
    (Label.SPAM, "Earn £500 a day from home, DM me now"),
    (Label.POLITICAL, "Vote them out at the next election"),
    (Label.POLITICAL, "Pleidleisiwch yn eu herbyn yn yr etholiad nesaf"),
    (Label.NEGATIVE, "Absolutely fed up with this, useless"),
    (Label.NEGATIVE, "Cywilydd arnoch chi, gwarthus"),
    (Label.SEXUAL, "send nudes"),
    (Label.DEFAMATION_RISK, "Councillor Astley took backhanders for that planning permission"),
]
NO: list[tuple[Label | Question, str]] = [
    (N, "Diolch yn fawr i'r criw, gwaith gwych"),
    (N, "Well done to everybody, brilliant evening"),
    (N, "@mair @huw xx"),
    (N, "Lovely sunset tonight"),
    (N, "What a beautiful day!"),
    (N, "lol see you there mate"),
    (N, "Am ddiwrnod braf yn y parc"),
    (F, "How much is it to hire the hall?"),
    (F, "Faint ydi tocyn parcio?"),
    (F, "When will the bins be collected?"),
    (S, "Please delete my data"),
    (S, "What is my council tax band?"),
    (C, "Pothole on Heol Las by the vets"),
    (C, "Thank you so much for your help"),
    (Label.SELF_HARM, "Dying to know when the pool opens"),
    (Label.SELF_HARM, "That cake is to die for"),
    (Label.SELF_HARM, "My feet are killing me"),
    (Label.SAFEGUARDING, "The children loved the carnival"),
    (Label.SPAM, "The community shop opens on Monday"),
    (Label.POLITICAL, "The bin men are great"),
    (Label.NEGATIVE, "Diolch, gwych!"),
    (Label.SEXUAL, "Where can under 25s get free condoms?"),
    (Label.DEFAMATION_RISK, "The councillor is a liar"),
]


@pytest.fixture(scope="module")
def classifiers() -> tuple[Weighed, ...]:
    return open_needs_response(scales()), open_requests(scales()), open_care(scales()), open_tone(scales())


def findings(classifiers: tuple[Weighed, ...], text: str) -> list[Finding]:
    return [each for one in classifiers for each in one.read([a_reading(text)])[0]]


def finding(classifiers: tuple[Weighed, ...], about: Label | Question, text: str) -> Finding:
    return next(each for each in findings(classifiers, text) if each.about is about)


def least(about: Label | Question, text: str) -> float:
    """The threshold of a pack that ships, for the language that the text is in."""
    welsh = scales().has_welsh([text])[0]
    return POWYS.threshold(about, Language.CY if welsh else Language.EN)


@pytest.mark.parametrize(("about", "text"), YES)
def test_it_is_found_and_explained(classifiers: tuple[Weighed, ...], about: Label | Question, text: str) -> None:
    found = finding(classifiers, about, text)
    assert found.score >= least(about, text)
    assert found.why


@pytest.mark.parametrize(("about", "text"), NO)
def test_what_looks_like_it_is_not_it(classifiers: tuple[Weighed, ...], about: Label | Question, text: str) -> None:
    assert finding(classifiers, about, text).score < least(about, text)


@pytest.mark.parametrize(
    "text", ["", "a " * 50_000, "how much " * 11_000, "\u0301" * 100_000, "\ud800", "@a " * 30_000]
)
def test_no_text_is_too_long_or_too_strange(classifiers: tuple[Weighed, ...], text: str) -> None:
    assert all(0 <= each.score <= 1 for each in findings(classifiers, text))


@pytest.mark.parametrize("body", ["[a]\nphrases = '(' ", "[a]\nwords = 'x'", "not toml ="])
def test_a_word_file_that_cannot_be_used_is_named(tmp_path: Path, body: str) -> None:
    (tmp_path / "tone.toml").write_text(body, encoding="utf-8")
    with pytest.raises(WordListError, match=r"config/words/tone\.toml"):
        phrases("tone.toml", folder=tmp_path)
