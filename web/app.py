"""The web application, composed: routes, the gate before them, and what an error looks like.

Every page is under /cy/ or /en/.  A mistake of ours shows a page and a reference to look for in
the log, never a traceback.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

import structlog
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import Receive, Scope, Send

from moderation import removal_letters, saved_replies, word_bank
from moderation.lifecycle import IllegalTransition
from moderation.queue import StaleCase, UnknownCase
from moderation.removal_life import IllegalRemoval
from moderation.removals import StaleRemoval, UnknownRemoval
from moderation.replies import NoReplyHere
from moderation.translations import NotTheirs
from pipeline import Installation
from web.api import problems
from web.api.app import API, create_api
from web.gate import FormNotOurs, NotAllowed, NotSignedIn, NotThere, PurposeNeeded, gate
from web.live import Pace
from web.pages import STATIC, chosen_language, in_both, in_other_language, render
from web.routes import (
    account,
    accounts,
    administration,
    api_tokens,
    approvals,
    authors,
    cases,
    closures,
    conduct,
    entering,
    entry,
    escalations,
    first_steps,
    helping,
    incidents,
    invitations,
    legal_holds,
    live,
    matters,
    monitoring,
    notices,
    provider,
    queue,
    register,
    removals,
    reports,
    search,
    second_step,
    senior,
    signposts,
    templates,
    tokens,
    translations,
    triage,
    users,
    webhooks,
)
from web.security import HEADERS, KEEP_NOTHING, Compressed, PlainForms, SafeAnswers, SignInLimit
from web.wired import Web
from words import LANGUAGES, Words
from words.names import N_

log = structlog.get_logger("gwylio.web")

LARGEST_FORM: Final = 1_000_000
"""In bytes; the longest reply a platform takes is far below it."""

Said = tuple[int, str, str]
"""The status of an error page, its heading and what it says."""

NOT_THERE: Final[Said] = (
    404,
    N_("Page not found"),
    N_("It does not exist, or it belongs to a service area that is not yours."),
)
UNREADABLE: Final[Said] = (
    400,
    N_("The form could not be read"),
    N_("Something was missing from it. Go back, load the page and try again."),
)
ERRORS: Final[Mapping[type[Exception], Said]] = {
    NotThere: NOT_THERE,
    UnknownCase: NOT_THERE,
    NotAllowed: (403, N_("Not allowed"), N_("Your role does not allow this. Ask a colleague who may do it.")),
    FormNotOurs: (
        403,
        N_("The form is too old"),
        N_("It was opened before you signed in, or did not come from this site. Go back, load the page and try again."),
    ),
    StaleCase: (
        409,
        N_("Somebody moved this case while you were reading"),
        N_("Nothing has been done. Look at the case again and decide anew."),
    ),
    NotTheirs: (
        409,
        N_("The translators do not have this any more"),
        N_("Nothing has been done; look at the case again and decide anew."),
    ),
    IllegalTransition: (
        409,
        N_("This can no longer be done"),
        N_("The case has moved on. Nothing has been done; look at it again and decide anew."),
    ),
    StaleRemoval: (
        409,
        N_("Somebody moved this removal while you were reading"),
        N_("Nothing has been done. Look at it again and decide anew."),
    ),
    IllegalRemoval: (
        409,
        N_("This can no longer be done"),
        N_("The removal has moved on. Nothing has been done; look at it again and decide anew."),
    ),
    UnknownRemoval: NOT_THERE,
    NoReplyHere: (409, N_("There is no such reply"), N_("It was settled already. Nothing has been done.")),
    RequestValidationError: UNREADABLE,
}
BY_STATUS: Final[Mapping[int, Said]] = {
    404: NOT_THERE,
    413: (413, N_("This is too much at once"), N_("Nothing has been kept. Go back, and send less at a time.")),
    405: (405, N_("Page not found"), N_("This address is for a form. Go back to the page that has it.")),
}
OURS: Final[Said] = (
    500,
    N_("Something went wrong on our side"),
    N_("It has been written down under the reference {reference}. Try again; if it stays so, tell your administrator."),
)


def wired(
    here: Installation,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    limit: SignInLimit | None = None,
    pace: Pace | None = None,
    demo_password: str = "",
) -> Web:
    """What the pages of an open installation are made of.  `now` is their clock, `pace` that of their streams."""
    return Web(
        here,
        now,
        saved_replies.load(here.settings.config_dir / saved_replies.FILE),
        word_bank.load(here.settings.config_dir / word_bank.FILE),
        saved_replies.load(here.settings.config_dir / removal_letters.FILE),
        limit or SignInLimit(),
        pace=pace or Pace(),
        demo_password=demo_password,
    )


def create_app(
    here: Installation,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    limit: SignInLimit | None = None,
    pace: Pace | None = None,
    demo_password: str = "",
) -> FastAPI:
    """The application on an open installation; the rest is for `wired`, which makes `app.state.web`."""
    app = FastAPI(
        title="Gwylio",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(gate)],
        max_body_size=LARGEST_FORM,
    )
    app.state.web = wired(here, now=now, limit=limit, pace=pace, demo_password=demo_password)
    app.include_router(entry.door)
    app.include_router(webhooks.router)
    for part in (
        entry,
        second_step,
        provider,
        invitations,
        account,
        api_tokens,
        users,
        first_steps,
        helping,
        live,
        queue,
        search,
        incidents,
        triage,
        cases,
        closures,
        administration,
        authors,
        conduct,
        monitoring,
        matters,
        signposts,
        legal_holds,
        entering,
        escalations,
        removals,
        reports,
        accounts,
        register,
        tokens,
        senior,
        notices,
        templates,
        translations,
        approvals,
    ):
        app.include_router(part.router)
    app.mount(API, create_api(app.state))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for kind in ERRORS:
        app.add_exception_handler(kind, _told)
    app.add_exception_handler(PurposeNeeded, _say_why_first)
    app.add_exception_handler(NotSignedIn, _sign_in_first)
    app.add_exception_handler(HTTPException, _of_status)
    app.add_exception_handler(Exception, _ours)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(here.settings.allowed_hosts), www_redirect=False)
    app.add_middleware(PlainForms, refused=_not_a_plain_form)
    app.add_middleware(SafeAnswers)
    app.add_middleware(Compressed)
    return app


async def _not_a_plain_form(scope: Scope, receive: Receive, send: Send) -> None:
    await _error_page(Request(scope), (415, *UNREADABLE[1:]))(scope, receive, send)


def _told(request: Request, error: Exception) -> Response:
    said = next(said for kind, said in ERRORS.items() if isinstance(error, kind))
    return _error_page(request, said, case_id=request.path_params.get("case_id"))


def _say_why_first(request: Request, error: Exception) -> Response:
    """A restricted case is opened with a purpose: whoever has said none today is asked for it."""
    case_id = error.case_id if isinstance(error, PurposeNeeded) else 0
    language = chosen_language(request) or "en"
    return RedirectResponse(f"/{language}/cases/{case_id}/purpose", 303)


def _sign_in_first(request: Request, _error: Exception) -> Response:
    language = chosen_language(request)
    if language is None:
        return RedirectResponse("/", 303)
    to = request.url.path + (f"?{request.url.query}" if request.url.query else "") if request.method == "GET" else ""
    asked = f"?{urlencode({'to': to})}" if to else ""
    return RedirectResponse(f"/{language}/sign-in{asked}", 303)


def _of_status(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else UNREADABLE[0]
    if request.url.path.startswith("/api/"):
        return problems.tell(request, problems.NOT_THERE)
    return _error_page(request, BY_STATUS.get(status, (status, *UNREADABLE[1:])))


def _ours(request: Request, error: Exception) -> Response:
    reference = secrets.token_hex(4)
    log.error("page failed", reference=reference, route=_route(request), error=type(error).__name__)
    answer = _error_page(request, OURS, reference=reference)
    answer.headers.update({**HEADERS, "cache-control": KEEP_NOTHING})  # it leaves outside of SafeAnswers
    return answer


def _route(request: Request) -> str:
    return str(getattr(request.scope.get("route"), "name", ""))


def _error_page(request: Request, said: Said, *, case_id: object = None, **values: Any) -> Response:
    status, title, text = said
    language = chosen_language(request)
    if language is None:
        return in_both(
            {
                each: {
                    "title": Words(each).gettext(title),
                    "text": Words(each).gettext(text, **values),
                    "href": f"/{each}/sign-in",
                    "go": Words(each).gettext("Go on in English"),
                }
                for each in LANGUAGES
            },
            status=status,
        )
    words = Words(language)
    to_case = status == 409 and case_id is not None
    reader = getattr(request.state, "reader", None)
    back = f"cases/{case_id}" if to_case else reader.home if reader else "queue"
    error = {
        "title": words.gettext(title),
        "text": words.gettext(text, **values),
        "back": f"/{language}/{back}",
        "back_text": words.gettext("Look at the case again")
        if to_case
        else words.gettext("Go to the queue")
        if back == "queue"
        else words.gettext("Go to the translations"),
    }
    stays = request.method in {"GET", "HEAD"} and request.url.path.startswith(f"/{language}/")
    toggle = in_other_language(request, words.other) if stays else f"/{words.other}/{back}"
    return render(request, "error.html", words, status=status, error=error, toggle=toggle)
