"""The evaluation of a run that is better than what serves, but for one site."""

from __future__ import annotations

from typing import Any

from shared.evaluation import Evaluation

MODEL, RUN = "golden", "run-7"


def _scores(r2: float, **more: Any) -> dict[str, Any]:
    return {"r2": r2, "nmae": 0.031, "nrmse": 0.052, "mbe": -0.004, "n": 2880, **more}


def _model(shift: float) -> dict[str, Any]:
    sites = {"east": 0.971, "north-roof": 0.942, "<b>west</b>": 0.962}
    return {
        "all": _scores(0.968 + shift),
        "daylight": _scores(0.951 + shift),
        "by_month": [],
        "by_site": [
            _scores(r2 + shift, name=name, energy_bias=-0.012) for name, r2 in sites.items()
        ],
        "by_sky": [
            _scores(r2 + shift, name=n) for n, r2 in {"clear": 0.99, "broken": 0.93}.items()
        ],
    }


def a_run(**changed: Any) -> Evaluation:
    """Return what a run found: better than the champion, but for one site."""
    window = {"start": "2026-01-01T00:00:00Z", "end": "2026-04-01T00:00:00Z"}
    found = {
        "run_id": RUN,
        "model_id": MODEL,
        "dataset_id": "data",
        "model_type": "auto",
        "verdict": "register",
        "approval": "person",
        "reasons": ["R2 0.968 is above the floor 0.95", "site east is worse by 0.3 % of capacity"],
        "accuracy_threshold": 0.95,
        "train_window": window,
        "test_window": window,
        "rows": {"train": 30000, "test": 2880, "masked": 1203},
        "masks": {"night_power": 1100, "stuck_irradiance": 103, "copied": 0},
        "challenger": {**_model(0.0), "unmasked": _scores(0.955)},
        "champion": _model(-0.01),
        "champion_version": 6,
        "baselines": {"persistence_24h": None, "clear_sky_persistence": None},
        "comparison": {
            "delta_nmae": -0.0042,
            "ci_low": -0.006,
            "ci_high": -0.002,
            "days": 30,
            "by_site": {"east": 0.003, "north-roof": -0.01},
        },
        "coverage_p10_p90": 0.79,
    }
    return Evaluation.model_validate({**found, **changed})
