"""A password that everybody tries first is refused, and one of four odd words is not."""

from __future__ import annotations

import pytest

from moderation import passwords


@pytest.mark.parametrize(
    "password",
    [
        "", "short", "elevenchars", "aaaaaaaaaaaa", "abababababab", "123456789012", "0987654321!!", "Password1234",
        "P@ssw0rd2026!", "Cyfrinair2026", "croesocymru123", "CyngorSir2026!", "qwertyuiop12", "Tachwedd2026!",
        "rhysmorgan2026", "Morgan-Rhys-1", "welcome2gwylio",
    ],
)  # fmt: skip
def test_an_easy_password_is_refused(password: str) -> None:
    assert passwords.fault(password, ("rhys", "Rhys Morgan"))


@pytest.mark.parametrize(
    "password", ["ceffyl batri stwffwl", "correct horse battery staple", "tŷ gwyn ar y bryn 7", "xk3&Vbn!q0Zd"]
)
def test_a_good_one_is_not(password: str) -> None:
    assert passwords.fault(password, ("rhys", "Rhys Morgan")) is None
