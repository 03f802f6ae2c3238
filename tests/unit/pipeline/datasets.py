"""Frozen datasets laid out as SageMaker lays them out, small enough for a test."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd

from services.trainer_trigger.pipeline import evaluate, preprocess, train
from services.trainer_trigger.pipeline.data import site_validation as validation
from services.trainer_trigger.pipeline.judging.champion import ARCHIVE, CHAMPION_FILE
from shared.container import ContainerSettings
from shared.dataset import Dataset, DatasetFile, Exclusion, Split
from shared.ids import content_id
from shared.model_config import FLOOR_LEAD, Inputs, Margins
from shared.solar.rows import Rows, SiteFiles, together
from shared.solar.site import Site
from tests.unit.solar import plant_data

UPLOADED = datetime(2024, 1, 1, tzinfo=UTC)


def site(site_id: str = "meadow", **changes) -> Site:
    described = {
        "site_id": site_id,
        "model_id": "golden",
        "latitude": plant_data.PLANT.latitude,
        "longitude": plant_data.PLANT.longitude,
        "timezone": "Europe/Berlin",
        "ac_capacity_kw": plant_data.PLANT.ac_capacity_kw,
        "weather_source": "on_site",
        "sources": [
            {
                "name": "all",
                "timestamp": {"column": "time"},
                "columns": {"power_ac": {"column": "power", "unit": "kW"}},
            }
        ],
    }
    return Site.model_validate(described | changes)


def frame(days: int = 90, **options) -> pd.DataFrame:
    """Return a made-up plant's canonical rows."""
    found = plant_data.rows(days, **options)
    index = pd.DatetimeIndex(found.times).tz_localize("UTC")
    return pd.DataFrame({"power_ac": found.power_ac, **found.weather}, index=index)


def forecast(
    measured: pd.DataFrame, *, hours_before: float = 12, provider: str = "ecmwf", noise: float = 0.1
) -> pd.DataFrame:
    """Return hourly forecasts of a made-up plant's weather: one issue a day, so long before it begins."""
    random = np.random.default_rng(7)
    hourly = measured.resample("1h").mean()
    clouds = np.repeat(random.normal(1, noise, len(hourly) // 6 + 1), 6)[: len(hourly)]
    issued = hourly.index.floor("D") - pd.Timedelta(hours=hours_before)
    return pd.DataFrame(
        {
            "issued_at": issued,
            "provider": provider,
            "forecast_ghi": hourly["ghi"] * np.clip(clouds, 0, 1.2),
            "forecast_temp_air": hourly["temp_air"] + random.normal(0, 1, len(hourly)),
        },
        index=hourly.index,
    )


@dataclass(frozen=True)
class Prepared:
    """What Preprocess hands on, the sites' rows together."""

    train: Rows
    test: Rows
    validation: validation.Validation


@dataclass
class Bench:
    """A container's folder with a dataset in it, and the three jobs run by hand."""

    base: Path
    sites: Sequence[Site] = ()
    exclusions: Sequence[Exclusion] = ()
    step_minutes: int = 15
    test_fraction: float = 0.2
    margins: Margins = field(default_factory=Margins)
    inputs: Inputs = "measured"
    floor_lead: timedelta = FLOOR_LEAD
    files: list[DatasetFile] = field(default_factory=list)

    @property
    def container(self) -> ContainerSettings:
        return ContainerSettings(sagemaker_base_dir=self.base)

    @property
    def input(self) -> Path:
        return self.container.path(preprocess.INPUT)

    def upload(
        self,
        table: pd.DataFrame,
        site_id: str = "meadow",
        hours: float | None = None,
        provider: str = "",
    ) -> None:
        """Add one canonical file; later calls are later uploads."""
        order = len(self.files)
        file_id = content_id(site_id, order)
        key = f"canonical/{site_id}/{table.index[0]:%Y-%m}/{file_id}.parquet"
        path = self.input / key
        path.parent.mkdir(parents=True, exist_ok=True)
        table.rename_axis("timestamp").reset_index().to_parquet(path)
        self.files.append(
            DatasetFile(
                site_id=site_id,
                file_id=file_id,
                key=key,
                rows=len(table),
                window_start=table.index[0],
                window_end=table.index[-1] + timedelta(minutes=15),
                uploaded_at=UPLOADED + timedelta(hours=order if hours is None else hours),
                provider=provider,
            )
        )

    def freeze(self) -> Dataset:
        split, kept = Split(test_fraction=self.test_fraction), tuple(self.files)
        exclusions = tuple(self.exclusions)
        dataset = Dataset(
            dataset_id=Dataset.identify(
                kept,
                exclusions,
                split,
                self.step_minutes,
                self.margins,
                lead=self.floor_lead if self.inputs == "forecast" else None,
            ),
            inputs=self.inputs,
            floor_lead=self.floor_lead,
            model_id="golden",
            step_minutes=self.step_minutes,
            split=split,
            margins=self.margins,
            sites=tuple(self.sites or [site()]),
            files=kept,
            exclusions=exclusions,
        )
        folder = self.input / "datasets" / "golden" / dataset.dataset_id
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "dataset.json").write_text(dataset.model_dump_json(), "utf-8")
        return dataset

    def preprocess(self) -> Prepared:
        """Run the job and read what it wrote."""
        dataset, path = self.freeze(), self.container.path
        preprocess.run(self.container)
        return Prepared(
            train=together(list(SiteFiles(path(preprocess.TRAIN)))),
            test=together(list(SiteFiles(path(preprocess.TEST)))),
            validation=validation.read(path(preprocess.REPORT), dataset),
        )

    def lay_out_training(self, model_type: str, run_id: str = "run-1") -> None:
        """Do between the jobs what SageMaker does: outputs become channels."""
        path = self.container.path
        for name in ("train", "report"):
            path(f"/opt/ml/processing/output/{name}").rename(
                _parent(path(f"/opt/ml/input/data/{name}"))
            )
        hyperparameters = _parent(path(train.HYPERPARAMETERS))
        hyperparameters.write_text(json.dumps({"model_type": model_type, "run_id": run_id}))

    def lay_out_evaluation(self, champion: Path | None = None, version: int | None = None) -> Path:
        """Pack the model and lay the evaluation's inputs; return the packed model."""
        path = self.container.path
        archive = _parent(path(evaluate.MODEL) / ARCHIVE)
        with tarfile.open(archive, "w:gz") as packed:
            for file in sorted(path(train.MODEL).iterdir()):
                packed.add(file, arcname=file.name)
        path("/opt/ml/processing/output/test").rename(_parent(path(evaluate.TEST)))
        path("/opt/ml/input/data/report").rename(_parent(path(evaluate.REPORT)))
        described = _parent(path(evaluate.CHAMPION) / CHAMPION_FILE)
        described.write_text(json.dumps({"version": version, "model_package_arn": None}))
        if champion is not None:
            (described.parent / ARCHIVE).write_bytes(champion.read_bytes())
        return archive


def _parent(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def serf_east() -> tuple[Site, list[pd.DataFrame]]:
    """Return NREL's SERF East plant as its operator would upload it: power and weather apart, by month."""
    folder = files("pvanalytics") / "data"
    power = pd.read_csv(str(folder / "serf_east_15min_ac_power.csv"))
    weather = pd.read_csv(str(folder / "serf_east_psm3_data.csv"))
    index = pd.DatetimeIndex(pd.to_datetime(power["measured_on"], utc=True))
    measured = pd.DataFrame({"power_ac": power["ac_power"].to_numpy() / 1000}, index=index)
    sky = weather[["ghi", "temp_air"]].set_index(index)
    months = [
        part for table in (measured, sky) for _, part in table.groupby(index.strftime("%Y-%m"))
    ]
    described = site(
        "serf-east",
        latitude=39.742,
        longitude=-105.1727,
        timezone="-07:00",
        ac_capacity_kw=6.0,
        weather_source="satellite",
    )
    return described, months
