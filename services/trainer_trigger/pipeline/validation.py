"""What Preprocess found in the data: `validation.json`, read by Evaluate and shown in the report."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from shared.evaluation import Window


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class ClockFinding(_Frozen):
    """How a plant's clock stands against the sun.

    Attributes
    ----------
    shift_minutes_by_month
        Minutes that power comes later than the sun says, by calendar month. [min]
    summer_step_minutes
        How much later the stamps are in the zone's summer time than in its winter time; None where the
        zone has no summer time or too few clear days were found. [min]
    follows_summer_time
        Whether the clock is moved with summer time although its stamps are labelled with a fixed offset.
    corrected
        Whether the stamps were moved back, as the site's YAML allows with `clock: correct`.
    """

    shift_minutes_by_month: dict[str, float] = {}
    summer_step_minutes: float | None = None
    follows_summer_time: bool = False
    corrected: bool = False


class SiteValidation(_Frozen):
    """What was found in one site's data.

    Attributes
    ----------
    native_steps
        Step of the measurements by column. [min]
    coverage
        Share of the used rows that carry a weather column. [unitless]
    days
        Days with believed power above zero, in the site's mean solar time. [d]
    masks
        How many rows were taken out, by reason; every row has one reason.
    suspicions
        How many rows look strange and were kept, by reason.
    peak_share
        Highest believed power as a share of AC capacity. [unitless]
    """

    files: int
    rows: int
    without_power: int
    used: int
    days: int
    native_steps: dict[str, int]
    coverage: dict[str, float]
    masks: dict[str, int]
    suspicions: dict[str, int] = {}
    peak_share: float
    clock: ClockFinding
    warnings: tuple[str, ...] = ()

    @property
    def masked(self) -> int:
        """How many rows were taken out."""
        return sum(self.masks.values())


class Validation(_Frozen):
    """What was found in a dataset, and how its rows were divided."""

    dataset_id: str
    step_minutes: int
    sites: dict[str, SiteValidation]
    train_window: Window
    test_window: Window
    train_rows: int
    test_rows: int

    def masks(self) -> dict[str, int]:
        """Return how many rows were taken out by reason, over all sites."""
        total: dict[str, int] = {}
        for site in self.sites.values():
            for reason, count in site.masks.items():
                total[reason] = total.get(reason, 0) + count
        return dict(sorted(total.items()))
