"""The checks of `make check` find what they are for; one that always passes would be worse than none."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from infra.checks import audit, grants, image, licences, secrets
from infra.checks.licences import Package
from infra.checks.rights import Statement

# --- secrets ---------------------------------------------------------------------------------------
# Each is put together here, so that this file holds none.
KEY_ID = "AKIA" + "Z" * 16
PRIVATE = "-----BEGIN " + "RSA PRIVATE KEY-----"
SLACK = "https://hooks.slack" + ".com/services/T00000000/B00000000/" + "X" * 24


@pytest.mark.parametrize(
    ("name", "line", "kind"),
    [
        ("a.py", f"key = '{KEY_ID}'", "AWS Access Key"),
        ("a.md", f"see {SLACK}", "Slack Token"),
        ("a.txt", PRIVATE, "Private Key"),
        ("a.yaml", "pass" + "word: hunter2-and-more", "Secret Keyword"),
        ("a.sh", "curl https://me:" + "hunter2@example.org", "Basic Auth Credentials"),
    ],
)
def test_a_secret_is_found_in_whatever_file_it_is(
    tmp_path: Path, name: str, line: str, kind: str
) -> None:
    (tmp_path / name).write_text(f"nothing here\n{line}\n")
    (found,) = secrets.find([tmp_path / name], tmp_path)
    assert (found.path, found.line, found.kind) == (name, 2, kind)


def test_what_is_listed_as_no_secret_is_found_somewhere() -> None:
    """A reason for what is gone would hide the next one."""
    text = "\n".join(
        each.read_text("utf-8", errors="replace")
        for each in secrets.committed()
        if "checks" not in each.parts
    )
    assert [each for each in secrets.NO_SECRETS if each not in text] == []


def test_locks_and_pictures_are_not_looked_through_and_everything_else_is() -> None:
    names = {str(each.relative_to(secrets.ROOT)) for each in secrets.committed()}
    assert {"README.md", "infra/foundation.yaml", "console/web/guard.py"} <= names
    assert not [each for each in names if each.startswith("requirements/")]


# --- licences --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "licence", ["MIT", "Apache-2.0 OR BSD-3-Clause", "BSD License", "MIT OR GPL-3.0"]
)
def test_a_licence_that_asks_for_a_notice_is_permissive(licence: str) -> None:
    assert Package("x", licence).is_permissive


@pytest.mark.parametrize(
    "licence",
    [
        "GPL-3.0",
        "MPL-2.0 AND MIT",
        "GNU Lesser General Public License v3 (LGPLv3)",
        "MPL-2.0 AND (Apache-2.0 OR MIT)",
        "none named",
    ],
)
def test_a_licence_that_asks_for_more_is_not(licence: str) -> None:
    assert not Package("x", licence).is_permissive


def test_a_package_without_a_reason_and_a_reason_without_a_package_are_faults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(licences, "REASONS", {"gone": "it was used", "plain": "no need"})
    known = {
        name: Package(name, what) for name, what in (("copyleft", "GPL-3.0"), ("plain", "MIT"))
    }
    found = list(licences.faults({"copyleft", "plain"}, known))
    assert [each.partition(":")[0] for each in found] == ["copyleft", "gone", "plain"]


def test_every_lock_is_looked_at() -> None:
    names = licences.locked()
    assert {"awslambdaric", "boto3", "checkov", "mutmut", "sagemaker", "uv"} <= names


# --- the image -------------------------------------------------------------------------------------


def context(dockerfile: str, **files: str) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("infra/image/Dockerfile", dockerfile)
        for name, text in files.items():
            archive.writestr(f"{name}.py", text)
    return buffer.getvalue()


def test_only_what_the_dockerfile_copies_is_in_the_image(tmp_path: Path) -> None:
    made = context("FROM x\nCOPY kept.py /opt/solar/kept.py\n", kept="", left="")
    laid = image.lay_out(made, tmp_path)
    assert [each.name for each in laid.rglob("*.py")] == ["kept.py"]


def test_a_copy_of_what_the_context_does_not_hold_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        image.lay_out(context("COPY gone.py /opt/solar/gone.py\n"), tmp_path)


def test_what_cannot_be_imported_or_asks_the_network_is_named(tmp_path: Path) -> None:
    (tmp_path / "lacks.py").write_text("import not_in_the_lock")
    (tmp_path / "asks.py").write_text("import socket; socket.create_connection(('127.0.0.1', 1))")
    (tmp_path / "fine.py").write_text("import os; assert os.environ['TABLE'] == '1'")
    found = image.imports(Path(sys.executable), tmp_path, ["lacks", "asks", "fine"], {"TABLE": "1"})
    assert [each.partition(":")[0] for each in found] == ["lacks", "asks"]
    assert "the network is off" in found[1]


def test_every_verb_and_every_function_of_the_image_is_imported(tmp_path: Path) -> None:
    laid = image.lay_out(image.build.image_context().body, tmp_path)
    assert set(image.verbs(laid)) == {
        "services.trainer_trigger.pipeline.preprocess",
        "services.trainer_trigger.pipeline.train",
        "services.trainer_trigger.pipeline.evaluate",
        "services.deployer.inference.server",
    }
    assert {each.module for each in image.handlers()} >= {
        "services.data_watcher.entry.inbox",
        "services.deployer.entry.inbox",
        "services.deployer.entry.predictions",
    }
    assert {f"{each.module.replace('.', '/')}.py" for each in image.handlers()} <= {
        each.relative_to(laid).as_posix() for each in laid.rglob("*.py")
    }, "a function of AWS imports what the Dockerfile does not copy"


# --- audit -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "output", "expected"),
    [
        (0, "No known vulnerabilities found", 0),
        (1, "pyyaml 5.1 PYSEC-2020-96", 1),
        (1, "requests.exceptions.ConnectionError: Max retries exceeded", audit.UNKNOWN),
        (0, "rich Dependency not found on PyPI and could not be audited: rich", audit.UNKNOWN),
    ],
)
def test_silence_of_the_database_is_not_taken_for_safety(
    code: int, output: str, expected: int
) -> None:
    said: list[str] = []

    def run(command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, code, output, "")

    assert audit.audit(run, said.append) == expected
    assert ("Nothing was checked" in said[-1]) is (expected == audit.UNKNOWN)


# --- grants ----------------------------------------------------------------------------------------
TABLE = {"Table": {"Type": "AWS::DynamoDB::Table"}}
OF_TABLE = {"Fn::GetAtt": ["Table", "Arn"]}
ENDPOINT = {"Fn::Sub": "arn:${AWS::Partition}:sagemaker:${AWS::Region}:1:endpoint/solar-*"}


def granted(action: str, on: object, *keys: str) -> list[str]:
    return list(grants.faults(Statement("deployer", TABLE, [action], [on], list(keys))))


@pytest.mark.parametrize(
    ("action", "on", "keys"),
    [
        ("dynamodb:Query", OF_TABLE, ()),
        ("dynamodb:Query", {"Fn::Sub": "${Table.Arn}/index/attention"}, ()),
        ("sagemaker:InvokeEndpoint", ENDPOINT, ("aws:SourceArn",)),
        ("sagemaker:ListEndpoints", "*", ()),
        ("kms:CreateGrant", {"Ref": "KeyArn"}, ("kms:GrantIsForAWSResource",)),
    ],
)
def test_what_aws_would_grant_is_nothing_to_say(
    action: str, on: object, keys: tuple[str, ...]
) -> None:
    assert granted(action, on, *keys) == []


@pytest.mark.parametrize(
    ("action", "on", "keys", "said"),
    [
        ("sagemaker:ListEndpoints", ENDPOINT, (), "knows no resource"),
        ("sqs:SendMessage", OF_TABLE, (), "and is granted on arn:aws:dynamodb"),
        ("dynamodb:Ask", OF_TABLE, (), "AWS knows no action dynamodb:Ask"),
        ("dynamodb:Query", OF_TABLE, ("kms:ViaService",), "has no condition key kms:ViaService"),
    ],
)
def test_what_aws_would_refuse_is_said_before(
    action: str, on: object, keys: tuple[str, ...], said: str
) -> None:
    assert any(said in fault for fault in granted(action, on, *keys))
