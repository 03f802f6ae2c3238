"""Registered versions of a model: approval, scores, and which serves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from console import registry
from console.client import history, objects
from console.errors import ConsoleError
from console.target import System


def of_model(system: System, model_id: str) -> list[dict[str, Any]]:
    """Return a model's versions with their approval and scores, newest first."""
    serves = registry.serving(system, model_id)
    return [_shown(system, model_id, each, serves) for each in registry.versions(system, model_id)]


def waiting(system: System, model_id: str, found: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Return which of a model's versions wait for a person's approval, and why, the newest first."""
    return {
        each["version"]: _why(system, model_id, each["run_id"])
        for each in found
        if each["approval"] == "PendingManualApproval"
    }


def _why(system: System, model_id: str, run_id: str | None) -> str:
    if not run_id:
        return "it was registered by hand, without an evaluation"
    try:
        evaluation = objects.evaluation_of(system, run_id)
    except ConsoleError:
        return "its run left no evaluation that says why"
    if evaluation.approval == "person":
        doubts = [each for each in evaluation.reasons if "a person approves" in each]
        return "; ".join(doubts or evaluation.reasons)
    run = history.progress(system, model_id, run_id)
    if run is None:
        return "its test has no doubt; its run is not remembered any more, which would say why"
    if run["recipe"]["approval"] == "manual":
        return "every version is approved by a person (approval: manual)"
    return (
        "its test has no doubt, but something changed while it was trained (its configuration, or what is "
        "excluded); the notices say what"
    )


def compare(
    system: System, model_id: str, numbers: Sequence[int], days: int
) -> list[dict[str, Any]]:
    """Return versions beside each other: what their evaluations promised, and how they did live."""
    lived = system.ask("deployer", "compare", model_id=model_id, versions=list(numbers), days=days)[
        "versions"
    ]
    return [_beside(system, model_id, number, lived.get(str(number))) for number in numbers]


def _beside(
    system: System, model_id: str, number: int, lived: dict[str, Any] | None
) -> dict[str, Any]:
    about = registry.version(system, model_id, number).get("CustomerMetadataProperties", {})
    run_id = about.get("run_id")
    found = objects.evaluation_of(system, run_id).model_dump(mode="json") if run_id else None
    return {
        "version": number,
        "run_id": run_id,
        "dataset_id": about.get("dataset_id"),
        "evaluation": found,
        "live": lived["live"] if lived else None,
        "live_first": lived["first"] if lived else None,
        "live_last": lived["last"] if lived else None,
        "live_same_days": lived["same_days"] if lived else None,
        "days_of_both": lived["days_of_both"] if lived else 0,
    }


def _scores(system: System, run_id: str) -> dict[str, Any]:
    """Return what a version scored; nothing where its evaluation is gone, so that the others still show."""
    try:
        scores = objects.evaluation_of(system, run_id).challenger
    except ConsoleError:
        return {}
    return {**scores.all.model_dump(), "daylight_r2": scores.daylight.r2}


def _shown(
    system: System, model_id: str, package: dict[str, Any], served: int | None
) -> dict[str, Any]:
    about = package.get("CustomerMetadataProperties", {})
    metrics = _scores(system, about["run_id"]) if about.get("run_id") else {}
    return {
        "model_id": model_id,
        "version": package["ModelPackageVersion"],
        "approval": package["ModelApprovalStatus"],
        "approval_reason": package.get("ApprovalDescription"),
        "deployed": package["ModelPackageVersion"] == served,
        "dataset_id": about.get("dataset_id"),
        "run_id": about.get("run_id"),
        "metrics": metrics,
        "model_card": json.loads(package.get("ModelCard", {}).get("ModelCardContent", "null")),
    }
