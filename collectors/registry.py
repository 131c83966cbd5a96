"""Which file speaks for which platform."""

from __future__ import annotations

from collections.abc import Callable

from collectors.base import Collector
from collectors.transport import BadCredential, CannotOpen, UnsafeAddress
from vocabulary import Platform

__all__ = ["BadCredential", "CannotOpen", "UnsafeAddress", "Unsupported", "open_collector"]


class Unsupported(CannotOpen):
    """No collector speaks for this platform."""


def open_collector(
    *, account: str, platform: Platform, native_id: str, credential: str, base_url: str | None, timeout: float = 10.0
) -> Collector:
    """A collector for one account.  Nothing is sent yet, and the SDK is imported only now.

    `native_id` is the account's own id on the platform, always digits, never its name.  `credential`
    is a token as it was issued; for X also a JSON object with the four OAuth 1.0a keys.  `base_url`
    None is the real platform; another address must be https or on this machine.  `timeout` is in
    seconds, to connect and between two bytes.

    Raises:
        CannotOpen: in one of three kinds:
        Unsupported: the platform has no collector.
        BadCredential: the credential is not of a kind this platform takes.
        UnsafeAddress: `base_url` would carry the token in the clear.
    """
    if platform not in OPEN:
        raise Unsupported(
            f"{account}: there is no collector for {platform.value} yet; "
            f"export its comments there and bring them in with `gwylio import FILE --account {account}`"
        )
    return OPEN[platform](account, native_id, credential, base_url, timeout)


def _x(account: str, native_id: str, credential: str, base_url: str | None, timeout: float) -> Collector:
    from collectors.x import open_x

    return open_x(account, native_id, credential, base_url=base_url, timeout=timeout)


def _facebook(account: str, native_id: str, credential: str, base_url: str | None, timeout: float) -> Collector:
    from collectors.facebook import open_page

    return open_page(account, native_id, credential, base_url=base_url, timeout=timeout)


OPEN: dict[Platform, Callable[[str, str, str, str | None, float], Collector]] = {
    Platform.FACEBOOK: _facebook,
    Platform.X: _x,
}
