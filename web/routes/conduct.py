"""Reviews of conduct: the list that communications keep, and each review with its evidence and its forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Final

from fastapi import APIRouter, Form, Response

from moderation import conduct, conduct_reviews, openings
from moderation.conduct import Given
from store import conduct as kept
from store import desk
from vocabulary import ReplyKind, ReviewAct, SentBy
from web.gate import NotThere
from web.visit import Fields, Number, SomeVisit, Text, Visit
from words import Words
from words.names import N_

router = APIRouter(prefix="/{language}")

DONE: Final[Mapping[str, str]] = {
    ReviewAct.OPEN: N_("The review is open. Weigh the evidence before anything else."),
    ReviewAct.WARN: N_("The warning is recorded."),
    ReviewAct.DECIDE: N_("The decision is recorded. Now write to them about it."),
    ReviewAct.NOTIFY: N_("It is recorded that they were told."),
    ReviewAct.DISMISS: N_("The review has ended: not vexatious."),
    ReviewAct.CONTINUE: N_("The decision has been looked at again and stands."),
    ReviewAct.LIFT: N_("The limits are lifted."),
    ReviewAct.APPEAL: N_("The appeal is recorded. Somebody who did not decide must hear it."),
    ReviewAct.UPHOLD: N_("The decision is upheld."),
    ReviewAct.OVERTURN: N_("The decision is overturned."),
}
"""What the page says after an act, by the word in its address."""

FIELDS: Final[Mapping[str, str]] = {
    "words": N_("Reasons"),
    "letter_cy": N_("The letter in Welsh"),
    "letter_en": N_("The letter in English"),
    "no_warning": N_("Why there was no warning"),
    "disability": N_("Adjustments considered: disability"),
    "language": N_("Adjustments considered: language"),
    "circumstances": N_("Adjustments considered: circumstances"),
    "how_cy": N_("Which contact is limited, and how, in Welsh"),
    "how_en": N_("Which contact is limited, and how, in English"),
}
"""What a field of a form is called, here and in what was said before."""

MOVED: Final = N_(
    "Somebody acted in this review while you were reading it. Nothing has been done; read it and decide anew."
)


class StepFields(Fields):
    """`text_cy` and `text_en` are a letter, under the names of the reply form, into which it may be put."""

    version: Number = 0
    words: Text = ""
    text_cy: Text = ""
    text_en: Text = ""
    sent_by: str = ""
    no_warning: Text = ""
    disability: Text = ""
    language: Text = ""
    circumstances: Text = ""
    restrictions: tuple[str, ...] = ()
    how_cy: Text = ""
    how_en: Text = ""
    review_in: str = ""

    def given(self) -> Given:
        """What the person said, as the rules ask for it."""
        return Given(
            words=self.words,
            letter_cy=self.text_cy,
            letter_en=self.text_en,
            sent_by=SentBy(self.sent_by) if self.sent_by in set(SentBy) else None,
            no_warning=self.no_warning,
            disability=self.disability,
            language=self.language,
            circumstances=self.circumstances,
            restrictions=self.restrictions,
            how_cy=self.how_cy,
            how_en=self.how_en,
            review_in=int(self.review_in) if self.review_in in _MONTHS else 0,
        )


_MONTHS: Final = frozenset(str(number) for number in range(1, 100))


@router.get("/reviews", name="reviews")
def reviews(visit: SomeVisit) -> Response:
    areas = visit.reader.areas()
    with visit.store.read() as session:
        running, ended = (kept.listed(session, areas, ended=over) for over in (False, True))
    today = visit.web.today()
    return visit.page(
        "reviews.html",
        running=running,
        ended=ended,
        overdue={each.review.id for each in running if conduct_reviews.is_overdue(each.review, today)},
    )


@router.get("/reviews/{review_id}", name="review")
def review(visit: SomeVisit, review_id: int, done: str = "") -> Response:
    return _page(visit, review_id, done=visit.words.gettext(DONE[done]) if done in DONE else "")


@router.post("/reviews/{review_id}/acts/{step}", name="review_act")
def review_act(visit: SomeVisit, review_id: int, step: str, fields: Annotated[StepFields, Form()]) -> Response:
    """One act of the table, as a form of the review's page asked for it."""
    if step not in set(ReviewAct):
        raise NotThere
    what = ReviewAct(step)
    try:
        visit.store.write(
            lambda session: (
                conduct_reviews.act(
                    session,
                    review_id,
                    what,
                    fields.given(),
                    actor=visit.actor,
                    policy=visit.here.policy,
                    now=visit.now,
                    saw=fields.version,
                ).id
            )
        )
    except conduct_reviews.ActRefused as refused:
        faults = [
            {"text": _capital(visit.words.say(lack.why)), "href": f"#{step}-{lack.field}"} for lack in refused.lacks
        ]
        return _page(visit, review_id, typed=fields.given(), step=step, faults=faults, status=422)
    except (conduct_reviews.StaleReview, conduct.IllegalReviewAct):
        faults = [{"text": visit.words.gettext(MOVED), "href": "#acts-heading"}]
        return _page(visit, review_id, typed=fields.given(), step=step, faults=faults, status=409)
    return visit.go(f"reviews/{review_id}", done=step)


@router.get("/reviews/{review_id}/{rest:path}", name="review_again")
def review_again(visit: SomeVisit, review_id: int, rest: str) -> Response:
    """Where a browser lands that loads the address of a form again: at the review."""
    return visit.go(f"reviews/{review_id}")


def _page(
    visit: Visit,
    review_id: int,
    *,
    typed: Given | None = None,
    step: str = "",
    faults: Sequence[Mapping[str, str]] = (),
    status: int = 200,
    done: str = "",
) -> Response:
    """The review's page; with faults it is the answer to a form that was refused."""
    policy, words = visit.here.policy, visit.words
    with visit.store.read() as session:
        row = conduct_reviews.get(session, review_id)
        file = desk.case_file(session, row.case_id)
        if file is None:
            raise NotThere
        weighed = conduct_reviews.weigh(session, row.author_id, policy=policy, now=visit.now)
        steps = kept.steps(session, review_id)
        earlier = kept.before(session, row)
        references = kept.references(session, [each.case_id for each in weighed.flagged if each.case_id is not None])
    openings.see_review(visit.store, row.case_id, actor=visit.actor, now=visit.now)
    done_before = [each.act.act for each in steps]
    template = policy.conduct.warning if ReviewAct.DECIDE not in done_before else policy.conduct.decision
    review_on = {tongue: _day(tongue, row) for tongue in ("cy", "en")}
    return visit.page(
        "review.html",
        status=status,
        toggle=f"/{words.other}/reviews/{review_id}",
        review=row,
        file=file,
        overdue=conduct_reviews.is_overdue(row, visit.web.today()),
        evidence=conduct.evidence(weighed.figures),
        look_alikes=conduct.look_alikes(weighed.figures),
        figures=weighed.figures,
        flagged=weighed.flagged,
        references=references,
        steps=steps,
        earlier=earlier,
        acts=conduct.allowed_from(row.state),
        needs=conduct.NEEDS,
        warned=ReviewAct.WARN in done_before,
        told=ReviewAct.NOTIFY in done_before,
        letters={
            f"letter_{tongue}": conduct_reviews.letter(
                template.say(tongue), file.case.reference, policy, tongue, row, review_on[tongue]
            )
            for tongue in ("cy", "en")
        },
        restrictions=policy.restrictions,
        limits=[limit.say(words.language) for slug in row.restrictions if (limit := policy.restriction(slug))],
        months=range(1, policy.conduct.review_months.value + 1),
        ways=tuple(SentBy),
        field_names={name: words.gettext(text) for name, text in FIELDS.items()},
        typed=asdict(typed or Given()),
        way_named=SentBy,
        holding=ReplyKind.HOLDING,
        step=step,
        faults=faults,
        done=done,
    )


def _day(tongue: str, row: kept.ConductReviewRow) -> str:
    """When a decision is looked at again, as a letter says it."""
    return Words("cy" if tongue == "cy" else "en").day(row.review_on) if row.review_on else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
