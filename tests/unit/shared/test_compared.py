"""A comparison with the champion reads as what it means."""

from __future__ import annotations

import pytest

from shared import compared
from shared.evaluation import Comparison

ALLOWED = ", within the margin of 0.20% that is allowed (margins.nmae)"


def said(delta: float, low: float, high: float, margin: float | None = 0.002) -> str:
    found = Comparison(delta_nmae=delta, ci_low=low, ci_high=high, days=30, by_site={})
    return compared.in_words(found, 2, margin)


def test_what_is_worse_within_the_margin_says_both() -> None:
    assert said(0.0008, 0.0003, 0.0013) == (
        "against champion v2 on the same 30 days: worse by 0.08% of AC capacity "
        f"(nMAE, 95 % interval +0.03% to +0.13%){ALLOWED}"
    )


@pytest.mark.parametrize(
    ("delta", "low", "high", "word"),
    [
        (-0.01, -0.015, -0.005, "better by 1.00%"),
        (0.01, 0.005, 0.015, "worse by 1.00%"),
        (0.001, -0.001, 0.003, "no sure difference: the error is 0.10% of AC capacity larger"),
        (-0.001, -0.003, 0.001, "no sure difference: the error is 0.10% of AC capacity smaller"),
        (-0.001, -0.002, 0.0, "no sure difference"),
        (0.001, 0.0, 0.002, "no sure difference"),
    ],
)
def test_what_is_not_worse_within_the_margin_names_none(
    delta: float, low: float, high: float, word: str
) -> None:
    text = said(delta, low, high)
    assert f"days: {word}" in text
    assert "margin" not in text


def test_a_margin_that_is_not_known_is_not_guessed() -> None:
    assert "margin" not in said(0.0008, 0.0003, 0.0013, margin=None)


def test_the_margin_itself_is_allowed() -> None:
    assert said(0.002, 0.001, 0.003).endswith(ALLOWED)
