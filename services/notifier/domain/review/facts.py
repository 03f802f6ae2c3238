"""The facts of a review: what models did on a day or in a week, and what waits for whom."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from shared.clock import iso_week


class Span(StrEnum):
    """How long a review looks back."""

    DAY = "day"
    WEEK = "week"

    @property
    def days(self) -> int:
        """How many days it is."""
        return 7 if self is Span.WEEK else 1


class Fact(BaseModel):
    """What every fact has in common."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Figures(Fact):
    """How predictions did: errors are shares of AC capacity, energies in kWh; None where nothing tells.

    `bias` is predicted over measured energy minus 1.
    """

    r2: float | None = None
    nmae: float | None = None
    bias: float | None = None
    coverage: float | None = None
    predicted_kwh: float = 0.0
    measured_kwh: float = 0.0
    scored: int = 0


class Trend(Fact):
    """A week of a model, by its name of ISO 8601 (`2026-W48`)."""

    week: str
    figures: Figures
    runs: int = 0
    cost_usd: float = 0.0


class SiteScore(Fact):
    """A site that did worse than others, and the likely cause, where one is known."""

    site_id: str
    model_id: str
    figures: Figures
    cause: str = ""


class Wait(Fact):
    """Something that waits for a person, the command that answers it, and which model or site it is about."""

    what: str
    command: str
    model_id: str = ""
    site_id: str = ""


class Decided(Fact):
    """What was decided about a model, with the first reason."""

    at: datetime
    outcome: str
    reason: str


class ModelReview(Fact):
    """What a model did.

    Attributes
    ----------
    sites
        How many sites belong to it.
    figures
        Of what was scored; measured weather and forecasts are different `inputs`.
    standing, worse
        How many sites do worse than promised, or cannot be used, and which of them are known by name.
    not_scored
        Site-days that could not be scored, by reason.
    retrains, other
        Retrains that were decided, and the last decision that was none.
    late
        Sites whose next forecast should have been here.
    """

    model_id: str
    sites: int = 0
    serves: int | None = None
    inputs: str = "measured"
    figures: Figures = Figures()
    standing: int = 0
    worse: tuple[str, ...] = ()
    not_scored: dict[str, int] = {}
    waits: tuple[Wait, ...] = ()
    retrains: tuple[Decided, ...] = ()
    other: Decided | None = None
    late: tuple[str, ...] = ()
    spent_usd: float = 0.0
    budget_usd: float | None = None
    trends: tuple[Trend, ...] = ()


class Silent(Fact):
    """A site that sends nothing."""

    site_id: str
    model_id: str
    since: datetime


class Told(Fact):
    """What people were told, of which kind, and about which model or site."""

    severity: str
    subject: str
    kind: str = ""
    model_id: str = ""
    site_id: str = ""


class Files(Fact):
    """How many files were accepted and refused, in a week of ISO 8601 or over another time."""

    week: str = ""
    accepted: int = 0
    refused: int = 0


class Review(Fact):
    """A day or a week over all models, up to and with `last`.

    Attributes
    ----------
    sent
        Sites that uploaded something within the last day; 0 of 0 `sites` where that is not for the reader.
    files, file_weeks
        What became of uploads in that time, and in each week up to it, the oldest first.
    worst
        The sites with the largest error, at most ten.
    told
        What people were told, the gravest first, at most twenty; `told_in_all` counts all.
    unanswered
        Questions that a service did not answer, with the reason: that part of the review is missing.
    """

    span: Span
    first: date
    last: date
    made_at: datetime
    models: tuple[ModelReview, ...] = ()
    worst: tuple[SiteScore, ...] = ()
    sites: int = 0
    sent: int = 0
    files: Files | None = None
    file_weeks: tuple[Files, ...] = ()
    silent: tuple[Silent, ...] = ()
    waits: tuple[Wait, ...] = ()
    told: tuple[Told, ...] = ()
    told_in_all: int = 0
    unanswered: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The day, or the week of ISO 8601, as file names have it."""
        if self.span is Span.DAY:
            return self.last.isoformat()
        return iso_week(self.last)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell at all: no model, no news, nothing that waits or is unknown."""
        return not (self.models or self.told or self.waits or self.silent or self.unanswered)
