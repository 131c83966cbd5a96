"""What brings each platform's token back to life: how long it lasts, what ends it, and what a person does.

These are messages of the screens; {name}, {id} and {home} are the account's.  What a platform calls its
menus moves now and then, so they are described and not spelled out; docs/reference/tokens.md says more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from vocabulary import Platform
from words.names import N_


@dataclass(frozen=True, slots=True)
class Guide:
    """One platform's token.  `first` is what is done before the command is typed, `then` what is done after it."""

    lives: str
    ends: tuple[str, ...]
    first: tuple[str, ...]
    then: str


LASTS: Final = N_("By itself it does not run out.")

CHANGED: Final = N_("the password of whoever consented is changed")
LOST_ROLE: Final = N_("whoever consented loses their role there")
TAKEN_BACK: Final = N_("somebody takes the app's access away in the settings of {platform}")
APP_GONE: Final = N_("the app is switched off or deleted on {platform}, or its keys are made anew")
SERVER_GONE: Final = N_("the account moves to another server, or its server closes")
META: Final = (CHANGED, LOST_ROLE, TAKEN_BACK, N_("Meta asks whoever consented to confirm who they are"), APP_GONE)

AS_ITSELF: Final = N_(
    "In a private window of your browser, sign in to {platform} as the account itself: {name} ({id})."
)
ALLOW: Final = N_("Open in that window the address that appears, and allow everything that is asked.")

GUIDES: Final[Mapping[Platform, Guide]] = {
    Platform.X: Guide(
        lives=N_("A token of X lives two hours and is renewed by itself. As far as is known, that does not end."),
        ends=(TAKEN_BACK, N_("X suspends the account"), APP_GONE),
        first=(AS_ITSELF,),
        then=ALLOW,
    ),
    Platform.FACEBOOK: Guide(
        lives=LASTS,
        ends=META,
        first=(
            N_(
                "In a private window of your browser, sign in to Facebook as somebody who may moderate, publish and "
                "send messages for the Page {name} ({id})."
            ),
        ),
        then=N_(
            "Open in that window the address that appears. Choose the Page {name} where you are asked which, and "
            "leave every permission ticked."
        ),
    ),
    Platform.INSTAGRAM: Guide(
        lives=LASTS,
        ends=(*META, N_("the Instagram account is no longer linked to its Facebook Page")),
        first=(
            N_(
                "In a private window of your browser, sign in to Facebook as somebody who looks after the Page to "
                "which the Instagram account {name} is linked."
            ),
        ),
        then=N_(
            "Open in that window the address that appears. Choose that Page and the Instagram account {name} where "
            "you are asked which, and leave every permission ticked."
        ),
    ),
    Platform.THREADS: Guide(
        lives=N_("A token of Threads lives 60 days and is renewed by itself, as long as the account is public."),
        ends=(TAKEN_BACK, CHANGED, N_("the account is made private"), APP_GONE),
        first=(AS_ITSELF,),
        then=ALLOW,
    ),
    Platform.YOUTUBE: Guide(
        lives=N_(
            "A token of Google lives an hour and is renewed by itself, once the app is published. While it is in "
            "testing, that ends after seven days."
        ),
        ends=(TAKEN_BACK, LOST_ROLE, N_("it is not used for six months"), APP_GONE),
        first=(
            N_(
                "In a private window of your browser, sign in to Google as somebody who owns or manages the channel "
                "{name}."
            ),
        ),
        then=N_(
            "Open in that window the address that appears. Choose the channel {name} where you are asked which, and "
            "tick every box."
        ),
    ),
    Platform.LINKEDIN: Guide(
        lives=N_(
            "A token of LinkedIn lives 60 days. Where LinkedIn lets the app do so, it is renewed by itself for a "
            "year; then somebody's consent is wanted again."
        ),
        ends=(TAKEN_BACK, LOST_ROLE, APP_GONE),
        first=(
            N_("In a private window of your browser, sign in to LinkedIn as a super administrator of the page {name}."),
        ),
        then=ALLOW,
    ),
    Platform.TIKTOK: Guide(
        lives=N_(
            "A token of TikTok lives a day and is renewed by itself for a year; then somebody's consent is wanted "
            "again."
        ),
        ends=(TAKEN_BACK, CHANGED, APP_GONE),
        first=(AS_ITSELF,),
        then=ALLOW,
    ),
    Platform.MASTODON: Guide(
        lives=LASTS,
        ends=(TAKEN_BACK, SERVER_GONE),
        first=(N_("In a private window of your browser, sign in on {home} as the account itself: {name}."),),
        then=ALLOW,
    ),
    Platform.FLICKR: Guide(lives=LASTS, ends=(TAKEN_BACK, APP_GONE), first=(AS_ITSELF,), then=ALLOW),
    Platform.VIMEO: Guide(lives=LASTS, ends=(TAKEN_BACK, APP_GONE), first=(AS_ITSELF,), then=ALLOW),
    Platform.BLUESKY: Guide(
        lives=LASTS,
        ends=(N_("somebody deletes the app password"), SERVER_GONE),
        first=(
            AS_ITSELF,
            N_(
                "Open the app passwords there, under privacy and security in the settings. Delete the one that was "
                "made for Gwylio, if there is one, and make a new one that may read direct messages."
            ),
        ),
        then=N_("Type the account's handle, and then the app password, which is not shown."),
    ),
    Platform.WORDPRESS: Guide(
        lives=LASTS,
        ends=(
            N_("somebody revokes the application password"),
            N_("the user whose it is leaves, or may no longer moderate comments"),
            N_("application passwords are switched off on the site"),
        ),
        first=(
            N_("Sign in on {home} as the user with whom Gwylio moderates: an editor or an administrator."),
            N_(
                "Open the application passwords in that user's profile. Revoke the one that was made for Gwylio, if "
                "there is one, and add a new one."
            ),
        ),
        then=N_("Type that user's name, and then the application password, which is not shown."),
    ),
}
"""Every platform that is read has one."""
