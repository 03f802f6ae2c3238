"""What the Dockerfile copies is enough for every verb, and nothing that it names is missing."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.image import entrypoint
from services.trainer_trigger.pipeline.failure import RunFailedError

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "infra/image/Dockerfile").read_text("utf-8")


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> Path:
    """The image's /opt/solar, made from the Dockerfile's own lines."""
    place = tmp_path_factory.mktemp("image")
    for line in re.findall(r"^COPY (.+)$", DOCKERFILE, re.MULTILINE):
        *sources, target = line.split()
        if not target.startswith("/opt/solar"):
            continue
        inside = place / Path(target).relative_to("/opt/solar")
        for source in sources:
            path = ROOT / source
            assert path.exists(), f"the Dockerfile copies {source}, which is not there"
            if path.is_dir():
                shutil.copytree(path, inside, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                goal = inside / path.name if target.endswith("/") else inside
                goal.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, goal)
    return place


@pytest.mark.parametrize(
    "modules",
    [
        "infra.image.entrypoint, services.trainer_trigger.pipeline.preprocess",
        "services.trainer_trigger.pipeline.train, services.trainer_trigger.pipeline.models.network, "
        "services.trainer_trigger.pipeline.models.trees",
        "services.trainer_trigger.pipeline.evaluate, services.trainer_trigger.pipeline.reporting.report",
        "services.deployer.inference.server",
    ],
)
def test_every_verb_finds_what_it_imports(image, modules):
    done = subprocess.run(
        [sys.executable, "-c", f"import {modules}"],
        cwd=image,
        env={"PYTHONPATH": str(image), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_report_finds_its_template(image):
    assert (image / "services/trainer_trigger/pipeline/reporting/report.html.jinja").is_file()


def test_serving_needs_neither_pandas_nor_scikit_learn(image):
    """An endpoint is to be ready in about a second; either of them alone takes that long."""
    script = (
        "import sys, services.deployer.inference.server as s; "
        "heavy = {'pandas', 'sklearn', 'scipy', 'lightgbm', 'pvlib', 'boto3', 'pyarrow'}; "
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=image,
        env={"PYTHONPATH": str(image), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_dependencies_are_installed_by_hash_only():
    assert "--require-hashes -r" in DOCKERFILE
    assert len(re.findall(r"pip install", DOCKERFILE)) == 1


@pytest.mark.parametrize(
    ("place", "described"),
    [
        ("input/config/hyperparameters.json", {"model_type": "auto", "run_id": "abc-1"}),
        ("input/config/hyperparameters.json", {"run_id": '"abc-1"'}),
        (
            "config/processingjobconfig.json",
            {"ProcessingInputs": [{"S3Input": {"S3Uri": "s3://data/runs/abc-1/model"}}]},
        ),
    ],
)
def test_a_job_says_in_its_log_which_run_it_is_part_of(
    tmp_path, monkeypatch, capsys, place, described
):
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(described))
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    monkeypatch.setitem(entrypoint._VERBS, "train", lambda *_: print("rows: 96"))
    assert entrypoint.main(["train"]) == 0
    begun, _, done = capsys.readouterr().out.splitlines()
    assert json.loads(begun)["message"] == "started train"
    assert json.loads(done)["message"] == "done train"
    assert {json.loads(each)["correlation_id"] for each in (begun, done)} == {"abc-1"}


def test_a_job_that_fails_says_why_under_the_same_id(tmp_path, monkeypatch, capsys):
    def fail(*_):
        raise RunFailedError("too few rows", "upload more")

    (tmp_path / "input/config").mkdir(parents=True)
    (tmp_path / "input/config/hyperparameters.json").write_text('{"run_id": "abc-1"}')
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    monkeypatch.setitem(entrypoint._VERBS, "train", fail)
    assert entrypoint.main(["train"]) == 1
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["way"], last["correlation_id"]) == ("failed", "abc-1")
    assert "too few rows" in last["cause"]


def test_an_endpoint_which_is_of_no_run_logs_nothing_of_one(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    monkeypatch.setitem(entrypoint._VERBS, "serve", lambda *_: None)
    assert entrypoint.main(["serve"]) == 0
    assert capsys.readouterr().out == ""
