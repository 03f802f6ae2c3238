"""The whole chain in small, in process: a dataset becomes a judged model, twice the same."""

from __future__ import annotations

import json
import re
import shutil
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from infra.image import entrypoint
from services.trainer_trigger.pipeline import evaluate, train
from services.trainer_trigger.pipeline.judging.champion import ARCHIVE
from shared.evaluation import Evaluation
from shared.model_config import Margins
from shared.solar import artifact, metrics
from shared.solar import rows as solar_rows
from shared.solar.predictor import Predictor
from tests.unit.pipeline.datasets import Bench, frame, serf_east, site

FEW_DAYS = Margins(least_days=60)  # an owner who lets less than a season pass


@pytest.fixture
def bench(tmp_path, monkeypatch) -> Bench:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    return Bench(tmp_path)


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory) -> Path:
    """A container's folder after Preprocess and Train, to be copied."""
    base = tmp_path_factory.mktemp("trained")
    place = Bench(base)
    place.upload(frame(days=60, noise=0.1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAGEMAKER_BASE_DIR", str(base))
        place.freeze()
        assert entrypoint.main(["preprocess"]) == 0
        place.lay_out_training("lightgbm", run_id="run-9")
        assert entrypoint.main(["train"]) == 0
    return base


@pytest.fixture
def trained(bench, trained_once) -> Bench:
    shutil.copytree(trained_once, bench.base, dirs_exist_ok=True)
    return bench


def run(
    bench: Bench, model_type: str = "lightgbm", threshold: str = "0.95", **champion
) -> Evaluation:
    bench.freeze()
    assert entrypoint.main(["preprocess"]) == 0
    bench.lay_out_training(model_type)
    assert entrypoint.main(["train"]) == 0
    bench.lay_out_evaluation(**champion)
    return evaluated(bench, threshold)


def evaluated(bench: Bench, threshold: str) -> Evaluation:
    assert entrypoint.main(["evaluate", "--accuracy-threshold", threshold]) == 0
    text = (bench.container.path(evaluate.OUTPUT) / evaluate.EVALUATION_FILE).read_text()
    assert not re.search(r"NaN|Infinity", text)
    return Evaluation.model_validate_json(text)


@pytest.mark.parametrize("model_type", ["neural_network", "lightgbm", "ridge", "auto"])
def test_a_plant_with_its_own_weather_passes_at_the_default_threshold(bench, model_type, capsys):
    bench.margins = FEW_DAYS
    bench.upload(frame(days=70, noise=0.05))
    found = run(bench, model_type)
    assert found.verdict == "register"
    assert found.approval == "automatic"
    assert found.challenger.all.r2 is not None
    assert found.challenger.all.r2 > 0.97
    assert found.skill.persistence_24h is not None
    assert found.skill.persistence_24h > 0.5
    assert 0.7 < (found.coverage_p10_p90 or 0) < 0.9
    assert re.search(r"validation_r2=[0-9.]+ validation_nmae=[0-9.]+", capsys.readouterr().out)
    worst, *_, least = found.hidden  # what it is without an input, as when only a forecast is known
    assert {worst.name, least.name} <= {"ghi", "irradiance", "temp_air"}
    assert worst.r2 is not None
    assert worst.r2 < 0.9 < (least.r2 or 0)
    assert worst.coverage > 0.6
    page = (bench.container.path(evaluate.OUTPUT) / "report.html").read_text("utf-8")
    assert "a model of measured weather, and no forecast model" in page


def test_real_satellite_weather_is_refused_at_the_default_and_says_what_would_help(bench):
    plant, tables = serf_east()
    bench.sites = [plant]
    for table in tables:
        bench.upload(table, plant.site_id)
    found = run(bench)
    assert found.verdict == "reject"
    assert found.challenger.all.r2 is not None
    assert 0.84 < found.challenger.all.r2 < 0.95
    assert found.challenger.daylight.r2 is not None
    assert found.challenger.daylight.r2 < found.challenger.all.r2
    assert "below the threshold of 0.95" in found.reasons[0]
    assert any("satellite" in help_ for help_ in found.what_would_help)
    page = (bench.container.path(evaluate.OUTPUT) / "report.html").read_text("utf-8")
    assert "Rejected" in page
    assert found.reasons[0].replace("'", "&#39;") in page


@pytest.mark.parametrize("model_type", ["neural_network", "auto"])
def test_the_same_dataset_gives_the_same_bytes(tmp_path, monkeypatch, model_type):
    packed = []
    for attempt in ("one", "two"):
        place = Bench(tmp_path / attempt)
        monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(place.base))
        place.upload(frame(days=20))
        place.freeze()
        assert entrypoint.main(["preprocess"]) == 0
        place.lay_out_training(model_type)
        assert entrypoint.main(["train"]) == 0
        folder = place.container.path(train.MODEL)
        packed.append({file.name: file.read_bytes() for file in folder.iterdir()})
    assert packed[0] == packed[1]


def test_the_graph_that_is_served_says_what_the_fit_said(bench):
    """A promise of the artifact: what was tested is what is deployed."""
    bench.upload(frame(days=40))
    bench.freeze()
    assert entrypoint.main(["preprocess"]) == 0
    bench.lay_out_training("neural_network")
    assert entrypoint.main(["train"]) == 0
    predictor = Predictor(artifact.load(bench.container.path(train.MODEL)))
    rows = solar_rows.read(bench.container.path("/opt/ml/processing/output/test/meadow.parquet"))
    whole = predictor.predict(rows)
    single = [
        predictor.predict(rows.take(np.array([place]))).power_ac[0] for place in range(40, 60)
    ]
    np.testing.assert_allclose(single, whole.power_ac[40:60], rtol=1e-4, atol=1e-4)
    assert (whole.p10 <= whole.power_ac).all()
    assert (whole.power_ac <= whole.p90).all()
    assert whole.power_ac.min() >= 0
    assert whole.power_ac.max() <= 100.0 * predictor.card.cap
    found = metrics.scores(rows.power_ac, whole.power_ac)
    assert found is not None
    assert (found.r2 or 0) > 0.97


def test_a_champion_is_compared_on_days_after_both_trainings(tmp_path, monkeypatch):
    place = Bench(tmp_path / "old")
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(place.base))
    place.upload(frame(days=60, noise=0.4))
    run(place, threshold="0.5")
    champion = place.container.path(evaluate.MODEL) / ARCHIVE

    newer = Bench(tmp_path / "new", margins=FEW_DAYS)
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(newer.base))
    newer.upload(frame(days=90, noise=0.1))
    found = run(newer, champion=champion, version=3)
    assert found.champion_version == 3
    assert found.champion is not None
    assert found.comparison is not None
    assert found.comparison.days >= 14
    assert found.comparison.delta_nmae < 0
    assert found.verdict == "register"
    assert found.approval == "automatic"


def test_a_champion_whose_files_are_damaged_means_that_a_person_approves(trained, tmp_path):
    damaged = tmp_path / "damaged.tar.gz"
    damaged.write_bytes(b"nothing")
    trained.lay_out_evaluation(champion=damaged, version=3)
    found = evaluated(trained, "0.9")
    assert found.verdict == "register"
    assert found.approval == "person"
    assert any("v3" in reason and "a person approves" in reason for reason in found.reasons)
    page = (trained.container.path(evaluate.OUTPUT) / "report.html").read_text("utf-8")
    assert "no champion" not in page
    assert "v3 serves but cannot be compared: model.tar.gz is no readable model archive" in page


def test_a_score_says_what_the_masks_left_out(bench):
    """Six sunny noons of an outage: the test is kinder than the plant is."""
    bench.margins = FEW_DAYS
    table = frame(days=70, noise=0.05)
    for day in range(60, 66):
        out = table.index.normalize() == table.index[0].normalize() + pd.Timedelta(days=day)
        table.loc[out & (table.index.hour >= 9) & (table.index.hour < 14), "power_ac"] = 0.0
    bench.upload(table)
    found = run(bench, threshold="0.95")
    scores = found.challenger
    assert scores.unmasked is not None
    left_out = scores.unmasked.n - scores.all.n
    assert left_out > 0
    assert sum(found.masks.values()) == left_out
    assert (scores.unmasked.r2 or 1) < 0.95 < (scores.all.r2 or 0)
    assert (found.verdict, found.approval) == ("register", "person")
    assert f"the {left_out} masked ones too, is below the threshold" in found.reasons[-1]
    page = (bench.container.path(evaluate.OUTPUT) / "report.html").read_text("utf-8")
    assert f"with the {left_out} masked rows of the test" in page


def test_a_new_site_that_the_model_does_not_fit_is_what_a_person_reads_first(bench):
    """All rows together look fine; at one site a string of modules failed after the training."""
    bench.margins = FEW_DAYS
    bench.sites = [site(), site("hill")]
    hill = frame(days=70, noise=0.05, seed=5)
    hill.loc[hill.index >= hill.index[0] + pd.Timedelta(days=56), "power_ac"] *= 0.9
    bench.upload(frame(days=70, noise=0.05))
    bench.upload(hill, "hill")
    found = run(bench)
    assert (found.verdict, found.approval) == ("register", "person")
    assert found.reasons[0].startswith("site hill: ")
    assert "more energy is predicted than was measured" in found.reasons[0]
    bias = {each.name: each.energy_bias or 0 for each in found.challenger.by_site}
    assert bias["hill"] == pytest.approx(0.1, abs=0.03)
    assert abs(bias["meadow"]) < 0.03
    page = (bench.container.path(evaluate.OUTPUT) / "report.html").read_text("utf-8")
    assert page.index("site hill: ") < page.index("reaches the threshold")


def test_without_a_masked_row_the_score_is_that_of_every_measured_row(trained):
    trained.lay_out_evaluation()
    found = evaluated(trained, "0.9").challenger
    assert found.unmasked == found.all


@pytest.mark.parametrize("idle", [True, False], ids=["no power at all", "a little power"])
def test_a_test_of_nights_only_is_refused_for_that_first_and_its_report_is_drawn(trained, idle):
    """Masks, or a meter that is off by day, may leave nights; their power may be all zero."""
    trained.lay_out_evaluation()
    path = trained.container.path(evaluate.TEST) / "meadow.parquet"
    rows = solar_rows.read(path)
    night = rows.take(rows.weather["ghi"] == 0)
    power = np.zeros(len(night)) if idle else np.linspace(0, 0.5, len(night))
    solar_rows.write(replace(night, power_ac=power), path)
    found = evaluated(trained, "0.5")
    assert found.verdict == "reject"
    assert found.reasons[0].startswith(f"none of the {len(night)} test rows lies in daylight")
    assert found.challenger.daylight.n == 0
    page = (trained.container.path(evaluate.OUTPUT) / "report.html").read_text("utf-8")
    assert "lies in daylight" in page


def test_a_rejection_too_says_why_what_serves_was_not_compared(trained, tmp_path):
    damaged = tmp_path / "damaged.tar.gz"
    damaged.write_bytes(b"nothing")
    trained.lay_out_evaluation(champion=damaged, version=3)
    found = evaluated(trained, "0.9999")
    assert (found.verdict, found.comparison) == ("reject", None)
    assert "no readable model archive" in (found.not_compared or "")
    page = (trained.container.path(evaluate.OUTPUT) / "report.html").read_text("utf-8")
    assert "v3 serves but cannot be compared: model.tar.gz is no readable model archive" in page


def test_a_champion_of_older_features_cannot_be_compared_and_says_why(trained, tmp_path):
    """Its image still serves it; this code must not guess what its features meant."""
    older = tmp_path / "older"
    shutil.copytree(trained.container.path(train.MODEL), older)
    card = json.loads((older / "model.json").read_text())
    card["recipe"]["version"] = 1
    (older / "model.json").write_text(json.dumps(card))
    packed = tmp_path / ARCHIVE
    with tarfile.open(packed, "w:gz") as archive:
        for name in ("model.json", "model.onnx"):
            archive.add(older / name, arcname=name)
    trained.lay_out_evaluation(champion=packed, version=3)
    found = evaluated(trained, "0.9")
    assert (found.verdict, found.approval) == ("register", "person")
    assert found.comparison is None
    (said,) = (reason for reason in found.reasons if reason.startswith("v3 serves"))
    assert "cannot be compared" in said
    assert "recipe.version 1, and this code knows 2" in said
    assert "a person approves" in said


def test_a_failing_job_leaves_one_line_with_the_next_step(bench, capsys):
    bench.upload(frame(days=4))
    bench.freeze()
    assert entrypoint.main(["preprocess"]) == 1
    message = bench.container.path("/opt/ml/output/message").read_text()
    assert "\n" not in message
    assert "upload more data" in message
    assert "Traceback" not in capsys.readouterr().err


def test_an_unknown_model_type_is_refused_by_name(bench):
    bench.upload(frame(days=30))
    bench.freeze()
    assert entrypoint.main(["preprocess"]) == 0
    bench.lay_out_training("crystal_ball")
    assert entrypoint.main(["train"]) == 1
    failure = bench.container.path("/opt/ml/output/failure").read_text()
    assert "crystal_ball" in failure
    assert "auto, lightgbm, neural_network, residual, ridge" in failure


def test_an_unforeseen_error_is_reported_and_its_place_logged(bench, capsys):
    assert entrypoint.main(["train"]) == 1
    assert "FileNotFoundError" in bench.container.path("/opt/ml/output/failure").read_text()
    assert "Traceback" in capsys.readouterr().err


def test_an_unknown_verb_lists_the_known_ones(bench, capsys):
    assert entrypoint.main(["dance"]) == 2
    assert "preprocess, train, evaluate, serve" in capsys.readouterr().err


def test_a_plant_that_stood_still_through_the_test_is_a_failure_with_a_next_step(trained):
    path = trained.container.path("/opt/ml/processing/output/test/meadow.parquet")
    rows = solar_rows.read(path)
    solar_rows.write(replace(rows, power_ac=np.zeros(len(rows))), path)
    trained.lay_out_evaluation()
    assert entrypoint.main(["evaluate", "--accuracy-threshold", "0.9"]) == 1
    assert "never changes" in trained.container.path("/opt/ml/output/message").read_text()


def test_test_rows_of_another_dataset_are_refused(trained):
    report = trained.container.path("/opt/ml/input/data/report/dataset.json")
    content = json.loads(report.read_text())
    report.write_text(json.dumps(content | {"dataset_id": "another"}))
    trained.lay_out_evaluation()
    assert entrypoint.main(["evaluate", "--accuracy-threshold", "0.9"]) == 1
    assert "another" in trained.container.path("/opt/ml/output/message").read_text()


def test_the_model_card_says_where_the_model_comes_from(trained):
    card = json.loads((trained.container.path(train.MODEL) / "model.json").read_text())
    dataset = json.loads(
        trained.container.path("/opt/ml/input/data/report/dataset.json").read_text()
    )
    assert card["run_id"] == "run-9"
    assert card["dataset_id"] == dataset["dataset_id"]
    assert card["units"] == {"power_ac": "kW", "ghi": "W/m2", "temp_air": "C"}
    assert [plant["site_id"] for plant in card["recipe"]["plants"]] == ["meadow"]
