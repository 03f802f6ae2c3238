"""What a SageMaker container finds: folders, files and variables; a folder stands for `/opt/ml`.

The image maps `/opt/ml` to the folder named by `SAGEMAKER_BASE_DIR`; paths in requests stay AWS's.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from infra.local import emulator, roles
from infra.local.sagemaker.errors import invalid
from infra.local.sagemaker.store import Record

BASE = PurePosixPath("/opt/ml")
_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL")
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Host:
    """Which of a job's instances a container is."""

    name: str
    all: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Box:
    """The folder that stands for a container's `/opt/ml`, and one for its temporary files."""

    root: Path

    @property
    def base(self) -> Path:
        """The folder that stands for `/opt/ml`."""
        return self.root / "ml"

    def make(self, *folders: str) -> None:
        """Create the box with folders below `/opt/ml`."""
        shutil.rmtree(self.root, ignore_errors=True)
        (self.root / "tmp").mkdir(parents=True)
        for folder in folders:
            (self.base / folder).mkdir(parents=True, exist_ok=True)

    def path(self, inside: str) -> Path:
        """Return where a path of the container stands here.

        Raises
        ------
        ApiError
            The path is not below `/opt/ml`.
        """
        wanted = PurePosixPath(inside)
        if not wanted.is_relative_to(BASE) or ".." in wanted.parts:
            raise invalid(f"LocalPath {inside} is not below /opt/ml.")
        return self.base / wanted.relative_to(BASE)

    def write(self, inside: str, content: Any) -> None:
        """Write a JSON file below `/opt/ml`."""
        target = self.base / inside
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(content), encoding="utf-8")

    def said(self, inside: str) -> str:
        """Return what the container left in a file below `/opt/ml`, at most 1024 characters, or ''."""
        target = self.base / inside
        if not target.is_file():
            return ""
        return target.read_text(encoding="utf-8", errors="replace").strip()[:1024]

    def remove(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.root, ignore_errors=True)


def environment(
    box: Box, image: Path, given: Mapping[str, str], *, isolated: bool
) -> dict[str, str]:
    """Return a container's variables: only what a container has; isolated, it has no way to AWS."""
    variables = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin:/usr/bin:/bin"]),
        "HOME": str(box.root),
        "TMPDIR": str(box.root / "tmp"),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(image),
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        "AWS_REGION": emulator.responses.get_region(),
        "AWS_DEFAULT_REGION": emulator.responses.get_region(),
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAGEMAKER_BASE_DIR": str(box.base),
    }
    inherited = _THREADS if isolated else (*_THREADS, *_CREDENTIALS)
    variables |= {name: os.environ[name] for name in inherited if name in os.environ}
    if not isolated and (role := roles.current()) is not None:
        variables |= role.credentials()
    return variables | {name: str(value) for name, value in given.items()}


def training_files(box: Box, job: Record, host: Host) -> dict[str, str]:
    """Write what a training container reads; return the variables that go with it."""
    box.make("input/config", "input/data", "model", "output/data", "checkpoints")
    hyperparameters = job.get("HyperParameters", {})
    channels = [channel["ChannelName"] for channel in job.get("InputDataConfig", [])]
    box.write("input/config/hyperparameters.json", hyperparameters)
    box.write(
        "input/config/resourceconfig.json", _resources(host, job["ResourceConfig"]["InstanceType"])
    )
    box.write(
        "input/config/inputdataconfig.json",
        {
            channel["ChannelName"]: {
                "ContentType": channel.get("ContentType"),
                "TrainingInputMode": "File",
                "S3DistributionType": "FullyReplicated",
                "RecordWrapperType": channel.get("RecordWrapperType", "None"),
            }
            for channel in job.get("InputDataConfig", [])
        },
    )
    return {
        "TRAINING_JOB_NAME": job["TrainingJobName"],
        "TRAINING_JOB_ARN": job["TrainingJobArn"],
        "SM_MODEL_DIR": str(box.base / "model"),
        "SM_INPUT_DIR": str(box.base / "input"),
        "SM_INPUT_CONFIG_DIR": str(box.base / "input/config"),
        "SM_OUTPUT_DIR": str(box.base / "output"),
        "SM_OUTPUT_DATA_DIR": str(box.base / "output/data"),
        "SM_CHANNELS": json.dumps(channels),
        "SM_HPS": json.dumps(hyperparameters),
        "SM_CURRENT_HOST": host.name,
        "SM_HOSTS": json.dumps(host.all),
        "SM_NUM_CPUS": str(os.cpu_count() or 1),
        **{f"SM_CHANNEL_{name.upper()}": str(box.base / "input/data" / name) for name in channels},
    }


def processing_files(box: Box, job: Record, host: Host) -> dict[str, str]:
    """Write what a processing container reads; return the variables that go with it."""
    box.make("config", "output")
    cluster = job["ProcessingResources"]["ClusterConfig"]
    shown = {name: value for name, value in job.items() if not name.startswith("_")}
    box.write("config/processingjobconfig.json", shown)
    box.write("config/resourceconfig.json", _resources(host, cluster["InstanceType"]))
    for output in job.get("ProcessingOutputConfig", {}).get("Outputs", []):
        box.path(output["S3Output"]["LocalPath"]).mkdir(parents=True, exist_ok=True)
    return {
        "PROCESSING_JOB_NAME": job["ProcessingJobName"],
        "PROCESSING_JOB_ARN": job["ProcessingJobArn"],
    }


def _resources(host: Host, instance_type: str) -> Record:
    return {
        "current_host": host.name,
        "hosts": list(host.all),
        "current_instance_type": instance_type,
        "network_interface_name": "eth0",
    }
