"""The catalogue follows the program: nothing is forgotten, and what is wrong with the Welsh is said."""

from __future__ import annotations

import pytest
from babel.messages.catalog import Catalog

from words.extract import faults, in_python, in_template


def test_messages_of_python_are_found_where_they_are_marked() -> None:
    source = """
A = N_("marked")
Reason("because {n}", {"n": _("inside")})
words.gettext("said")
words.ngettext("{n} day", "{n} days", 3)
Reason("in two "
       "parts")
gettext(a_name)
print("not this")
"""
    assert [message for _line, message in sorted(in_python(source), key=lambda found: found[0])] == [
        "marked",
        "because {n}",
        "inside",
        "said",
        ("{n} day", "{n} days"),
        "in two parts",
    ]


def test_messages_of_templates_are_found() -> None:
    source = """<p>{{ _("Said") }}</p>
{% if x %}{{ ngettext("{n} day", "{n} days", n) }}{% endif %}
{{ _("To {who}", who=a) }}"""
    assert [message for _line, message in in_template(source)] == ["Said", ("{n} day", "{n} days"), "To {who}"]


# Message, its Welsh, and whether that is right.
ROWS = [
    ("Close", "Cau", True),
    ("Close", "", False),
    ("To {who}", "At {who}", True),
    ("To {who}", "At {pwy}", False),
    ("To {who}", "At", False),
    ("bank holiday: {title}", "gŵyl banc: {title_cy}", True),
    ("bank holiday: {title}", "gŵyl banc: {day_cy}", False),
    (("{n} day", "{n} days"), ("dim", "{n}", "{n}", "{n}", "{n}", "{n}"), True),
    (("{n} day", "{n} days"), ("dim", "{n}", "{n}", "{n}", "{n}", "llawer"), False),
    (("{n} day", "{n} days"), ("dim", "{n}", "", "{n}", "{n}", "{n}"), False),
]


@pytest.mark.parametrize(("message", "welsh", "right"), ROWS)
def test_a_translation_has_every_form_and_the_same_placeholders(
    message: str | tuple[str, str], welsh: str | tuple[str, ...], right: bool
) -> None:
    catalogue = Catalog(locale="cy")
    catalogue.add(message, welsh)
    assert (list(faults(catalogue)) == []) is right


def test_a_fuzzy_guess_is_not_a_translation() -> None:
    catalogue = Catalog(locale="cy")
    catalogue.add("Close", "Caewch", flags=["fuzzy"])
    assert len(list(faults(catalogue))) == 1
