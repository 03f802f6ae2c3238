"""Where things came from and went: a file to what learnt from it, a run back to what it was made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from console import registry, trainer
from console.client import ledger, objects
from console.client.words import counted
from console.datasets import file_id_of, frozen, holding
from console.errors import ConsoleError
from console.target import System
from shared import dataset, layout


def of_file(system: System, ending: str) -> list[dict[str, Any]]:
    """Return the files whose keys end so, each with the runs that were trained on it.

    Raises
    ------
    ConsoleError
        There is none.
    """
    fitting = [each for each in ledger.all_files(system) if each["key"].endswith(ending)]
    if not fitting:
        raise ConsoleError(f"no uploaded file ends in {ending!r}; see `solar files`")
    return traced(system, fitting, holding(system, frozen(system)))


def of_version(system: System, number: int, model: str | None) -> list[dict[str, Any]]:
    """Return the files that a version was trained on.

    Raises
    ------
    ConsoleError
        There are several models and none is named, or there is no such version.
    """
    models = [model] if model else trainer.models(system)
    if len(models) != 1:
        raise ConsoleError("name the model of the version with --model")
    package = registry.version(system, models[0], number)
    dataset_id = package.get("CustomerMetadataProperties", {}).get("dataset_id")
    return _of_dataset(system, models[0], dataset_id)


def files_of_run(system: System, run: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the files that a run was trained on."""
    return _of_dataset(system, run["model_id"], run["dataset_id"])


def of_run(system: System, progress: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run was made of: dataset, cut-offs, code, configuration, and the run before it.

    Parameters
    ----------
    progress
        The run, as `history.progress` returns it.
    """
    model_id, dataset_id = progress["model_id"], progress["dataset_id"]
    key = layout.dataset(model_id, dataset_id)
    described = objects.bytes_at(system, key)
    return {
        "run_id": progress["run_id"],
        "model_id": model_id,
        "status": progress["status"],
        "model_package_version": progress["model_package_version"],
        "dataset": {
            "dataset_id": dataset_id,
            "uri": layout.uri(system.bucket, key),
            "files": progress["files"],
            **(_counted(dataset.content(described)) if described else {"is_gone": True}),
        },
        "windows": _windows(system, progress),
        "image_uri": progress["recipe"]["image_uri"],
        "config": {
            "model_type": progress["model_type"],
            "accuracy_threshold": progress["accuracy_threshold"],
            **{
                name: value
                for name, value in progress["recipe"].items()
                if name not in {"image_uri", "champion_version"}
            },
        },
        "champion": _champion(system, progress),
    }


def told(made: Mapping[str, Any]) -> dict[str, str]:
    """Return in words what a run was made of, by what it is about."""
    of, config, windows = made["dataset"], made["config"], made["windows"]
    said = {"dataset": f"{of['dataset_id']}, {counted(of['files'], 'file')}, {_rows(of)}"}
    if not of["is_gone"]:
        excluded = f", {counted(of['exclusions'], 'excluded range')}" if of["exclusions"] else ""
        said["from"] = _span({"start": of["first"], "end": of["last"]}) + excluded
    if windows:
        said["trained on"] = _span(windows["train"])
        said["tested on"] = _span(windows["test"])
    said["configuration"] = (
        f"{config['config_id']}: {config['model_type']}, R² of at least {config['accuracy_threshold']}, "
        f"{config['instance_type']} ({config['capacity'].replace('_', ' ')})"
    )
    said["code"] = made["image_uri"] or "not noted: the run is older than this note"
    said["compared with"] = _before(made["champion"])
    said["attempt"] = str(config["attempt"])
    return said


def _rows(of: Mapping[str, Any]) -> str:
    return "which is gone from the bucket" if of["is_gone"] else counted(of["rows"], "row")


def _span(window: Mapping[str, str]) -> str:
    start, end = (window[each][:16].replace("T", " ") for each in ("start", "end"))
    return f"{start} to {end} UTC"


def _before(champion: Mapping[str, Any] | None) -> str:
    if champion is None:
        return "nothing: no version served"
    of = f"run {champion['run_id']}" if champion["run_id"] else "a run that nobody remembers"
    return f"version {champion['version']} of {of}"


def _counted(content: dataset.Content) -> dict[str, Any]:
    return {
        "is_gone": False,
        "rows": sum(each.rows for each in content.parts),
        "first": min((each.first.isoformat() for each in content.parts), default=None),
        "last": max((each.last.isoformat() for each in content.parts), default=None),
        "parts": [
            asdict(each) | {"first": each.first.isoformat(), "last": each.last.isoformat()}
            for each in content.parts
        ],
        "exclusions": content.exclusions,
        "test_fraction": content.test_fraction,
    }


def _windows(system: System, progress: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return from when to when it was trained and tested; None where it left no evaluation."""
    if not progress["evaluation_uri"]:
        return None
    found = objects.evaluation_of(system, progress["run_id"])
    return {
        "train": found.train_window.model_dump(mode="json"),
        "test": found.test_window.model_dump(mode="json"),
    }


def _champion(system: System, progress: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the version that served when the run began, and the run that it is of; None where none did."""
    version = progress["recipe"]["champion_version"]
    if version is None:
        return None
    runs = trainer.runs(system, progress["model_id"])
    of = next((each["run_id"] for each in runs if each["model_package_version"] == version), None)
    return {"version": version, "run_id": of}


def _of_dataset(system: System, model_id: str, dataset_id: str | None) -> list[dict[str, Any]]:
    found = frozen(system, model_id)
    chosen = [each for each in found if each["dataset_id"] == dataset_id]
    held = holding(system, chosen)
    inside = [each for each in ledger.all_files(system) if file_id_of(each) in held]
    return traced(system, inside, held)


def traced(
    system: System,
    files: Iterable[dict[str, Any]],
    held: Mapping[str, list[dict[str, Any]]],
) -> list[dict[str, Any]]:
    """Return files with the datasets that hold them, and what became of the runs of these."""
    runs = {run["run_id"]: run for run in trainer.runs(system)}
    log = system.ask("deployer", "deployments")["deployments"]
    served = {
        entry["run_id"]: entry["at"]
        for entries in log.values()
        for entry in entries
        if entry["event"] == "deployed"
    }
    return [_traced(file, held.get(file_id_of(file), []), runs, served) for file in files]


def _traced(
    file: dict[str, Any],
    inside: list[dict[str, Any]],
    runs: Mapping[str, Mapping[str, Any]],
    served: Mapping[str, str],
) -> dict[str, Any]:
    used = [runs[run_id] for each in inside for run_id in each["run_ids"] if run_id in runs]
    return {
        "key": file["key"],
        "version_id": file["version_id"],
        "state": file["state"],
        "dataset_ids": [each["dataset_id"] for each in inside],
        "runs": [
            {
                "run_id": run["run_id"],
                "model_id": run["model_id"],
                "status": run["status"],
                "model_package_version": run["model_package_version"],
                "served": served.get(run["run_id"]),
            }
            for run in used
        ],
    }
