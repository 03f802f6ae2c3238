"""Frozen datasets: the runs say which there are, and each says in the bucket which files it holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from console import trainer
from console.target import System
from shared import dataset, layout
from shared.aws import S3Objects
from shared.errors import NotFoundError


def frozen(system: System, model_id: str | None = None) -> list[dict[str, Any]]:
    """Return the datasets of a model, or all: `{dataset_id, model_id, run_ids, files}`.

    Which datasets there are, the runs say; `files` counts.
    """
    using: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for run in trainer.runs(system, model_id):
        using.setdefault((run["model_id"], run["dataset_id"]), []).append(run)
    return [
        {
            "dataset_id": dataset_id,
            "model_id": model,
            "run_ids": [run["run_id"] for run in runs],
            "files": runs[0]["files"],
        }
        for (model, dataset_id), runs in using.items()
    ]


def holding(system: System, datasets: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return, for each file id, the datasets that hold it; one that is gone holds nothing."""
    objects = S3Objects(system.client("s3"), system.bucket)
    held: dict[str, list[dict[str, Any]]] = {}
    for each in datasets:
        try:
            described = objects.read(layout.dataset(each["model_id"], each["dataset_id"]))
        except NotFoundError:
            continue
        for file_id in dataset.file_ids(described):
            held.setdefault(file_id, []).append(each)
    return held


def file_id_of(file: dict[str, Any]) -> str:
    """Return the name under which datasets know a file of the ledger; '' where it has no rows."""
    return layout.canonical_file_id(file["canonical_uri"] or "")
