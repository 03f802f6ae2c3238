"""The newest forecast of every interval of a site, from the predictions of all issues."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from services.deployer.domain.live.feeds import Feed
from services.deployer.domain.live.predicted import Predicted
from services.deployer.domain.live.stamps import stamp
from shared.solar.position import Floats, Times


@dataclass(frozen=True, slots=True)
class Newest:
    """For each interval to come the prediction that counts, in the order of time.

    Attributes
    ----------
    p10, power_ac, p90
        [kW]
    provider
        Index into `providers`.
    """

    times: Times
    p10: Floats
    power_ac: Floats
    p90: Floats
    issued_at: Times
    providers: tuple[str, ...]
    provider: NDArray[np.int64]
    version: NDArray[np.int64]

    @property
    def lead_hours(self) -> Floats:
        """How long after its issue each interval begins. [h]"""
        return (self.times - self.issued_at).astype("timedelta64[s]").astype(float) / 3600.0


def newest(
    predictions: Sequence[Predicted], since: datetime, order: Sequence[str]
) -> Newest | None:
    """Return the forecast of each interval from a moment on; None where there is none.

    Of several providers the first in order counts, of several issues the latest: an interval that it does not
    reach keeps the one before.

    Parameters
    ----------
    order
        Providers, the most trusted first; others come after them.
    """
    usable = [each for each in predictions if len(each.issued_at)]
    if not usable:
        return None
    providers = tuple(dict.fromkeys((*order, *sorted({each.provider for each in usable}))))
    sizes = [len(each.times) for each in usable]

    def of_all(values: Iterable[object]) -> NDArray[np.int64]:
        return np.repeat(np.array(list(values), dtype=np.int64), sizes)

    times = np.concatenate([each.times for each in usable]).astype("datetime64[s]")
    issued_at = np.concatenate([each.issued_at for each in usable]).astype("datetime64[s]")
    provider = of_all(providers.index(each.provider) for each in usable)
    version = of_all(each.version for each in usable)
    uploaded = of_all(round(each.uploaded_at.timestamp()) for each in usable)
    sorted_ = np.lexsort((-version, -uploaded, -issued_at.astype(np.int64), provider, times))
    first = np.append(True, times[sorted_][1:] != times[sorted_][:-1])
    chosen = sorted_[first & (times[sorted_] >= stamp(since))]
    if not len(chosen):
        return None
    p10, power_ac, p90 = (
        np.concatenate([getattr(each, name) for each in usable])[chosen]
        for name in ("p10", "power_ac", "p90")
    )
    return Newest(
        times[chosen],
        p10,
        power_ac,
        p90,
        issued_at[chosen],
        providers,
        provider[chosen],
        version[chosen],
    )


def must_give_way(newest: Newest, feeds: Iterable[Feed], now: datetime) -> bool:
    """Whether intervals to come are of a provider whose next issue is late, and another one reaches them."""
    found = list(feeds)
    late = {each.provider for each in found if each.is_late(now)}
    reach = max((each.until for each in found if not each.is_late(now)), default=now)
    is_late = np.array([name in late for name in newest.providers])[newest.provider]
    return bool((is_late & (newest.times >= stamp(now)) & (newest.times < stamp(reach))).any())
