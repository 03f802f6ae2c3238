"""Where things stand in the data bucket. Nobody else spells a key.

raw/<site_id>/…                              what plants upload
config/sites|models|exclusions/<name>.yaml, config/notifications.yaml   what people upload
active/sites|models|exclusions/<name>.json, active/notifications.json   validated configuration in force
                                         (written by data_watcher)
active/suspects/<site_id>.json               sources whose files enter no dataset (written by data_watcher)
active/overlaps/<site_id>.json               files that cover the same time (written and read by data_watcher)
canonical/<site_id>/<yyyy-mm>/<file_id>.parquet[.withdrawn]
canonical/_compacts/<site_id>/index.json, <yyyy-mm>/<digest of its members>.parquet
datasets/<model_id>/<dataset_id>/dataset.json, manifest.json
predictions/<model_id>/<site_id>/<yyyy-mm>/<file_id>-v<version>.parquet   what deployer predicted
reviews/<day|week>/<name>.json|html   what a day or a week brought (written by notifier)
runs/<run_id>/champion/ preprocess/ model/ evaluation/
runs/<run_id>/preprocess/report/stretches/<site_id>.json   which of a site's time the checks took out
checkpoints/<pipeline execution id>/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

UPLOAD = "upload"  # in the metadata of what is in force: the version of the YAML that says so
BY = "by"  # in the metadata of an uploaded YAML: who uploaded it
RAW = "raw/"
CONFIG = "config/"
ACTIVE = "active/"
CANONICAL = "canonical/"
DATASETS = "datasets/"
RUNS = "runs/"
PREDICTIONS = "predictions/"
FORECASTS = "forecasts/"
REVIEWS = "reviews/"
STRETCHES = "stretches"  # below what Preprocess reports
WITHDRAWN_SUFFIX = ".withdrawn"


def raw_site(key: str) -> str:
    """Return the folder of an object below `raw/`: the site it claims to be from, or '' without one."""
    folder, slash, _ = key.removeprefix(RAW).partition("/")
    return folder if slash else ""


def site_configs() -> str:
    """Return the prefix of the sites' YAML as people upload it."""
    return f"{CONFIG}sites/"


def site_config(site_id: str) -> str:
    """Return the key of a site's YAML as people upload it."""
    return f"{site_configs()}{site_id}.yaml"


def model_config(model_id: str) -> str:
    """Return the key of a model's YAML as people upload it."""
    return f"{CONFIG}models/{model_id}.yaml"


def notifications_config() -> str:
    """Return the key of who is told what, as people upload it."""
    return f"{CONFIG}notifications.yaml"


def active_notifications() -> str:
    """Return the key of who is told what, in force; there is none where nobody uploaded one."""
    return f"{ACTIVE}notifications.json"


def exclusions_config(site_id: str) -> str:
    """Return the key of a site's excluded time ranges as people upload them."""
    return f"{CONFIG}exclusions/{site_id}.yaml"


def active_exclusions(site_id: str) -> str:
    """Return the key of a site's excluded time ranges in force; there is none where nothing is excluded."""
    return f"{ACTIVE}exclusions/{site_id}.json"


def all_active_exclusions() -> str:
    """Return the prefix of the exclusions in force."""
    return f"{ACTIVE}exclusions/"


def active_suspects(site_id: str) -> str:
    """Return the key of a site's suspect sources; there is none where no source ever was."""
    return f"{all_active_suspects()}{site_id}.json"


def all_active_suspects() -> str:
    """Return the prefix of the suspect sources of all sites."""
    return f"{ACTIVE}suspects/"


def active_overlaps(site_id: str) -> str:
    """Return the key of what is known of a site's files that cover the same time."""
    return f"{ACTIVE}overlaps/{site_id}.json"


def active_sites() -> str:
    """Return the prefix of the validated site configurations."""
    return f"{ACTIVE}sites/"


def active_site(site_id: str) -> str:
    """Return the key of a site's validated configuration."""
    return f"{active_sites()}{site_id}.json"


def active_models() -> str:
    """Return the prefix of the validated model configurations."""
    return f"{ACTIVE}models/"


def active_model(model_id: str) -> str:
    """Return the key of a model's validated configuration."""
    return f"{active_models()}{model_id}.json"


def canonical_site(site_id: str) -> str:
    """Return the prefix of a site's canonical objects."""
    return f"{CANONICAL}{site_id}/"


def canonical(site_id: str, first_row: datetime, file_id: str) -> str:
    """Return the key of a canonical object, filed by the UTC month of its first row."""
    return f"{canonical_site(site_id)}{first_row:%Y-%m}/{file_id}.parquet"


def canonical_file_id(canonical_key: str) -> str:
    """Return the file id of a canonical object, which its key ends in."""
    return canonical_key.rpartition("/")[2].removesuffix(".parquet")


def month_of(key: str) -> str:
    """Return the month that a canonical object, a compact or predictions are filed by, as yyyy-mm."""
    return key.rsplit("/", 2)[1]


def standing(keys: Iterable[str]) -> Iterator[str]:
    """Yield, of the keys of canonical objects and markers in order, the objects that are not withdrawn."""
    held: str | None = None
    for key in keys:
        if held is not None and key != withdrawn(held):
            yield held
        held = None if key.endswith(WITHDRAWN_SUFFIX) else key
    if held is not None:
        yield held


def compacts(site_id: str) -> str:
    """Return the prefix of a site's compacts; no site can be called like the folder they are in."""
    return f"{CANONICAL}_compacts/{site_id}/"


def compact_index(site_id: str) -> str:
    """Return the key of the list of a site's compacts."""
    return f"{compacts(site_id)}index.json"


def compact(site_id: str, month: str, digest: str) -> str:
    """Return the key of a compact of a site's files of a month."""
    return f"{compacts(site_id)}{month}/{digest}.parquet"


def withdrawn(canonical_key: str) -> str:
    """Return the key of the marker that withdraws a canonical object."""
    return canonical_key + WITHDRAWN_SUFFIX


def dataset(model_id: str, dataset_id: str) -> str:
    """Return the key of a frozen dataset's description."""
    return f"{DATASETS}{model_id}/{dataset_id}/dataset.json"


def manifest(model_id: str, dataset_id: str) -> str:
    """Return the key of a frozen dataset's SageMaker manifest."""
    return f"{DATASETS}{model_id}/{dataset_id}/manifest.json"


def predictions_of_site(model_id: str, site_id: str) -> str:
    """Return the prefix of what a model predicted for a site."""
    return f"{PREDICTIONS}{model_id}/{site_id}/"


def predictions(
    model_id: str, site_id: str, first_row: datetime, file_id: str, version: int
) -> str:
    """Return the key of what a version predicted for the rows of a file, filed by their first UTC month."""
    return f"{predictions_of_site(model_id, site_id)}{first_row:%Y-%m}/{file_id}-v{version}.parquet"


def predictions_of_file(model_id: str, site_id: str, month: str, file_id: str) -> str:
    """Return the prefix of what versions predicted for a file, given the month of the first row."""
    return f"{predictions_of_site(model_id, site_id)}{month}/{file_id}-v"


def predicted(key: str) -> tuple[str, int]:
    """Return the file and the version of an object of the prediction log."""
    file_id, _, version = key.rpartition("/")[2].removesuffix(".parquet").rpartition("-v")
    return file_id, int(version)


def latest_forecast(model_id: str, site_id: str, form: str) -> str:
    """Return the key of a site's newest forecast, as json, csv or parquet."""
    return f"{FORECASTS}{model_id}/{site_id}/latest.{form}"


def review(span: str, name: str, form: str) -> str:
    """Return the key of the review of a day or a week, as json or html."""
    return f"{REVIEWS}{span}/{name}.{form}"


def champion(run_id: str) -> str:
    """Return the prefix of the champion that a run compares with."""
    return f"{RUNS}{run_id}/champion/"


def masked_stretches(run_id: str, site_id: str) -> str:
    """Return the key of what the checks of a run took out of a site's time."""
    return f"{RUNS}{run_id}/preprocess/report/{STRETCHES}/{site_id}.json"


def evaluation(run_id: str) -> str:
    """Return the key of a run's evaluation."""
    return f"{RUNS}{run_id}/evaluation/evaluation.json"


def report(run_id: str) -> str:
    """Return the key of a run's report for people."""
    return f"{RUNS}{run_id}/evaluation/report.html"


def reference(run_id: str) -> str:
    """Return the key of a run's reference rows: what its evaluation asked and what it got."""
    return f"{RUNS}{run_id}/evaluation/reference.json"


def key_in(bucket: str, address: str) -> str | None:
    """Return the key of an S3 URI, or None where it is of another bucket."""
    where, _, key = address.removeprefix("s3://").partition("/")
    return key if where == bucket else None


def uri(bucket: str, key: str) -> str:
    """Return the S3 URI of a key."""
    return f"s3://{bucket}/{key}"
