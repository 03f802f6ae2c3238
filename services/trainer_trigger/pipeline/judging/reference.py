"""Reference rows: an endpoint must predict them to prove that it serves the model that was tested."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.solar.predictor import Predictor
from shared.solar.rows import Rows

REFERENCE_FILE = "reference.json"
_ROWS = 24  # of a site, where there are few
_MOST = 240  # of all; an endpoint answers them in a quarter of a second
_TOLERANCE = 1e-3  # of AC capacity; another processor's arithmetic stays far below


def write(predictor: Predictor, rows: Rows, folder: Path) -> None:
    """Write rows of every site, spread over the test, with what the model predicts for them [kW].

    The tolerance is one for each row [kW]: a plant of 5 kW is not judged by that of 5 MW, nor the other way.
    """
    chosen = _spread(rows)
    said = predictor.predict(chosen)
    content = {
        "request": {"rows": _as_request(chosen)},
        "expected_kw": [round(float(power), 6) for power in said.power_ac],
        "tolerance_kw": [float(each) for each in _TOLERANCE * predictor.capacity(chosen)],
    }
    text = json.dumps(content, indent=1, allow_nan=False)
    (folder / REFERENCE_FILE).write_text(text + "\n", encoding="utf-8")


def _spread(rows: Rows) -> Rows:
    """Choose rows of every site, at work where it ever is, evenly spread over time.

    Of a fleet with more sites than that, only every second or third site is asked.
    """
    sites = np.unique(rows.site)
    sites = sites[:: -(-len(sites) // _MOST)]
    each = max(1, min(_ROWS, _MOST // len(sites)))
    return rows.take(np.concatenate([_of_site(rows, site, each) for site in sites]))


def _of_site(rows: Rows, site: int, most: int) -> NDArray[np.intp]:
    own = rows.site == site
    at_work = np.flatnonzero(own & (rows.power_ac > 0))
    candidates = at_work if len(at_work) else np.flatnonzero(own)
    places = np.linspace(0, len(candidates) - 1, min(most, len(candidates))).round().astype(int)
    chosen: NDArray[np.intp] = candidates[np.unique(places)]
    return chosen


def _as_request(rows: Rows) -> list[dict[str, Any]]:
    moments = np.datetime_as_string(rows.times, unit="s")
    return [
        {"site_id": rows.sites[rows.site[place]], "timestamp": f"{moment}Z"}
        | _issue(rows, place)
        | {
            name: float(values[place])
            for name, values in sorted(rows.weather.items())
            if np.isfinite(values[place])
        }
        for place, moment in enumerate(moments)
    ]


def _issue(rows: Rows, place: int) -> dict[str, Any]:
    """Return when a row was forecast, and by whom; nothing for measured weather."""
    if not rows.are_forecast:
        return {}
    issued_at = np.datetime_as_string(rows.issued_at[place], unit="s")
    return {"issued_at": f"{issued_at}Z", "provider": rows.providers[rows.provider[place]]}
