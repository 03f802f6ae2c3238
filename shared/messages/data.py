"""What data_watcher tells of files, configuration and sites, and what people ask of it."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from shared.messages.message import Message, Name, NonNegative


class DataAccepted(Message):
    """An uploaded file became canonical rows; `provider` says whose forecasts they are, if they are any."""

    type: Literal["solar.data_accepted"] = "solar.data_accepted"
    version: Literal[1] = 1
    site_id: Name
    model_id: Name
    file_id: str
    key: str
    version_id: str
    canonical_uri: str
    rows: NonNegative
    rows_masked: NonNegative = 0
    columns: tuple[str, ...]
    window_start: AwareDatetime
    window_end: AwareDatetime
    uploaded_at: AwareDatetime
    provider: str = ""


class DataWithdrawn(Message):
    """A canonical object no longer counts: its raw object is gone, superseded or excluded."""

    type: Literal["solar.data_withdrawn"] = "solar.data_withdrawn"
    version: Literal[1] = 1
    site_id: Name
    model_id: Name
    file_id: str
    canonical_uri: str
    reason: str


class FileQuarantined(Message):
    """An uploaded file was refused, with the reason and what to do about it."""

    type: Literal["solar.file_quarantined"] = "solar.file_quarantined"
    version: Literal[1] = 1
    site_id: str
    key: str
    version_id: str
    reason_code: str
    reason: str
    remedy: str


class FileSettled(Message):
    """A refused file needs nobody any more, and was not accepted: `outcome` says what became of it.

    `deleted` is from S3, by whom nobody knows here. `duplicate` may be told of a file that never was refused,
    too, because that is forgotten with its bytes.
    """

    type: Literal["solar.file_settled"] = "solar.file_settled"
    version: Literal[1] = 1
    site_id: str
    key: str
    version_id: str
    outcome: Literal["removed", "dismissed", "deleted", "duplicate"]
    reason: str
    requested_by: str = ""


class ConfigAccepted(Message):
    """A site's or model's YAML, or a site's exclusions, were validated and are in force."""

    type: Literal["solar.config_accepted"] = "solar.config_accepted"
    version: Literal[1] = 1
    kind: Literal["site", "model", "exclusions"]
    name: Name
    model_id: Name
    config_version: str


class ConfigRejected(Message):
    """A site's or model's YAML was refused; the last good one stays in force."""

    type: Literal["solar.config_rejected"] = "solar.config_rejected"
    version: Literal[1] = 1
    key: str
    line: int | None
    reason: str


class SiteSilent(Message):
    """A site has sent nothing for longer than it should, or speaks again."""

    type: Literal["solar.site_silent"] = "solar.site_silent"
    version: Literal[1] = 1
    site_id: Name
    last_upload_at: AwareDatetime
    silent_hours: float
    recovered: bool = False


class SourceSuspect(Message):
    """A source of a site became suspect, so that its accepted files enter no dataset; or it no longer is.

    `standing` is `trusted` where a person said that its files are right, `cleared` where the cause is gone.
    """

    type: Literal["solar.source_suspect"] = "solar.source_suspect"
    version: Literal[1] = 1
    site_id: Name
    model_id: Name
    source: str
    standing: Literal["suspect", "trusted", "cleared"]
    cause: str
    reason: str
    remedy: str
    example: str


class TrustRequested(Message):
    """A person says that the accepted files of a suspect source are right, and why.

    `question` names what was asked: by which configuration the files read, and why they are suspect.
    """

    type: Literal["solar.trust_requested"] = "solar.trust_requested"
    version: Literal[1] = 1
    site_id: Name
    source: str
    question: str
    reason: str
    requested_by: str


class RemoveRequested(Message):
    """A person takes a file out: its rows no longer count, and S3 keeps its bytes."""

    type: Literal["solar.remove_requested"] = "solar.remove_requested"
    version: Literal[1] = 1
    site_id: str
    key: str
    version_id: str
    reason: str
    requested_by: str


class DismissRequested(Message):
    """A person says that nobody will correct a refused file."""

    type: Literal["solar.dismiss_requested"] = "solar.dismiss_requested"
    version: Literal[1] = 1
    site_id: str
    key: str
    version_id: str
    reason: str
    requested_by: str


class SourcesDue(Message):
    """A file of a site was refused: its sources are to be looked at as a whole."""

    type: Literal["solar.sources_due"] = "solar.sources_due"
    version: Literal[1] = 1
    site_id: str


class ReleaseRequested(Message):
    """A person wants quarantined files read again: one key, or all of a site.

    `after` is the key behind which a request for a whole site goes on.
    """

    type: Literal["solar.release_requested"] = "solar.release_requested"
    version: Literal[1] = 1
    site_id: str
    key: str | None = None
    after: str = ""
    reason: str
    requested_by: str
