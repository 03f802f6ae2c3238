"""Preprocess: a frozen dataset becomes checked rows, divided in time into training and test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from services.trainer_trigger.pipeline.failure import RunFailedError
from services.trainer_trigger.pipeline.site_rows import SiteRows, prepare_site
from services.trainer_trigger.pipeline.validation import Validation
from shared.container import ContainerSettings
from shared.dataset import Dataset
from shared.evaluation import Window
from shared.solar import rows as solar_rows
from shared.solar.position import Times
from shared.solar.rows import Rows

INPUT = "/opt/ml/processing/input/dataset"
TRAIN = "/opt/ml/processing/output/train"
TEST = "/opt/ml/processing/output/test"
REPORT = "/opt/ml/processing/output/report"
ROWS_FILE = "rows.parquet"
DATASET_FILE = "dataset.json"
VALIDATION_FILE = "validation.json"
_LEAST_ROWS = 200  # on either side of the split; less is no basis for any statement


@dataclass(frozen=True, slots=True)
class Prepared:
    """What Preprocess hands on."""

    train: Rows
    test: Rows
    validation: Validation


def run(container: ContainerSettings) -> None:
    """Read the dataset from the container's input and write train, test and report."""
    folder = container.path(INPUT)
    dataset = read_dataset(folder)
    prepared = prepare(dataset, folder)
    solar_rows.write(prepared.train, container.path(TRAIN) / ROWS_FILE)
    solar_rows.write(prepared.test, container.path(TEST) / ROWS_FILE)
    report = container.path(REPORT)
    report.mkdir(parents=True, exist_ok=True)
    (report / VALIDATION_FILE).write_text(prepared.validation.model_dump_json(indent=2), "utf-8")
    (report / DATASET_FILE).write_text(dataset.model_dump_json(indent=2), "utf-8")
    masks = ", ".join(f"{reason} {count}" for reason, count in prepared.validation.masks().items())
    print(
        f"preprocess: {len(prepared.train)} rows train, {len(prepared.test)} test; masked: {masks or 'none'}"
    )


def read_dataset(folder: Path) -> Dataset:
    """Find and read the dataset's description below a folder.

    Raises
    ------
    RunFailedError
        There is none, or it is of an unknown version.
    """
    found = sorted(folder.rglob(DATASET_FILE))
    if len(found) != 1:
        raise RunFailedError(
            f"the dataset's manifest brought {len(found)} {DATASET_FILE} where one was expected",
            "start a retrain so that a new dataset is frozen",
        )
    try:
        return Dataset.model_validate_json(found[0].read_bytes())
    except ValidationError as error:
        raise RunFailedError(
            f"{DATASET_FILE} cannot be read: {error.errors(include_url=False)[0]['msg']}",
            "deploy services and image of the same version, then start a retrain",
        ) from error


def prepare(dataset: Dataset, folder: Path) -> Prepared:
    """Merge, check and divide a dataset's rows.

    Parameters
    ----------
    folder
        Where the canonical files lie below their keys.
    """
    found = [prepare_site(dataset, site, folder) for site in dataset.sites]
    parts = [site for site in found if site is not None and len(site.rows)]
    if not parts:
        raise RunFailedError(
            "no site has rows with power that passed the checks",
            "see `solar files` for what was uploaded; power and weather must reach the same site",
        )
    rows = _together(parts)
    cut = split_at(rows.times, dataset.split.test_fraction, dataset.step_minutes)
    train, test = rows.take(rows.times < cut), rows.take(rows.times >= cut)
    if min(len(train), len(test)) < _LEAST_ROWS:
        raise RunFailedError(
            f"only {len(train)} rows to train and {len(test)} to test, of at least {_LEAST_ROWS} each",
            "upload more data, or see in `solar files` why rows were masked",
        )
    step = np.timedelta64(dataset.step_minutes * 60, "s")
    validation = Validation(
        dataset_id=dataset.dataset_id,
        step_minutes=dataset.step_minutes,
        sites={site.site_id: site.validation for site in found if site is not None},
        train_window=_window(train.times, step),
        test_window=_window(test.times, step),
        train_rows=len(train),
        test_rows=len(test),
    )
    return Prepared(train, test, validation)


def split_at(times: Times, test_fraction: float, step_minutes: int) -> np.datetime64:
    """Return the moment from which rows test: the last part of time, on the model's step."""
    first, last = times.min().astype(np.int64), times.max().astype(np.int64)
    step = step_minutes * 60
    cut = first + (last + step - first) * (1 - test_fraction)
    return np.datetime64(int(np.ceil(cut / step) * step), "s")


def _together(parts: list[SiteRows]) -> Rows:
    """Join the sites' rows in the order of time; a column one site lacks is NaN there."""
    columns = sorted({name for part in parts for name in part.rows.weather})
    joined = Rows(
        sites=tuple(part.site_id for part in parts),
        site=np.concatenate([np.full(len(part.rows), place) for place, part in enumerate(parts)]),
        times=np.concatenate([part.rows.times for part in parts]),
        weather={
            name: np.concatenate([part.rows.column(name) for part in parts]) for name in columns
        },
        power_ac=np.concatenate([part.rows.power_ac for part in parts]),
        power_ac_24h_ago=np.concatenate([part.rows.power_ac_24h_ago for part in parts]),
    )
    return joined.take(np.lexsort((joined.site, joined.times)))


def _window(times: Times, step: np.timedelta64) -> Window:
    return Window(start=_aware(times.min()), end=_aware(times.max() + step))


def _aware(moment: np.datetime64) -> datetime:
    return datetime.fromtimestamp(int(moment.astype("datetime64[s]").astype(np.int64)), UTC)
