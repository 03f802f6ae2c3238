"""One stage is spoken of, whichever verb is asked."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from console.app import app, options
from infra.deploy import command
from shared import names


@pytest.fixture(autouse=True)
def _nobody_chose(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (names.VARIABLE, "SOLAR_STAGE"):
        monkeypatch.setenv(name, "")  # put back afterwards


def test_a_stage_before_the_verb_is_that_of_a_deployment_too() -> None:
    options(stage="test", version=False)
    assert names.service("deployer") == "test-solar-deployer"
    assert command.parser().parse_args([]).stage == "test"


def test_what_is_no_stage_is_refused_in_words() -> None:
    refused = CliRunner().invoke(app, ["--stage", "Prod-1", "status"])
    assert refused.exit_code == 2
    assert "is no stage" in refused.output
