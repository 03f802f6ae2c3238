"""Reference rows: an endpoint must predict them to prove that it serves the model that was tested."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from shared.solar.predictor import Predictor
from shared.solar.rows import Rows

REFERENCE_FILE = "reference.json"
_ROWS = 24
_TOLERANCE = 1e-3  # of AC capacity; another processor's arithmetic stays far below


def write(predictor: Predictor, rows: Rows, folder: Path) -> None:
    """Write the brightest site's rows, spread over the test, with what the model predicts for them [kW]."""
    chosen = _spread(rows)
    said = predictor.predict(chosen)
    content = {
        "request": {"site_id": chosen.sites[chosen.site[0]], "rows": _as_request(chosen)},
        "expected_kw": [round(float(power), 6) for power in said.power_ac],
        "tolerance_kw": float(_TOLERANCE * predictor.capacity(chosen)[0]),
    }
    text = json.dumps(content, indent=1, allow_nan=False)
    (folder / REFERENCE_FILE).write_text(text + "\n", encoding="utf-8")


def _spread(rows: Rows) -> Rows:
    """Choose rows of the site with most rows at work, evenly spread over time."""
    at_work = np.flatnonzero(rows.power_ac > 0)
    candidates = at_work if len(at_work) else np.arange(len(rows))
    busiest = np.bincount(rows.site[candidates]).argmax()
    of_site = candidates[rows.site[candidates] == busiest]
    places = np.linspace(0, len(of_site) - 1, min(_ROWS, len(of_site))).round().astype(int)
    return rows.take(np.unique(of_site[places]))


def _as_request(rows: Rows) -> list[dict[str, Any]]:
    moments = np.datetime_as_string(rows.times, unit="s")
    return [
        {"timestamp": f"{moment}Z"}
        | {
            name: float(values[place])
            for name, values in sorted(rows.weather.items())
            if np.isfinite(values[place])
        }
        for place, moment in enumerate(moments)
    ]
