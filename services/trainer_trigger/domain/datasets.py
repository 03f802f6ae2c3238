"""Which dataset some files make: its name derives from what it holds."""

from __future__ import annotations

from shared.dataset import Dataset, DatasetFile, Exclusion, Split
from shared.model_config import ModelConfig
from shared.solar.site import Site


def dataset_id_of(
    config: ModelConfig, files: tuple[DatasetFile, ...], exclusions: tuple[Exclusion, ...]
) -> str:
    """Return the name of the dataset that these files make now."""
    split = Split(test_fraction=config.test_fraction)
    return Dataset.identify(
        ordered(files),
        exclusions,
        split,
        config.step_minutes,
        config.margins,
        lead=config.judged_lead,
    )


def ordered(files: tuple[DatasetFile, ...]) -> tuple[DatasetFile, ...]:
    """Sort files by upload: later ones win where they overlap."""
    return tuple(sorted(files, key=lambda file: (file.uploaded_at, file.file_id)))


def dataset_of(
    model_id: str,
    config: ModelConfig,
    sites: tuple[Site, ...],
    files: tuple[DatasetFile, ...],
    exclusions: tuple[Exclusion, ...],
) -> Dataset:
    """Return the dataset that these files make now, with the sites as they are configured now."""
    return Dataset(
        dataset_id=dataset_id_of(config, files, exclusions),
        model_id=model_id,
        step_minutes=config.step_minutes,
        split=Split(test_fraction=config.test_fraction),
        margins=config.margins,
        inputs=config.inputs,
        floor_lead=config.floor_lead,
        sites=sites,
        files=ordered(files),
        exclusions=exclusions,
    )
