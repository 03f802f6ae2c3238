"""Time ranges of a site that must not be trained on, as people state them and as datasets read them.

`config/exclusions/<site_id>.yaml` is written by `solar exclude` and `solar include` (or by hand);
data_watcher validates it and puts it in force as `active/exclusions/<site_id>.json`. Every version of both
stays in the bucket.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, model_validator

from shared.dataset import Exclusion
from shared.ids import content_id
from shared.messages import Name
from shared.strict import Strict


class ExcludedRange(Strict):
    """A time range [start, end), and who took it out why."""

    start: AwareDatetime
    end: AwareDatetime
    reason: Annotated[str, Field(min_length=1, max_length=500)]
    excluded_by: Annotated[str, Field(max_length=100)] = ""

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.end <= self.start:
            message = "end must come after start; the range is [start, end)"
            raise ValueError(message)
        return self


class SiteExclusions(Strict):
    """All excluded ranges of a site. This is the schema of `config/exclusions/<site_id>.yaml`."""

    site_id: Name
    exclusions: Annotated[tuple[ExcludedRange, ...], Field(max_length=1000)] = ()

    def excluding(self, added: ExcludedRange) -> Self:
        """Return the exclusions with one more; the very same range again changes nothing."""
        known = any((each.start, each.end) == (added.start, added.end) for each in self.exclusions)
        return self if known else self._with((*self.exclusions, added))

    def including(self, start: AwareDatetime, end: AwareDatetime) -> Self:
        """Return the exclusions without [start, end): ranges are cut where they overlap it."""
        return self._with(part for each in self.exclusions for part in _without(each, start, end))

    def _with(self, ranges: Iterable[ExcludedRange]) -> Self:
        ordered = tuple(sorted(ranges, key=lambda each: (each.start, each.end, each.reason)))
        return self.model_copy(update={"exclusions": ordered})


class ActiveExclusions(SiteExclusions):
    """A site's exclusions in force."""

    config_version: str

    @classmethod
    def of(cls, stated: SiteExclusions) -> Self:
        """Name validated exclusions by their content."""
        said = stated.model_dump(mode="json")
        return cls.model_validate({**said, "config_version": content_id("exclusions", said)})

    def for_dataset(self) -> tuple[Exclusion, ...]:
        """Return the ranges as `dataset.json` keeps them, in UTC and in order."""
        return tuple(
            Exclusion(
                site_id=self.site_id,
                start=each.start.astimezone(UTC),
                end=each.end.astimezone(UTC),
                reason=each.reason,
            )
            for each in sorted(self.exclusions, key=lambda each: (each.start, each.end))
        )


def _without(
    range_: ExcludedRange, start: AwareDatetime, end: AwareDatetime
) -> Iterator[ExcludedRange]:
    if range_.end <= start or range_.start >= end:
        yield range_
        return
    if range_.start < start:
        yield range_.model_copy(update={"end": start})
    if range_.end > end:
        yield range_.model_copy(update={"start": end})
