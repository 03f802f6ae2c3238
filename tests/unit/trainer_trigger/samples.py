"""Files, messages and runs as trainer_trigger gets them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.trainer_trigger.domain.run import Run
from shared import layout
from shared.dataset import DatasetFile, Exclusion
from shared.messages import ConfigAccepted, DataAccepted, DataWithdrawn, RetrainRequested
from shared.solar.site import ColumnFormat, Site, SourceFormat, TimestampFormat

START = datetime(2026, 5, 4, 9, tzinfo=UTC)
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/solar-ml@sha256:" + "a" * 64
PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/solar-golden/1"


def a_site(site_id: str = "golden", model_id: str = "golden") -> Site:
    return Site(
        site_id=site_id,
        model_id=model_id,
        latitude=39.74,
        longitude=-105.18,
        timezone="America/Denver",
        ac_capacity_kw=3.4,
        sources=(
            SourceFormat(
                name="power",
                timestamp=TimestampFormat(column="t"),
                columns={"power_ac": ColumnFormat(column="p", unit="W")},
            ),
        ),
    )


def a_file(number: int = 1, days: int = 30) -> DatasetFile:
    start = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=30 * (number - 1))
    return DatasetFile(
        site_id="golden",
        file_id=f"file{number:04d}",
        key=layout.canonical("golden", start, f"file{number:04d}"),
        rows=days * 96,
        window_start=start,
        window_end=start + timedelta(days=days),
        uploaded_at=START + timedelta(seconds=number),
    )


def a_forecast(number: int = 100) -> DatasetFile:
    return a_file(number).model_copy(update={"provider": "ecmwf"})


def accepted(file: DatasetFile, at: datetime = START) -> DataAccepted:
    return DataAccepted.of(
        subject=(file.file_id,),
        occurred_at=at,
        correlation_id="raw/golden/x.csv",
        site_id=file.site_id,
        model_id="golden",
        file_id=file.file_id,
        key="raw/golden/x.csv",
        version_id="v1",
        canonical_uri=layout.uri("bucket", file.key),
        rows=file.rows,
        columns=("power_ac",),
        window_start=file.window_start,
        window_end=file.window_end,
        uploaded_at=file.uploaded_at,
        provider=file.provider,
    )


def request(*, force: bool = False) -> RetrainRequested:
    return RetrainRequested.of(
        subject=("golden", "1"),
        occurred_at=START,
        correlation_id="ada",
        model_id="golden",
        reason="new inverter",
        requested_by="ada",
        force=force,
    )


def excluded(days: int = 5) -> Exclusion:
    start = datetime(2024, 1, 10, tzinfo=UTC)
    end = start + timedelta(days=days)
    return Exclusion(site_id="golden", start=start, end=end, reason="logger clock was wrong")


def config_changed() -> ConfigAccepted:
    return ConfigAccepted.of(
        subject=("golden", "e1"),
        occurred_at=START,
        correlation_id="config/exclusions/golden.yaml",
        kind="site",
        name="golden",
        model_id="golden",
        config_version="e1",
    )


def a_run(number: int = 1, model_id: str = "golden") -> Run:
    """Return a run that goes on, as it is opened."""
    return Run(
        run_id=f"recipe{number}-1",
        model_id=model_id,
        recipe_id=f"recipe{number}",
        config_id="c",
        dataset_id="d",
        attempt=1,
        model_type="lightgbm",
        accuracy_threshold=0.9,
        instance_type="ml.m5.large",
        approval="automatic",
        champion_version=None,
        execution=f"run-recipe{number}-1",
        reasons=("because",),
        files=2,
        correlation_id="raw/x",
        started_at=START + timedelta(minutes=number),
        deadline=START + timedelta(hours=6),
    )


def withdrawn() -> DataWithdrawn:
    file = a_file(1)
    return DataWithdrawn.of(
        subject=(file.file_id, "withdrawn"),
        occurred_at=START,
        correlation_id="raw",
        site_id="golden",
        model_id="golden",
        file_id=file.file_id,
        canonical_uri=f"s3://bucket/{file.key}",
        reason="removed",
    )
