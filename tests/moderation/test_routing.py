"""A comment goes where the policy says, in the language its author is owed, and always with a because."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.policy import RouteRule
from moderation.routing import route
from moderation.word_rules import Words
from tests.moderation.given import AREAS, CARMARTHENSHIRE, POWYS, a_comment, seen, with_rules, written_in
from toml_file import Bilingual
from vocabulary import Clock, Finding, Label, Language, Question, ReplyLanguage, Severity
from words import LANGUAGES, say

CY, EN, MIXED, OTHER, UND = Language.CY, Language.EN, Language.MIXED, Language.OTHER, Language.UND

# Text, language, labels seen; the area, of an account that belongs to education.
AREA = [
    ("When are the bins collected in Cwm Isaf?", EN, [], "waste"),
    ("Pryd fydd y biniau'n cael eu casglu yng Nghwm Isaf?", CY, [], "waste"),
    ("Mae fy min gwyrdd heb ei wagio", CY, [], "waste"),
    ("There is a pothole outside number 3", EN, [], "highways"),
    ("Mae dyllau ar hyd yr heol", CY, [], "highways"),
    ("Has my planning application been decided?", EN, [], "planning"),
    ("Oes penderfyniad ar fy nghais cynllunio?", CY, [], "planning"),
    ("What a lovely morning", EN, [], "education"),
    ("Am fore braf", CY, [], "education"),
    ("I will find whoever empties the bins", EN, [Label.THREAT], "communications"),
    ("Somebody is hurting the child next door to the tip", EN, [Label.SAFEGUARDING], "social-care"),
    ("Under FOI, how many bins do you own?", EN, [Label.FOI_REQUEST], "customer-services"),
    ("The bins, again, for the ninth time", EN, [Label.VEXATIOUS], "communications"),
    ("These bins are a disgrace", EN, [Label.COMPLAINT, Label.NEGATIVE], "waste"),
    ("I may be at risk of a threat", EN, [Label.THREAT, Label.SELF_HARM], "social-care"),
]


@pytest.mark.parametrize(("text", "language", "labels", "area"), AREA)
def test_the_area_is_that_of_the_first_rule_then_of_its_words_then_the_accounts_own(
    text: str, language: Language, labels: list[Label], area: str
) -> None:
    findings = [written_in(language), *map(seen, labels)]
    assert route(a_comment(text), findings, "education", POWYS, AREAS).area == area


LANGUAGE = [
    # language, unsure, as Powys says, as Carmarthenshire says
    (CY, False, ReplyLanguage.CY, ReplyLanguage.CY),
    (EN, False, ReplyLanguage.EN, ReplyLanguage.BOTH),
    (MIXED, False, ReplyLanguage.BOTH, ReplyLanguage.BOTH),
    (OTHER, False, ReplyLanguage.BOTH, ReplyLanguage.BOTH),
    (UND, False, ReplyLanguage.BOTH, ReplyLanguage.BOTH),
    (CY, True, ReplyLanguage.BOTH, ReplyLanguage.BOTH),
    (EN, True, ReplyLanguage.BOTH, ReplyLanguage.BOTH),
]


@pytest.mark.parametrize(("language", "unsure", "powys", "carmarthenshire"), LANGUAGE)
def test_the_language_owed_follows_the_contact_and_the_pack(
    language: Language, unsure: bool, powys: ReplyLanguage, carmarthenshire: ReplyLanguage
) -> None:
    findings = [written_in(language, unsure=unsure)]
    for pack, owed in ((POWYS, powys), (CARMARTHENSHIRE, carmarthenshire)):
        assert route(a_comment("..."), findings, "waste", pack, AREAS).reply_in is owed


def test_when_nobody_could_tell_the_language_both_are_owed() -> None:
    found = route(a_comment("Bore da"), [], "waste", POWYS, AREAS)
    assert (found.reply_in, found.language, found.unsure) == (ReplyLanguage.BOTH, UND, True)


OWED = [
    ([seen(Question.NEEDS_RESPONSE, 0.5)], True),
    ([seen(Question.NEEDS_RESPONSE, 0.49)], False),
    ([], True),
    ([seen(Question.NEEDS_RESPONSE, 0.1), seen(Label.SELF_HARM, 0.4)], True),
    ([seen(Question.NEEDS_RESPONSE, 0.1), seen(Label.SAFEGUARDING, 0.4)], True),
    ([seen(Question.NEEDS_RESPONSE, 0.1), seen(Label.FOI_REQUEST, 0.4)], True),
    ([seen(Question.NEEDS_RESPONSE, 0.1), seen(Label.SUBJECT_ACCESS, 0.4)], True),
    ([seen(Question.NEEDS_RESPONSE, 0.1), seen(Label.SELF_HARM, 0.14)], False),
    ([seen(Question.NEEDS_RESPONSE, 0.1), seen(Label.ABUSE, 1.0)], False),
]


@pytest.mark.parametrize(("findings", "owed"), OWED)
def test_an_answer_is_owed_from_the_threshold_up_and_always_in_danger_or_at_law(
    findings: list[Finding], owed: bool
) -> None:
    assert route(a_comment("..."), findings, "waste", POWYS, AREAS).answer_owed is owed


def test_severity_is_the_highest_that_any_flagged_label_calls_for() -> None:
    for labels, severity in (
        ([], Severity.NONE),
        ([Label.NEGATIVE], Severity.NONE),
        ([Label.PROFANITY, Label.ABUSE], Severity.MEDIUM),
        ([Label.THREAT, Label.PROFANITY], Severity.URGENT),
    ):
        assert route(a_comment("..."), map(seen, labels), "waste", POWYS, AREAS).severity is severity


def test_what_is_under_its_threshold_is_not_flagged() -> None:
    findings = [seen(Label.VEXATIOUS, 0.59), seen(Label.ABUSE, 0.5), seen(Label.HATE, 0.2), seen(Label.HATE, 0.7)]
    assert route(a_comment("..."), findings, "waste", POWYS, AREAS).flagged == (Label.ABUSE, Label.HATE)


def test_the_clocks_of_the_law_run_beside_that_of_the_answer() -> None:
    findings = [seen(Label.SUBJECT_ACCESS), seen(Label.FOI_REQUEST)]
    assert route(a_comment("..."), findings, "waste", POWYS, AREAS).clocks == (Clock.ANSWER, Clock.FOI, Clock.SAR)
    assert route(a_comment("..."), [], "waste", POWYS, AREAS).clocks == (Clock.ANSWER,)


BECAUSE = Bilingual(cy="rheol", en="rule")
PACK = with_rules(
    POWYS,
    routes=(
        RouteRule(mentions=Words(cy=("pont",)), accounts=("roads-x",), to="highways", because=BECAUSE),
        RouteRule(
            when=(Label.SPAM, Label.POLITICAL), mentions=Words(en=("vote",)), to="communications", because=BECAUSE
        ),
        RouteRule(to="customer-services", because=BECAUSE),
    ),
)


@pytest.mark.parametrize(
    ("text", "account", "labels", "area"),
    [
        ("y bont", "roads-x", [], "highways"),
        ("hen bontydd", "roads-x", [], "highways"),
        ("y fflam", "roads-x", [], "customer-services"),
        ("vote", "council-x", [Label.POLITICAL], "communications"),
        ("vote", "council-x", [Label.ABUSE], "customer-services"),
        ("votes", "council-x", [Label.SPAM], "customer-services"),
    ],
)
def test_every_condition_of_a_rule_must_hold_and_any_of_its_words_will_do(
    text: str, account: str, labels: list[Label], area: str
) -> None:
    found = route(a_comment(text, account), [written_in(CY), *map(seen, labels)], "education", PACK, AREAS)
    assert found.area == area


def test_every_reason_can_be_read_in_both_languages() -> None:
    texts = ("Mae fy min yn llawn", "Bore da", "bins")
    for text in texts:
        for findings in ([written_in(CY)], [seen(Label.THREAT)], [written_in(EN), seen(Label.FOI_REQUEST)]):
            found = route(a_comment(text), findings, "waste", CARMARTHENSHIRE, AREAS)
            assert len(found.because) == 3
            assert all("{" not in say(reason, language) for reason in found.because for language in LANGUAGES)


def test_the_words_of_a_rule_are_said_in_the_readers_language() -> None:
    (because, *_) = route(a_comment("..."), [seen(Label.THREAT)], "waste", POWYS, AREAS).because
    assert "bygythiadau" in say(because, "cy")
    assert "threats" in say(because, "en")


@given(st.text(), st.lists(st.builds(seen, st.sampled_from([*Label, Question.NEEDS_RESPONSE]), st.floats(0, 1))))
def test_every_comment_goes_to_an_area_that_exists(text, findings) -> None:
    found = route(a_comment(text), findings, "waste", POWYS, AREAS)
    assert found.area in AREAS
    assert found.because
