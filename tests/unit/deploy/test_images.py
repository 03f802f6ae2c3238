"""The container image is built once for a context and a base, and found again by both."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import yaml
from botocore.stub import ANY, Stubber

from infra.deploy import build
from infra.deploy.build import Artifact
from infra.deploy.errors import DeployError
from infra.deploy.images import CURRENT, Images
from infra.deploy.target import Target
from tests.templates import read

ROOT = Path(__file__).parents[3]
CONTEXT = Artifact("image/context.zip", b"context")
SHORT = CONTEXT.digest[:32]
V2 = "application/vnd.docker.distribution.manifest.v2+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"


class Account(Target):
    """An account whose answers botocore checks against AWS's shapes."""

    def client(self, service: str) -> Any:
        return self.clients[service]  # type: ignore[attr-defined]


def account(**answers: list[tuple[str, dict[str, Any], dict[str, Any] | str]]) -> Images:
    clients = {}
    for service, calls in answers.items():
        client = botocore.session.get_session().create_client(
            service, "us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        stub = Stubber(client)
        for call, expected, said in calls:
            if isinstance(said, str):
                stub.add_client_error(call, said, expected_params=expected)
            else:
                stub.add_response(call, said, expected)
        stub.activate()
        clients[service] = client
    target = Account(
        kind="aws",
        session=botocore.session.get_session(),
        account_id="123456789012",
        region="us-east-1",
        data_bucket="data",
        adopt_data_bucket=False,
        sagemaker_role_arn=None,
    )
    object.__setattr__(target, "clients", clients)
    return Images(target, lambda _: None)


ASKED = {"repositoryName": "solar-ml", "filter": {"tagStatus": "TAGGED"}}


def pushed(*images: tuple[str, int]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Return ECR's answer with images by tag and day of the month."""
    details = [
        {
            "imageDigest": f"sha256:{day:064d}",
            "imageTags": [tag],
            "imagePushedAt": datetime(2026, 11, day, tzinfo=UTC),
        }
        for tag, day in images
    ]
    return "describe_images", ASKED, {"imageDetails": details}


def test_the_newest_base_of_a_context_counts_and_other_contexts_do_not() -> None:
    images = account(
        ecr=[pushed((f"{SHORT}-old", 1), (f"{SHORT}-new", 9), ("f" * 32 + "-new", 20))]
    )
    found = images.newest(CONTEXT)
    assert found is not None
    assert found.tag == f"{SHORT}-new"


def test_where_nothing_was_built_there_is_no_image() -> None:
    assert account(ecr=[pushed()]).newest(CONTEXT) is None
    missing = [("describe_images", ASKED, "RepositoryNotFoundException")]
    assert account(ecr=missing).newest(CONTEXT) is None


START = {
    "projectName": "project",
    "environmentVariablesOverride": [{"name": "CONTEXT", "value": CONTEXT.digest}],
}


def builds(*states: str) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    variables = [{"name": "BASE_IMAGE", "value": "python@sha256:abc"}]
    return [
        ("start_build", START, {"build": {"id": "b"}}),
        *[
            (
                "batch_get_builds",
                {"ids": ["b"]},
                {"builds": [{"buildStatus": each, "exportedEnvironmentVariables": variables}]},
            )
            for each in states
        ],
    ]


def test_a_build_is_waited_for_and_its_image_taken() -> None:
    images = account(codebuild=builds("IN_PROGRESS", "SUCCEEDED"), ecr=[pushed((f"{SHORT}-b", 2))])
    slept: list[float] = []
    assert images.build("project", CONTEXT, slept.append).tag == f"{SHORT}-b"
    assert len(slept) == 1


@pytest.mark.parametrize(
    ("state", "left", "said"),
    [("FAILED", pushed((f"{SHORT}-b", 2)), "FAILED"), ("SUCCEEDED", pushed(), "left no image")],
)
def test_a_build_without_an_image_is_an_error(state: str, left: Any, said: str) -> None:
    images = account(codebuild=builds(state), ecr=[left])
    with pytest.raises(DeployError, match=said):
        images.build("project", CONTEXT, lambda _: None)


def test_the_monthly_build_takes_the_context_that_was_deployed_last() -> None:
    written = {"Bucket": ANY, "Key": CURRENT, "Body": CONTEXT.digest.encode()}
    account(s3=[("put_object", written, {})]).remember(CONTEXT)


# --- the build itself, with programs that only write down how they were called ------------------------


BASE = "sha256:" + "b" * 64
AWS = """#!/usr/bin/env bash
echo "aws $*" >> "$CALLS"
case "$1 $2" in
  "s3 cp")
    case "$*" in *image/current*) printf %s "$EXPECTED" ;; *) cp "$ZIP" context.zip ;; esac ;;
  "ecr describe-images")
    case "$*" in
      *imageManifestMediaType*) echo "$MEDIA" ;;
      *) [ -n "$EXISTS" ] ;;
    esac ;;
  "ecr get-login-password") echo password ;;
esac
"""
DOCKER = """#!/usr/bin/env bash
echo "docker $*" >> "$CALLS"
case "$1 $2" in "image inspect") echo "registry/python@$BASE_DIGEST" ;; esac
"""


class Builder:
    """A machine that runs the build's commands as CodeBuild does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls = folder / "calls"
        (folder / "bin").mkdir()
        for name, text in (("aws", AWS), ("docker", DOCKER)):
            program = folder / "bin" / name
            program.write_text(text)
            program.chmod(0o755)
        artifact = build.image_context()
        self.zip = folder / "given.zip"
        self.zip.write_bytes(artifact.body)
        self.digest = artifact.digest

    def run(self, context: str, *, exists: str = "", media: str = V2) -> int:
        project = read(ROOT / "infra/bootstrap.yaml")["Resources"]["ImageBuild"]["Properties"]
        phases = yaml.safe_load(project["Source"]["BuildSpec"])["phases"]
        commands = [each for phase in phases.values() for each in phase["commands"]]
        script = "\n".join(f"{{ {each.strip()}\n}} || exit 1" for each in commands)
        variables = {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "CALLS": str(self.calls),
            "ZIP": str(self.zip),
            "EXPECTED": self.digest,
            "BASE_DIGEST": BASE,
            "EXISTS": exists,
            "MEDIA": media,
            "CONTEXT": context,
            "ARTIFACT_BUCKET": "artifacts",
            "REPOSITORY_URI": "123.dkr.ecr.example/solar-ml",
        }
        done = subprocess.run(
            ["bash", "-c", script], cwd=self.folder, env=variables, check=False, capture_output=True
        )
        return done.returncode

    def called(self, words: str) -> list[str]:
        return [each for each in self.calls.read_text().splitlines() if each.startswith(words)]


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path)


@pytest.mark.parametrize("asked", ["by digest", "current"])
def test_a_context_is_built_on_the_digest_of_its_base_as_one_plain_manifest(
    builder: Builder, asked: str
) -> None:
    assert builder.run(builder.digest if asked == "by digest" else "current") == 0
    (made,) = builder.called("docker buildx build")
    tag = f"{builder.digest[:32]}-{'b' * 12}"
    for wanted in (
        "--platform linux/amd64",
        "--provenance=false",
        "--sbom=false",
        f"--build-arg PYTHON_IMAGE=registry/python@{BASE}",
        f"--label org.opencontainers.image.base.digest={BASE}",
        f"name=123.dkr.ecr.example/solar-ml:{tag},oci-mediatypes=false,push=true",
    ):
        assert wanted in made
    assert builder.called("aws s3 cp")[-1].split()[-2].endswith(f"image/{builder.digest}.zip")


def test_the_same_context_on_the_same_base_is_not_built_again(builder: Builder) -> None:
    assert builder.run(builder.digest, exists="yes") == 0
    assert builder.called("docker buildx build") == []


def test_an_image_that_lambda_would_refuse_fails_the_build(builder: Builder) -> None:
    assert builder.run(builder.digest, media=OCI_INDEX) == 1


def test_the_base_that_the_build_pulls_is_the_one_of_the_dockerfile(builder: Builder) -> None:
    builder.run(builder.digest)
    (pulled,) = builder.called("docker pull")
    text = (ROOT / "infra/image/Dockerfile").read_text()
    assert f"ARG PYTHON_IMAGE={pulled.split()[-1]}\n" in text
