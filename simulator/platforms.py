"""Every pretend platform, by the name under which the server has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from simulator.bluesky import Bluesky
from simulator.exchange import Answer, Ask
from simulator.facebook import Facebook
from simulator.faults import Instead, Spoil
from simulator.flickr import Flickr
from simulator.instagram import Instagram
from simulator.linkedin import LinkedIn
from simulator.mastodon import Mastodon
from simulator.threads import Threads
from simulator.tiktok import TikTok
from simulator.vimeo import Vimeo
from simulator.wordpress import WordPress
from simulator.world import World
from simulator.x import X
from simulator.youtube import YouTube
from vocabulary import Platform


class Pretended(Protocol):
    """A platform as its clients see it.  `instead` and `spoil` are its own words for what goes wrong."""

    @property
    def platform(self) -> Platform: ...

    @property
    def instead(self) -> Instead: ...

    @property
    def spoil(self) -> Spoil: ...

    def answer(self, ask: Ask) -> Answer:
        """What this platform answers to one request; every refusal of its own is an answer too."""


OWN_ID: Mapping[Platform, str] = {
    Platform.BLUESKY: "did:plc:example",
    Platform.FLICKR: "1001@N99",
    Platform.YOUTUBE: "UCexample",
}
"""How an account of ours is named there, where it is not by a number."""


def one_of_each(world: World) -> None:
    """An account of ours on every platform, called after it, and open to a token that says so."""
    for number, platform in enumerate(PLATFORMS, 1001):
        token = f"token-of-{platform.value}"
        if platform is Platform.WORDPRESS:
            token = f"gwylio:{token}"
        world.add_account(platform, platform.value, OWN_ID.get(platform, str(number)), "Example", token)


PLATFORMS: Mapping[Platform, Callable[[World], Pretended]] = {
    Platform.BLUESKY: Bluesky,
    Platform.FACEBOOK: Facebook,
    Platform.FLICKR: Flickr,
    Platform.INSTAGRAM: Instagram,
    Platform.LINKEDIN: LinkedIn,
    Platform.MASTODON: Mastodon,
    Platform.TIKTOK: TikTok,
    Platform.THREADS: Threads,
    Platform.VIMEO: Vimeo,
    Platform.WORDPRESS: WordPress,
    Platform.X: X,
    Platform.YOUTUBE: YouTube,
}
