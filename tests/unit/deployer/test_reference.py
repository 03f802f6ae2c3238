"""An endpoint passes its smoke test where it predicts what the evaluation predicted."""

from __future__ import annotations

import pytest

from services.deployer.domain.reference import Answer, Reference, fault

REFERENCE = Reference({}, expected_kw=(1.0, 2.0), tolerance_kw=(0.25, 0.25))


@pytest.mark.parametrize("power_kw", [(1.0, 2.0), (1.25, 1.75)])
def test_rows_within_the_tolerance_pass(power_kw: tuple[float, ...]) -> None:
    assert fault(REFERENCE, Answer(7, power_kw), 7) is None


@pytest.mark.parametrize("power_kw", [(1.26, 2.0), (1.0, 1.74)])
def test_another_prediction_fails(power_kw: tuple[float, ...]) -> None:
    found = fault(REFERENCE, Answer(7, power_kw), 7)
    assert found == "it predicts the reference rows differently than its evaluation did"


@pytest.mark.parametrize(
    ("power_kw", "said"),
    [
        ((1.0,), "it answers 1 of 2 rows"),
        ((1.0, 2.0, 3.0), "it answers 3 of 2 rows"),
        ((), "it answers 0 of 2 rows"),
        ((float("nan"), 2.0), "it predicts what is no number"),
        ((1.0, float("inf")), "it predicts what is no number"),
    ],
)
def test_another_number_of_rows_or_no_number_fails(power_kw: tuple[float, ...], said: str) -> None:
    assert fault(REFERENCE, Answer(7, power_kw), 7) == said


@pytest.mark.parametrize("version", [7, None])
def test_an_error_of_the_version_fails(version: int | None) -> None:
    found = fault(REFERENCE, Answer(version, (), error="out of memory"), 7)
    assert found == "it answers with an error: out of memory"


def test_an_error_of_another_version_is_another_version_answering() -> None:
    found = fault(REFERENCE, Answer(6, (), error="out of memory"), 7)
    assert found == "version 6 answered instead of 7"


@pytest.mark.parametrize("version", [6, None])
def test_an_answer_of_another_version_fails(version: int | None) -> None:
    found = fault(REFERENCE, Answer(version, (1.0, 2.0)), 7)
    assert found == f"version {version} answered instead of 7"


def test_each_row_is_judged_by_its_own_tolerance() -> None:
    two = Reference({}, expected_kw=(5.0, 5000.0), tolerance_kw=(0.005, 5.0))
    assert fault(two, Answer(7, (5.004, 5004.0)), 7) is None
    assert fault(two, Answer(7, (6.0, 5000.0)), 7) is not None
