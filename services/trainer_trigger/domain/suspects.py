"""Which files a dataset leaves out, because their source is suspect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.trainer_trigger.domain.model_state import KnownFile
from shared.dataset import DatasetFile
from shared.solar.site import Site, source_of
from shared.suspects import ActiveSuspects

_POWER = "power_ac"


@dataclass(frozen=True, slots=True)
class Divided:
    """A model's files: those that may be trained on, and those that may not.

    Attributes
    ----------
    suspects
        The suspect sources in words.
    due_since
        Since when sources are to be looked at; until then nobody knows whether they are suspect.
    """

    usable: tuple[KnownFile, ...]
    left_out: tuple[KnownFile, ...] = ()
    suspects: tuple[str, ...] = ()
    due_since: datetime | None = None


def divide(
    files: Iterable[KnownFile], sites: Iterable[Site], suspects: Iterable[ActiveSuspects]
) -> Divided:
    """Divide a model's files by what is known of their sources; the order stays.

    A site of which no usable file has power is left out as a whole: its weather alone teaches nothing.
    """
    files, suspects = tuple(files), tuple(suspects)
    described = {each.site_id: each for each in sites}
    suspect = {each.site_id: {one.source for one in each.sources} for each in suspects}
    usable = [each for each in files if not _is_suspect(each.file, described, suspect)]
    with_power = {each.file.site_id for each in usable if _may_have_power(each.file, described)}
    kept = {
        each.file.file_id
        for each in usable
        if each.file.site_id in with_power or not suspect.get(each.file.site_id)
    }
    return Divided(
        tuple(each for each in files if each.file.file_id in kept),
        tuple(each for each in files if each.file.file_id not in kept),
        _in_words(suspects, {each.file.site_id for each in usable} - with_power),
        max((each.due_since for each in suspects if each.due_since), default=None),
    )


def _is_suspect(
    file: DatasetFile, sites: Mapping[str, Site], suspect: Mapping[str, set[str]]
) -> bool:
    """Whether a file is of a suspect source; in doubt it is.

    In doubt are files that were noted before their raw keys were, and those of a site that is gone.
    """
    names = suspect.get(file.site_id)
    if not names:
        return False
    site = sites.get(file.site_id)
    source = source_of(site, file.raw_key) if site and file.raw_key else None
    return source is None or source.name in names


def _may_have_power(file: DatasetFile, sites: Mapping[str, Site]) -> bool:
    site = sites.get(file.site_id)
    source = source_of(site, file.raw_key) if site and file.raw_key else None
    return source is None or _POWER in source.columns


def _in_words(suspects: Iterable[ActiveSuspects], without_power: set[str]) -> tuple[str, ...]:
    """Return each suspect source with its cause, in order, and whether it takes along its site's weather."""
    return tuple(
        f"source {source.source} of site {each.site_id} is suspect ({source.cause})"
        f"{', and no other file there has power' if each.site_id in without_power else ''}"
        for each in sorted(suspects, key=lambda each: each.site_id)
        for source in each.sources
    )
