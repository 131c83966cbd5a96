"""Which file speaks for which platform."""

from __future__ import annotations

from collections.abc import Callable

from collectors.base import Access, Collector
from collectors.transport import BadCredential, CannotOpen, UnsafeAddress
from vocabulary import Platform

__all__ = ["BadCredential", "CannotOpen", "UnsafeAddress", "Unsupported", "open_collector"]


class Unsupported(CannotOpen):
    """No collector speaks for this platform."""


def open_collector(platform: Platform, access: Access) -> Collector:
    """A collector for one account.  Nothing is sent yet, and the SDK is imported only now.

    Raises:
        CannotOpen: in one of three kinds:
        Unsupported: the platform has no collector.
        BadCredential: the credential is not of a kind this platform takes.
        UnsafeAddress: `base_url` would carry the token in the clear.
    """
    if platform not in OPEN:
        raise Unsupported(
            f"{access.account}: nothing reads {platform.value}, which has no interface for that; "
            f"enter its comments by hand, or bring in an export with `gwylio import FILE --account {access.account}`"
        )
    return OPEN[platform](access)


def _x(access: Access) -> Collector:
    from collectors.x import open_x

    return open_x(access)


def _facebook(access: Access) -> Collector:
    from collectors.facebook import open_page

    return open_page(access)


def _youtube(access: Access) -> Collector:
    from collectors.youtube import open_youtube

    return open_youtube(access)


def _bluesky(access: Access) -> Collector:
    from collectors.bluesky import open_bluesky

    return open_bluesky(access)


def _mastodon(access: Access) -> Collector:
    from collectors.mastodon import open_mastodon

    return open_mastodon(access)


def _flickr(access: Access) -> Collector:
    from collectors.flickr import open_flickr

    return open_flickr(access)


def _vimeo(access: Access) -> Collector:
    from collectors.vimeo import open_vimeo

    return open_vimeo(access)


def _wordpress(access: Access) -> Collector:
    from collectors.wordpress import open_wordpress

    return open_wordpress(access)


def _linkedin(access: Access) -> Collector:
    from collectors.linkedin import open_linkedin

    return open_linkedin(access)


def _instagram(access: Access) -> Collector:
    from collectors.instagram import open_instagram

    return open_instagram(access)


def _tiktok(access: Access) -> Collector:
    from collectors.tiktok import open_tiktok

    return open_tiktok(access)


def _threads(access: Access) -> Collector:
    from collectors.threads import open_threads

    return open_threads(access)


OPEN: dict[Platform, Callable[[Access], Collector]] = {
    Platform.BLUESKY: _bluesky,
    Platform.FACEBOOK: _facebook,
    Platform.FLICKR: _flickr,
    Platform.INSTAGRAM: _instagram,
    Platform.LINKEDIN: _linkedin,
    Platform.MASTODON: _mastodon,
    Platform.TIKTOK: _tiktok,
    Platform.THREADS: _threads,
    Platform.VIMEO: _vimeo,
    Platform.WORDPRESS: _wordpress,
    Platform.X: _x,
    Platform.YOUTUBE: _youtube,
}
