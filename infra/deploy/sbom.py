"""What the container image is made of, as a CycloneDX software bill of materials.

`python -m infra.deploy.sbom > sbom.json`. A deployment keeps the same beside the image's context. Which base
the image stands on is known only when it is built: its labels say that, by digest.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL
from packaging.requirements import Requirement

from infra.deploy import build
from infra.deploy.build import Artifact

_LOCK = "requirements/image-lambda.txt"
# As it is on the image; the lock is for every platform.
_IMAGE = {
    "python_full_version": f"{build.LAMBDA_PYTHON}.0",
    "python_version": build.LAMBDA_PYTHON,
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "os_name": "posix",
    "extra": "",
}
# The same lock gives the same bytes: no moment of its own.
_NO_TIME = datetime(1980, 1, 1, tzinfo=UTC)


def of_image(root: Path = build.ROOT) -> Artifact:
    """Return the bill of the image's packages, named by its content."""
    lock = (root / _LOCK).read_text()
    image = Component(name="image", type=ComponentType.CONTAINER, bom_ref="image")
    packages = list(_components(lock))
    bom = Bom(
        components=packages,
        metadata=BomMetaData(component=image, timestamp=_NO_TIME, tools=[]),
        serial_number=UUID(int=0),
    )
    bom.register_dependency(image, packages)
    text = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1)
    return build.named("sbom", text.encode(), "json")


def _components(lock: str) -> Iterator[Component]:
    """Yield what a lock installs on the image, with the hashes of every file that may be taken for it."""
    for entry in re.split(r"\n(?=[A-Za-z])", lock.strip()):
        said, *hashes = re.split(r"\s*\\?\s*--hash=", entry)
        wanted = Requirement(said.strip().rstrip("\\").strip())
        if wanted.marker is not None and not wanted.marker.evaluate(dict(_IMAGE)):
            continue
        (pinned,) = wanted.specifier
        url = PackageURL("pypi", name=wanted.name, version=pinned.version)
        yield Component(
            name=wanted.name,
            version=pinned.version,
            type=ComponentType.LIBRARY,
            purl=url,
            bom_ref=url.to_string(),
            hashes=[
                HashType(alg=HashAlgorithm.SHA_256, content=each.partition(":")[2].strip())
                for each in hashes
            ],
        )


if __name__ == "__main__":
    sys.stdout.write(of_image().body.decode())
