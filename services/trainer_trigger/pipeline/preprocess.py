"""Preprocess: a frozen dataset becomes checked rows, divided in time into training and test.

One site after the other, so that memory is that of the largest site whatever the fleet. Of several instances
each takes its own sites: all of them have the whole dataset, for a site's files must not be torn apart.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
from pydantic import ValidationError

from services.trainer_trigger.pipeline.data import site_validation as validation
from services.trainer_trigger.pipeline.data import stretches
from services.trainer_trigger.pipeline.data.dataset_files import DatasetFiles
from services.trainer_trigger.pipeline.data.site_rows import SiteRows, prepare_site
from services.trainer_trigger.pipeline.data.site_validation import SitePart
from services.trainer_trigger.pipeline.failure import RunFailedError
from shared.container import ContainerSettings
from shared.dataset import Dataset
from shared.solar import rows as solar_rows
from shared.solar.rows import TIME
from shared.solar.site import POWER, Site

INPUT = "/opt/ml/processing/input/dataset"
TRAIN = "/opt/ml/processing/output/train"
TEST = "/opt/ml/processing/output/test"
REPORT = "/opt/ml/processing/output/report"
HOSTS = "/opt/ml/config/resourceconfig.json"
DATASET_FILE = "dataset.json"
MASKED = "masked_test"  # below the report: rows of the test time that a check masked


def run(container: ContainerSettings) -> None:
    """Read the dataset from the container's input and write train, test and report of this host's sites."""
    folder, report = container.path(INPUT), container.path(REPORT)
    dataset = read_dataset(folder)
    cut = split_at(dataset, folder)
    report.mkdir(parents=True, exist_ok=True)
    (report / DATASET_FILE).write_text(dataset.model_dump_json(indent=2), "utf-8")
    place, count = host(container)
    for site in dataset.sites[place::count]:
        found = prepare_site(dataset, site, folder)
        if found is not None:
            part = _write(found, cut, dataset.step_minutes, container)
            validation.write(part, report)
            stretches.write(found.stretches, report)
    if count == 1:  # else the others' sites are not known here, and Train looks
        whole = validation.read(report, dataset)
        masks = ", ".join(f"{reason} {rows}" for reason, rows in whole.masks().items())
        print(
            f"preprocess: {whole.train_rows} rows train, {whole.test_rows} test; masked: {masks or 'none'}"
        )


def host(container: ContainerSettings) -> tuple[int, int]:
    """Return which of how many instances this is."""
    described = container.path(HOSTS)
    if not described.is_file():
        return 0, 1
    found = json.loads(described.read_text("utf-8"))
    hosts = sorted(found["hosts"])
    return hosts.index(found["current_host"]), len(hosts)


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


def split_at(dataset: Dataset, folder: Path) -> np.datetime64:
    """Return the moment from which rows test: the last part of time, the same for all sites and instances.

    Time is where power was measured: weather may begin years before, and forecasts end days after. Of a model
    of forecasts it is where there are both.
    """
    spans = [span for site in dataset.sites for span in _power_spans(dataset, site, folder)]
    if not spans:
        raise validation.without_rows()
    first, last = min(span[0] for span in spans), max(span[1] for span in spans)
    step = dataset.step_minutes * 60
    first, last = first // step * step, last // step * step
    cut = first + (last + step - first) * (1 - dataset.split.test_fraction)
    return np.datetime64(int(np.ceil(cut / step) * step), "s")


def _power_spans(dataset: Dataset, site: Site, folder: Path) -> list[tuple[float, float]]:
    """Return when each of a site's files has its first and its last power that counts. [s since 1970]"""
    earliest, latest = _reach(dataset, site)
    spans = []
    canonical = DatasetFiles(folder)
    for file in dataset.files:
        if file.site_id == site.site_id:
            table = canonical.read(file, only=(TIME, POWER))
            if POWER in table.column_names:
                known = table[TIME].filter(pc.is_finite(table[POWER].cast("float64")))
                if len(known):
                    ends = pc.min_max(known.cast("timestamp[s]", safe=False).cast("int64"))
                    spans.append(
                        (max(ends["min"].as_py(), earliest), min(ends["max"].as_py(), latest))
                    )
    return [(first, last) for first, last in spans if first <= last]


def _reach(dataset: Dataset, site: Site) -> tuple[float, float]:
    """Return between which moments a site's power counts: everywhere, or where it has forecasts. [s]"""
    if dataset.inputs == "measured":
        return -math.inf, math.inf
    files = [file for file in dataset.files if file.site_id == site.site_id and file.provider]
    starts = [file.window_start.timestamp() for file in files]
    ends = [file.window_end.timestamp() for file in files]
    return min(starts, default=math.inf), max(ends, default=-math.inf)


def _write(
    found: SiteRows, cut: np.datetime64, step_minutes: int, container: ContainerSettings
) -> SitePart:
    """Write a site's rows of either part; a site without rows too, so that no channel is empty.

    The masked rows of the test time go beside them: a score must say what it left out.
    """
    train, test = (
        found.rows.take(which) for which in (found.rows.times < cut, found.rows.times >= cut)
    )
    for rows, folder in ((train, TRAIN), (test, TEST)):
        solar_rows.write(rows, container.path(folder) / f"{found.site_id}.parquet")
    masked = found.masked.take(found.masked.times >= cut)
    if len(masked):
        solar_rows.write(masked, container.path(REPORT) / MASKED / f"{found.site_id}.parquet")
    return SitePart(
        site_id=found.site_id,
        found=found.validation,
        train=validation.part(train.times, step_minutes),
        test=validation.part(test.times, step_minutes),
    )
