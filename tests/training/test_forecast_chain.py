"""A model of forecasts, from its dataset to its report, by the container's own verbs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from infra.image import entrypoint
from services.deployer.inference.app import Application
from services.deployer.inference.service import Service
from services.trainer_trigger.pipeline import evaluate
from services.trainer_trigger.pipeline.judging.champion import ARCHIVE
from services.trainer_trigger.pipeline.judging.reference import REFERENCE_FILE
from shared.solar import artifact
from shared.solar.predictor import Predictor
from tests.training.test_report import Outline
from tests.unit.pipeline.datasets import Bench, forecast, frame, site

DAYS = 70


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Evaluate leaves of two sites, two providers and two issues a day."""
    base = tmp_path_factory.mktemp("forecasts")
    bench = Bench(base, sites=[site(), site("hill")], inputs="forecast")
    for number, each in enumerate(bench.sites):
        measured = frame(days=DAYS, seed=number + 1, noise=0.05)
        bench.upload(measured, each.site_id)
        for provider, noise in (("ecmwf", 0.1), ("icon", 0.3)):
            for hours in (0, 12):
                issued = forecast(measured, hours_before=hours, provider=provider, noise=noise)
                bench.upload(issued, each.site_id, provider=provider)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAGEMAKER_BASE_DIR", str(base))
        bench.freeze()
        assert entrypoint.main(["preprocess"]) == 0
        bench.lay_out_training("auto")
        assert entrypoint.main(["train"]) == 0
        bench.lay_out_evaluation()
        assert entrypoint.main(["evaluate", "--accuracy-threshold", "0.5"]) == 0
    return bench.container.path(evaluate.OUTPUT)


@pytest.fixture(scope="module")
def evaluation(output: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((output / evaluate.EVALUATION_FILE).read_text("utf-8"))
    return found


def test_scores_stand_by_lead_and_by_provider(evaluation: dict[str, Any]) -> None:
    said = evaluation["forecast"]
    assert [each["name"] for each in said["by_lead"]] == ["0-6h", "6-24h", "24-48h"]
    providers = {each["name"]: each["nmae"] for each in said["by_provider"]}
    assert providers["ecmwf"] < providers["icon"]
    assert said["best_first"] == ["ecmwf", "icon"]
    assert len(said["reliability"]) == 19
    assert 0 <= said["dependence"] <= 1


def test_the_interval_that_is_judged_has_one_forecast(evaluation: dict[str, Any]) -> None:
    tested = evaluation["rows"]["test"]
    assert tested == pytest.approx(2 * 0.2 * DAYS * 96, rel=0.02)
    assert "forecast" in evaluation["reasons"][-1] or any(
        "h ahead" in reason for reason in evaluation["reasons"]
    )


def test_the_range_holds_about_eight_of_ten(evaluation: dict[str, Any]) -> None:
    assert 0.6 < evaluation["coverage_p10_p90"] < 0.95


def test_the_report_shows_it_for_every_reader(output: Path) -> None:
    page = (output / "report.html").read_text("utf-8")
    outline = Outline()
    outline.feed(page)
    assert "By how far ahead it was made" in page
    assert "By provider, daylight" in page
    assert "Where an input is missing" not in page
    assert max(np.diff(outline.headings)) <= 1
    assert all(outline.images)
    assert len(outline.ids) == len(set(outline.ids))


def test_an_endpoint_answers_the_reference_rows_as_the_evaluation_did(output: Path) -> None:
    base = output.parents[2]
    model = artifact.load_tar(base / "processing/input/model" / ARCHIVE)
    service = Service(Predictor(model), package_version=1)
    reference = json.loads((output / REFERENCE_FILE).read_text("utf-8"))
    body = json.dumps(reference["request"]).encode()
    _, answer = Application(service).answer({b"content-type": b"application/json"}, body)
    said = [each["power_ac"] for each in json.loads(answer)["predictions"]]
    off = np.abs(np.array(said) - np.array(reference["expected_kw"]))
    assert (off <= np.array(reference["tolerance_kw"])).all()
