"""A week's figures as a page: the same numbers in either language, every word from the catalogue.

`sheet` prepares what `templates/weekly_tables.html` draws, for the file as for the web app.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from moderation.service_areas import Areas
from reports import measures
from reports.figures import Figures, LateCase, Weekly
from reports.measures import NOTHING, Measure
from settings import Body
from store.silences import Silent
from vocabulary import Label, Language, Question
from words import Words
from words.names import N_

TEMPLATES: Final = Path(__file__).parent / "templates"
MINUS: Final = "\N{MINUS SIGN}"
WELSH_OWED: Final = "welsh"
"""Those who wrote in Welsh or in both languages, in the address of a figure."""

NOTES: Final = (
    N_("A comment counts as received in the week in which it was posted, by the clock in Wales."),
    N_(
        "An answer counts as in time or late in the week in which it was due. "
        "It is in time when it stands on the platform by the end of the day on which it was due."
    ),
    N_(
        "A conversation that needs no response is counted by itself. So is one that was closed by its due date "
        "without a reply: neither is part of the percentage."
    ),
    N_("A conversation in which the person writes again after our answer starts a new count for the new answer."),
    N_(
        "Working days are whole days and the day of arrival is day 0. The median and the 90th percentile "
        "are of the answers given in the week: half of them, and nine in ten of them, took that long or less."
    ),
    N_("An acknowledgement is our first reply, whether a holding reply or an answer."),
    N_("Collection delay is the time from when a comment was posted to when we first saw it."),
    N_("English-only replies to Welsh are those for which an officer recorded the reason."),
    N_("Differences between percentages are in percentage points."),
    N_("A dash (–) means that there was nothing to measure."),
)
"""How the figures are counted, for whoever must be able to trace them."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell.  `per_cent` draws a bar beside it; `case_id` may make a link of it.

    `behind` is the question that lists what the figure counts, for whoever can make an address of it.
    """

    text: str
    number: bool = True
    per_cent: float | None = None
    case_id: int | None = None
    behind: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One row: what it is about, and its cells."""

    head: Cell
    cells: tuple[Cell, ...]
    is_total: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A captioned table; `corner` heads the column of row headings, `headings` the others (text, whether numbers)."""

    caption: str
    corner: str
    headings: tuple[Cell, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its tables, and a sentence that says how to read them or why there are none."""

    slug: str
    heading: str
    intro: str
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """The report in one language, ready to be drawn."""

    title: str
    period: str
    unfinished: str
    policy: str
    brief: tuple[tuple[str, Cell], ...]
    sections: tuple[Section, ...]
    notes: tuple[str, ...]


def html(report: Weekly, words: Words, areas: Areas, body: Body) -> str:
    """The page as a file of its own: nothing to fetch, fit to print."""
    return (
        _environment()
        .get_template("weekly.html")
        .render(
            report=sheet(report, words, areas),
            body=body.cy if words.language == "cy" else body.en,
            words=words,
            _=words.gettext,
        )
    )


def sheet(report: Weekly, words: Words, areas: Areas) -> Sheet:
    """The report in the language of `words`."""
    _ = words.gettext
    week = report.week
    return Sheet(
        title=_("Weekly report"),
        period=_(
            "Week {number}, {year}: {first} to {last}",
            number=week.number,
            year=week.year,
            first=words.day(week.first_day),
            last=words.day(week.last_day),
        ),
        unfinished=""
        if report.over
        else _("This week is not over. The figures stand as at {moment}.", moment=words.moment(report.until)),
        policy=report.policy,
        brief=tuple((_(each.heading), _cell(each, report.total, {})) for each in measures.IN_BRIEF),
        sections=tuple(_sections(report, words, areas)),
        notes=tuple(_(note) for note in NOTES),
    )


def area_name(slug: str, words: Words, areas: Areas) -> str:
    """What people call a service area; the slug itself for one that has left the configuration."""
    return areas[slug].name.say(words.language) if slug in areas else slug


def capital(name: str) -> str:
    """A name at the head of a row."""
    return name[:1].upper() + name[1:]


def _sections(report: Weekly, words: Words, areas: Areas) -> Iterator[Section]:
    _ = words.gettext
    of_area = [
        Split(area_name(slug, words, areas), {"area": slug}, figures) for slug, figures in report.by_area.items()
    ]
    of_platform = [
        Split(capital(words.name(each)), {"platform": each.value}, figures)
        for each, figures in report.by_platform.items()
    ]
    of_language = [
        Split(capital(words.name(each)), {"language": each.value}, figures)
        for each, figures in report.by_language.items()
    ]
    yield Section(
        "languages",
        _("Welsh beside English"),
        _("Those who wrote in both languages are owed Welsh, and are counted with Welsh here."),
        tuple(_beside(report, words)),
    )
    for slug, heading, corner, split in (
        ("areas", _("By service area"), _("Service area"), of_area),
        ("platforms", _("By platform"), _("Platform"), of_platform),
        ("by-language", _("By language"), _("Language"), of_language),
    ):
        yield Section(slug, heading, "", tuple(_split(heading, corner, split, report.total, words)))
    yield _late(report, words, areas)
    yield _corrected(report, words)
    yield _unheard(report, words)


@dataclass(frozen=True, slots=True)
class Split:
    """One row of a table that splits the total: what people call it, which rows are its own, and its figures."""

    name: str
    where: Mapping[str, str]
    figures: Figures


def _split(heading: str, corner: str, splits: Sequence[Split], total: Figures, words: Words) -> Iterator[Table]:
    _ = words.gettext
    for caption, chosen in (
        (_("{heading}: answers", heading=heading), measures.ANSWERS),
        (_("{heading}: acknowledgements and other figures", heading=heading), measures.BESIDES),
    ):
        yield Table(
            caption,
            corner,
            tuple(Cell(_(each.heading)) for each in chosen),
            (*(_line(each, chosen) for each in splits), _line(Split(_("Total"), {}, total), chosen, is_total=True)),
        )


def _line(split: Split, chosen: Iterable[Measure], *, is_total: bool = False) -> Line:
    cells = tuple(_cell(each, split.figures, split.where, bar=each is measures.SHARE_IN_TIME) for each in chosen)
    return Line(Cell(split.name, number=False), cells, is_total)


def _cell(measure: Measure, figures: Figures, where: Mapping[str, str], *, bar: bool = False) -> Cell:
    """A figure; one that stands for something leads to what it counts."""
    behind = {"figure": measure.counts, **where} if getattr(figures, measure.counts) else None
    return Cell(measure.written(figures), per_cent=measure.of(figures) if bar else None, behind=behind)


def _beside(report: Weekly, words: Words) -> Iterator[Table]:
    _ = words.gettext
    sides = (Cell(_("Welsh")), Cell(_("English")))
    welsh, english = {"language": WELSH_OWED}, {"language": Language.EN.value}

    def both(measure: Measure) -> tuple[Cell, Cell]:
        return _cell(measure, report.welsh, welsh), _cell(measure, report.english, english)

    yield Table(
        _("How much came, and how it went"),
        _("Measure"),
        sides,
        tuple(Line(Cell(_(each.heading), number=False), both(each)) for each in measures.SIDE_BY_SIDE),
    )
    yield Table(
        _("How the two compare"),
        _("Measure"),
        (*sides, Cell(_("Difference (Welsh minus English)"))),
        tuple(
            Line(
                Cell(_(each.heading), number=False),
                (*both(each), Cell(_difference(each.of(report.welsh), each.of(report.english)))),
            )
            for each in measures.COMPARED
        ),
    )


def _difference(welsh: measures.Number, english: measures.Number) -> str:
    if welsh is None or english is None:
        return NOTHING
    size = measures.plain(abs(welsh - english))
    if size == "0":
        return size
    return f"+{size}" if welsh > english else f"{MINUS}{size}"


def _late(report: Weekly, words: Words, areas: Areas) -> Section:
    _ = words.gettext
    heading = _("Late cases")
    if not report.late_cases:
        return Section("late", heading, _("No case is late."))
    headings = (
        *(Cell(text, number=False) for text in (_("Service area"), _("Platform"), _("Language"))),
        *(Cell(text, number=False) for text in (_("Received on"), _("Answer due on"), _("Answered on"))),
        Cell(_("Working days late")),
    )
    lines = tuple(_late_line(case, words, areas) for case in report.late_cases)
    intro = _("Those due this week and answered late or not at all, and those overdue from earlier weeks.")
    return Section("late", heading, intro, (Table(heading, _("Reference"), headings, lines),))


def _corrected(report: Weekly, words: Words) -> Section:
    """Where people and classifiers disagreed: what a threshold or a word list may have to learn."""
    _ = words.gettext
    heading = _("What people corrected")
    if not report.corrections:
        return Section("corrected", heading, _("Nobody corrected a finding this week."))
    lines = tuple(
        Line(
            Cell(capital(words.name(each.about)), number=False),
            (_corrections(each.taken_away, "taken_away", each.about), _corrections(each.added, "added", each.about)),
        )
        for each in report.corrections
    )
    headings = (Cell(_("Taken away")), Cell(_("Added or changed")))
    intro = _("What the classifiers saw, and an officer decided otherwise. The decision stands.")
    return Section("corrected", heading, intro, (Table(heading, _("About"), headings, lines),))


def _corrections(number: int, which: str, about: Label | Question) -> Cell:
    return Cell(str(number), behind={"figure": f"{which}.{about}"} if number else None)


SILENT: Final[Mapping[Silent, str]] = {
    Silent.UNREAD: N_("could not be read"),
    Silent.QUIET: N_("quieter than ever before"),
    Silent.WEBHOOK: N_("the platform did not notify us"),
}
"""What was wrong, for whoever must know how far to trust the figures."""


def _unheard(report: Weekly, words: Words) -> Section:
    """What these figures cannot speak for."""
    _ = words.gettext
    heading = _("What this report may not know")
    found = [_("Found by saved searches, not written to us, and not counted above: {n}.", n=report.searched)]
    searched = " ".join(found if report.searched else [])
    if not report.silences:
        intro = _("Every account was read throughout the week.")
        return Section("unheard", heading, f"{intro} {searched}".strip())
    headings = tuple(Cell(text, number=False) for text in (_("What was silent"), _("From"), _("Until")))
    lines = tuple(
        Line(
            Cell(each.account, number=False),
            (
                Cell(_(SILENT[each.kind]), number=False),
                Cell(words.moment(each.began), number=False),
                Cell(words.moment(each.ended) if each.ended else _("it lasts still"), number=False),
            ),
        )
        for each in report.silences
    )
    intro = _("Comments may be missing from the figures of these times; those found later are counted by then.")
    return Section("unheard", heading, f"{intro} {searched}".strip(), (Table(heading, _("Account"), headings, lines),))


def _late_line(case: LateCase, words: Words, areas: Areas) -> Line:
    texts = (
        area_name(case.place.area, words, areas),
        capital(words.name(case.place.platform)),
        capital(words.name(case.place.language)),
        words.day(case.received),
        words.day(case.due),
        words.day(case.answered) if case.answered else words.gettext("not answered"),
    )
    return Line(
        Cell(case.reference, number=False, case_id=case.case_id),
        (*(Cell(text, number=False) for text in texts), Cell(str(case.days_late))),
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
