"""Made-up forecasts of a made-up plant: one issue a day or more, each wrong in its own way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from shared.solar.rows import Rows, together
from tests.unit.solar import plant_data


def forecasts(
    days: int = 20,
    hours_before: Sequence[int] = (12,),
    providers: Sequence[str] = ("ecmwf",),
    **options,
) -> Rows:
    """Return each day as it was forecast so long before it began, by each provider."""
    truth = plant_data.rows(days, **options)
    parts = [
        _issue(truth, hours, provider, seed)
        for seed, (hours, provider) in enumerate(
            (hours, provider) for hours in hours_before for provider in providers
        )
    ]
    return together([replace(part, weight=np.full(len(part), 1.0 / len(parts))) for part in parts])


def _issue(truth: Rows, hours: int, provider: str, seed: int) -> Rows:
    random = np.random.default_rng(100 + seed)
    wrong = np.repeat(random.normal(1.0, 0.15, len(truth) // 8 + 1), 8)[: len(truth)]
    midnight = truth.times.astype("datetime64[D]").astype("datetime64[s]")
    return replace(
        truth,
        weather={
            "forecast_ghi": np.clip(truth.weather["ghi"] * wrong, 0, None),
            "forecast_temp_air": truth.weather["temp_air"] + random.normal(0, 1, len(truth)),
        },
        issued_at=midnight - np.timedelta64(hours * 3600, "s"),
        providers=(provider,),
        provider=np.zeros(len(truth), dtype=np.int64),
    )
