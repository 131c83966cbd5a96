"""What a program may ask for."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

import pipeline
from classifiers.summary import as_json
from moderation import lifecycle, openings, summing_up, templates
from moderation.lifecycle import TRANSITIONS
from moderation.policy import policy_version
from store import accounts, desk, findings, sessions, triage
from store.desk import AskedPage
from vocabulary import ReplyLanguage, State
from web.api import shapes, told
from web.api.access import SomeCall
from web.api.problems import Refused
from web.gate import NotThere
from web.routes.accounts import trouble
from web.routes.queue import Asked, key_of, lines_of, wanted_by
from web.routes.reports import report_of
from web.visit import LARGEST

router = APIRouter()

PAGE: Final = 25
LARGEST_PAGE: Final = 100
A_KEY: Final = re.compile(r"\d{4}-\d{2}-\d{2}\.\d{1,15}", re.ASCII)


def _a_key(written: str) -> str:
    if written and (not A_KEY.fullmatch(written) or key_of(written) is None):
        raise ValueError("not a place in the queue")
    return written


class QueueAsked(BaseModel):
    """Which cases to list; the same filters as the page has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    show: Literal["waiting", "urgent", "overdue", "mine", "look", "all"] = Field(
        default="waiting", description="Those that wait for us, or the filter of that name; `look`: no answer is owed."
    )
    area: str = Field(default="", max_length=100, description="One service area.", examples=["waste"])
    reply_in: ReplyLanguage | None = Field(default=None, description="The language that a reply is owed in.")
    state: State | None = Field(default=None, description="One state; answered and closed ones only so.")
    after: Annotated[str, AfterValidator(_a_key)] = Field(
        default="", description="`next` of the page before.", examples=["2026-11-27.417"]
    )
    limit: int = Field(default=PAGE, ge=1, le=LARGEST_PAGE, description="How many at most.")


class WeekAsked(BaseModel):
    """Which week."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    week: str = Field(
        default="", max_length=20, description="Such as `2026-W47`; the last one that is over unless said."
    )


CaseId = Annotated[int, Path(ge=1, le=LARGEST, description="The id of a case.", examples=[417])]


@router.get("/token", name="whoami", tags=["about"])
def whoami(call: SomeCall) -> shapes.Whoami:
    """Whose token this is, and what it may be used for."""
    person = call.reader.session
    return shapes.Whoami(
        token=call.bearer.token_id,
        name=call.bearer.name,
        username=person.username,
        full_name=person.full_name,
        scopes=sorted(call.bearer.scopes),
        grants=[shapes.Grant(role=role, area=area) for role, area in person.grants],
        expires_at=person.expires_at,
    )


@router.get("/vocabulary", name="vocabulary", tags=["about"])
def vocabulary(call: SomeCall) -> shapes.Vocabulary:
    """Every code that stands in an answer, in both languages, and the table of what may be done in which state."""
    policy = call.here.policy
    return shapes.Vocabulary(
        names=told.named(),
        outcomes=[shapes.Named(code=each.slug, cy=each.cy, en=each.en) for each in policy.outcomes],
        lifecycle=[
            shapes.Step(state=state, act=act, leads_to=lifecycle.next_state(state, act)) for state, act in TRANSITIONS
        ],
        policy=policy_version(policy),
    )


@router.get("/areas", name="areas", tags=["about"])
def areas(call: SomeCall) -> shapes.Areas:
    """The service areas, and to whom there a case can be given."""
    mine = call.reader.areas()
    with call.store.read() as session:
        officers = sessions.officers(session)
    found = [(slug, call.here.areas[slug]) for slug in call.here.areas.slugs]
    return shapes.Areas(
        areas=[
            shapes.Area(
                code=slug,
                cy=area.name.cy,
                en=area.name.en,
                contact_cy=area.contact.cy,
                contact_en=area.contact.en,
                mine=mine is None or slug in mine,
                officers=[
                    shapes.Colleague(id=each.id, full_name=each.full_name)
                    for each in sessions.officers_of(officers, slug)
                ],
            )
            for slug, area in found
        ]
    )


@router.get("/queue", name="list_queue", tags=["cases"])
def list_queue(call: SomeCall, asked: Annotated[QueueAsked, Query()]) -> shapes.Queue:
    """Open cases, due soonest first, as far as you may see them; go on with `after`."""
    if asked.area and asked.area not in call.here.areas:
        raise Refused("query.area", "unknown-area")
    question = Asked(
        area=asked.area,
        reply_in=asked.reply_in or "",
        state=asked.state or "",
        show="" if asked.show == "waiting" else asked.show,
    )
    _show, wanted = wanted_by(call.reader, question, call.here.areas, today=call.web.today())
    with call.store.read() as session:
        [page] = desk.queue_pages(session, AskedPage(wanted=wanted, after=key_of(asked.after), limit=asked.limit))
        seen = findings.of_comments(session, [case.comment_id for case in page.cases])
        claimed = triage.claims(session, [case.id for case in page.cases], now=call.now)
        total = desk.count(session, wanted)
    found = lines_of(seen, page.cases, call.here.policy, call.here.areas)
    return shapes.Queue(
        cases=[told.line(call.words, each, claimed.get(each.case.id, "")) for each in found],
        next=f"{page.later[0]:%Y-%m-%d}.{page.later[1]}" if page.later else None,
        total=total,
        more_than_counted=total >= desk.MOST_COUNTED,
    )


@router.get("/cases/{case_id}", name="read_case", tags=["cases"])
def read_case(call: SomeCall, case_id: CaseId, response: Response) -> shapes.Case:
    """One case: what they said and we replied, what was seen in it and why, its clocks and its history."""
    with call.store.read() as session:
        file = desk.case_file(session, case_id)
        if file is None:
            raise NotThere
        found = told.case(call, session, file, sessions.names(session))
    openings.see_case(call.store, case_id, policy=call.here.policy, actor=call.actor, now=call.now)
    response.headers["etag"] = f'"{found.version}"'
    return found


@router.get("/saved-replies", name="list_saved_replies", tags=["replies"])
def list_saved_replies(call: SomeCall) -> shapes.SavedReplies:
    """The replies that officers start from, in both languages."""
    with call.store.read() as session:
        offered = templates.offered(session, call.web.saved_replies)
    return shapes.SavedReplies(
        saved_replies=[
            shapes.SavedReply(
                slug=each.slug,
                kind=each.kind,
                title_cy=each.title.cy,
                title_en=each.title.en,
                text_cy=each.cy,
                text_en=each.en,
            )
            for each in offered
        ]
    )


@router.get("/accounts", name="list_accounts", tags=["reports"])
def list_accounts(call: SomeCall) -> shapes.Accounts:
    """How the collectors of each corporate account fare."""
    with call.store.read() as session:
        health = accounts.health(session)
    return shapes.Accounts(
        accounts=[
            shapes.AccountHealth(
                slug=account.slug,
                name=account.display_name,
                platform=account.platform,
                service_area=account.service_area,
                active=account.active,
                credential_expires=account.credential_expires,
                streams=[
                    shapes.Stream(
                        name=stream.name,
                        last_success=stream.last_success,
                        failures=stream.failures,
                        trouble=trouble(call.words, stream.trouble),
                        blocked_until=stream.blocked_until,
                        incomplete=stream.incomplete,
                    )
                    for stream in streams
                ],
            )
            for account, streams in health
        ]
    )


@router.get("/reports/weekly", name="weekly_figures", tags=["reports"])
def weekly_figures(call: SomeCall, asked: Annotated[WeekAsked, Query()]) -> shapes.Weekly:
    """A London week in figures, of the service areas that you may see."""
    try:
        report = report_of(call, asked.week)
    except NotThere:
        raise Refused("query.week", "unknown-week") from None
    return shapes.Weekly(
        week=str(report.week),
        until=report.until,
        over=report.over,
        policy=report.policy,
        everywhere=call.reader.areas() is None,
        total=told.counted(report.total),
        by_area={area: told.counted(each) for area, each in report.by_area.items()},
        by_platform={platform: told.counted(each) for platform, each in report.by_platform.items()},
        by_language={language: told.counted(each) for language, each in report.by_language.items()},
        welsh=told.counted(report.welsh),
        english=told.counted(report.english),
        searched=report.searched,
    )


@router.post("/classify", name="classify_text", tags=["about"])
def classify_text(call: SomeCall, asked: shapes.TextAsked) -> shapes.Classified:
    """What the classifiers see in a text that nobody has sent us; nothing of it is kept."""
    opinion = pipeline.opinion_of(call.here, asked.text)
    found: dict[str, Any] = as_json("", opinion, summing_up.rules_of(call.here.policy), call.words.say)
    return shapes.Classified.model_validate({name: value for name, value in found.items() if name != "id"})
