"""Names carry their stage, and a stage's pattern matches no other stage's names."""

from __future__ import annotations

from fnmatch import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import names

STAGES = st.one_of(st.just(""), st.from_regex(r"[a-z][a-z0-9]{0,7}", fullmatch=True))


def test_without_a_stage_names_are_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(names.VARIABLE, raising=False)
    assert names.pipeline() == "solar-power-retraining-pipeline"
    assert names.query_function("data_watcher") == "solar-data-watcher-query"


@given(STAGES, STAGES)
def test_no_pattern_of_a_stage_matches_a_name_of_another(one: str, other: str) -> None:
    mine, theirs = names.prefix_of(one), names.prefix_of(other)
    if mine != theirs:
        assert not fnmatch(f"{theirs}-data-watcher", f"{mine}-*")


@pytest.mark.parametrize("stage", ["Prod", "a-b", "1st", "ninechars", "x_", "ä"])
def test_what_no_name_can_carry_is_no_stage(stage: str) -> None:
    with pytest.raises(ValueError, match="is no stage: 1 to 8 lower-case letters"):
        names.prefix_of(stage)


def test_what_carries_another_stages_tag_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(names.VARIABLE, names.prefix_of("test"))
    mine = names.tags()
    assert names.is_ours(mine)
    monkeypatch.setenv(names.VARIABLE, names.prefix_of(""))
    assert not names.is_ours(mine)
    assert names.is_ours({"project": "solar-retraining"}), "from before there were stages"
    assert not names.is_ours({"solar-stage": "solar"})


def test_a_model_is_found_in_the_name_of_its_endpoint_in_every_stage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for stage in ("", "test"):
        monkeypatch.setenv(names.VARIABLE, names.prefix_of(stage))
        assert names.model_of(names.endpoint("solar-east")) == "solar-east"
