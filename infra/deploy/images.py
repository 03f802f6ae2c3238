"""The one container image: CodeBuild makes it from a context and a base, and its tag names both.

The tag is `<context>-<base>`, from the two digests. So the same context on the same base is never built
twice, and where the base has fixes a new image stands beside the old one, which versions still name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from infra.deploy.build import Artifact
from infra.deploy.errors import DeployError
from infra.deploy.target import Target
from shared import names

CURRENT = "image/current"  # names the context that the monthly build takes
_LENGTH = 32  # of a context in a tag
_POLL = 15  # [s]


@dataclass(frozen=True, slots=True)
class Image:
    """An image in the repository."""

    digest: str
    tag: str
    pushed_at: datetime


@dataclass(frozen=True, slots=True)
class Images:
    """The images of a deployment."""

    target: Target
    say: Callable[[str], None]

    def newest(self, context: Artifact) -> Image | None:
        """Return the image of a context whose base is the newest; None where none was built."""
        found = [each for each in self._all() if each.tag.startswith(f"{_short(context)}-")]
        return max(found, key=lambda each: each.pushed_at, default=None)

    def remember(self, context: Artifact) -> None:
        """Let the monthly build take this context."""
        self.target.client("s3").put_object(
            Bucket=self.target.artifact_bucket, Key=CURRENT, Body=context.digest.encode()
        )

    def build(
        self, project: str, context: Artifact, sleep: Callable[[float], None] = time.sleep
    ) -> Image:
        """Build a context on the newest base, unless that image exists; return it.

        Raises
        ------
        DeployError
            The build failed, or left no image.
        """
        codebuild = self.target.client("codebuild")
        build_id = codebuild.start_build(
            projectName=project,
            environmentVariablesOverride=[{"name": "CONTEXT", "value": context.digest}],
        )["build"]["id"]
        started = time.monotonic()
        while True:
            found = codebuild.batch_get_builds(ids=[build_id])["builds"][0]
            if found["buildStatus"] == "SUCCEEDED":
                break
            if found["buildStatus"] != "IN_PROGRESS":
                raise DeployError(
                    f"the container image could not be built ({found['buildStatus']}); its log: "
                    f"{found.get('logs', {}).get('deepLink', build_id)}"
                )
            self.say(f"  container image: building, {time.monotonic() - started:.0f} s")
            sleep(_POLL)
        image = self.newest(context)
        if image is None:
            raise DeployError(f"build {build_id} succeeded and left no image of {context.key}")
        self.say(f"  container image: {image.tag}, on {_exported(found, 'BASE_IMAGE')}")
        return image

    def _all(self) -> Iterator[Image]:
        client = self.target.client("ecr")
        pages = client.get_paginator("describe_images").paginate(
            repositoryName=names.image_repository(), filter={"tagStatus": "TAGGED"}
        )
        try:
            for page in pages:
                for each in page["imageDetails"]:
                    for tag in each["imageTags"]:
                        yield Image(each["imageDigest"], tag, each["imagePushedAt"])
        except client.exceptions.RepositoryNotFoundException:
            return  # a first dry run


def _short(context: Artifact) -> str:
    return context.digest[:_LENGTH]


def _exported(build: dict[str, Any], name: str) -> str:
    variables = build.get("exportedEnvironmentVariables", [])
    return next((each["value"] for each in variables if each["name"] == name), "an unnamed base")
