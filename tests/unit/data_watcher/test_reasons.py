"""Every reason code has a meaning, and every mask something to do."""

from __future__ import annotations

import pytest

from services.data_watcher.domain.reasons import MASKED, REFUSED, meaning, remedy_where_many


@pytest.mark.parametrize("code", sorted(REFUSED))
def test_a_refusal_means_what_its_table_says(code: str) -> None:
    assert meaning(code) == REFUSED[code] != ""


@pytest.mark.parametrize("code", sorted(MASKED))
def test_a_mask_means_what_its_table_says_and_has_a_remedy(code: str) -> None:
    assert meaning(code) == MASKED[code].what != ""
    assert remedy_where_many(code) == MASKED[code].remedy != ""


def test_a_code_that_is_in_no_table_has_no_meaning_and_general_advice() -> None:
    assert meaning("of_another_release") == ""
    assert "correct the values" in remedy_where_many("of_another_release")
