"""What is built has the same bytes everywhere, and carries what it should."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

from infra.deploy import build, templates


def names(body: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return archive.namelist()


def test_the_same_code_has_the_same_bytes_whatever_its_times_and_order(tmp_path: Path) -> None:
    zips = []
    for order in (("a.py", "b.py"), ("b.py", "a.py")):
        root = tmp_path / "-".join(order)
        (root / "shared").mkdir(parents=True)
        (root / "services").mkdir()
        for number, name in enumerate(order):
            path = root / "shared" / name
            path.write_text(f"NAME = {name!r}\n")
            os.utime(path, (number, number))
        zips.append(build.code_zip(root))
    assert zips[0].body == zips[1].body
    assert zips[0].key == zips[1].key


def test_the_code_zip_is_pure_python_and_has_every_service() -> None:
    found = names(build.code_zip().body)
    assert {
        f"services/{s}/composition.py"
        for s in ("data_watcher", "trainer_trigger", "deployer", "notifier")
    } <= set(found)
    assert not [name for name in found if name.endswith((".so", ".yaml"))]
    assert not [name for name in found if name.startswith(("console", "infra", "tests"))]


def test_code_for_this_python_comes_compiled_and_runs_without_its_source(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "shared").mkdir(parents=True)
    (root / "services").mkdir()
    (root / "shared/said.py").write_text(
        "WORDS = frozenset({'a', 'b'})\ndef it(): return 'compiled'\n"
    )
    with zipfile.ZipFile(io.BytesIO(build.code_zip(root).body)) as archive:
        archive.extractall(tmp_path / "made")
    source = tmp_path / "made/shared/said.py"
    source.write_text("def it(): return 'read again'\n")  # nobody compares: it is deployed as one
    code = "from shared import said; print(said.it())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path / "made",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "compiled\n"


def test_code_for_another_python_comes_as_source_only() -> None:
    found = names(build.code_zip(python="3.0").body)
    assert not [name for name in found if name.endswith(".pyc")]


def test_another_process_compiles_to_the_same_bytes() -> None:
    code = "from infra.deploy import build, templates; print(build.code_zip().digest)"
    done = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=build.ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert done == [f"{build.code_zip().digest}\n"] * 2


def test_the_image_has_its_entrypoint_its_lock_and_the_report_template() -> None:
    found = set(names(build.image_context().body))
    assert {
        "infra/image/entrypoint.py",
        "infra/image/Dockerfile",
        "requirements/image-lambda.txt",
        "services/trainer_trigger/pipeline/reporting/report.html.jinja",
        "services/deployer/inference/server.py",
    } <= found


def test_a_template_declares_its_parameters() -> None:
    parameters = templates.parameters(build.template("services/deployer/template.yaml"))
    assert parameters["Target"]["Default"] == "aws"
    assert "Default" not in parameters["KeyArn"]
