"""What a canonical object says about itself in its S3 metadata, so that a listing rebuilds every view."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self
from urllib.parse import quote, unquote

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from shared.errors import InvalidMessageError
from shared.messages import Name, NonNegative

LONGEST_RAW_KEY = 1200  # S3 keeps 2 KB of user metadata; a longer quoted key is left out


def _split(value: object) -> object:
    return tuple(filter(None, value.split(","))) if isinstance(value, str) else value


class CanonicalFile(BaseModel):
    """One canonical object: whose rows, how many, over which interval [start, end), from what.

    `provider` says whose forecasts the rows are, and is empty for measurements. Only rows with one have
    the columns `issued_at` and `provider` beside those that are listed.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    file_id: str
    site_id: Name
    rows: NonNegative
    rows_masked: NonNegative
    columns: Annotated[tuple[str, ...], BeforeValidator(_split)]
    window_start: AwareDatetime
    window_end: AwareDatetime
    uploaded_at: AwareDatetime
    raw_key: str = ""
    raw_version: str = ""
    provider: Annotated[str, Field(exclude_if=lambda provider: not provider)] = ""

    def metadata(self) -> dict[str, str]:
        """Return the S3 user metadata: `file-id`, `site-id`, …, all ASCII."""
        said = {
            name.replace("_", "-"): str(value)
            for name, value in self.model_dump(mode="json", exclude={"columns", "raw_key"}).items()
        }
        raw_key = quote(self.raw_key)
        said["columns"] = ",".join(self.columns)
        said["raw-key"] = raw_key if len(raw_key) <= LONGEST_RAW_KEY else ""
        return said

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> Self:
        """Read an object's S3 user metadata.

        Raises
        ------
        InvalidMessageError
            The object was not written by data_watcher.
        """
        said = {name.replace("-", "_"): value for name, value in metadata.items()}
        said["raw_key"] = unquote(said.get("raw_key", ""))
        try:
            return cls.model_validate(said)
        except ValidationError as error:
            message = (
                f"no canonical object's metadata: {error.error_count()} fields lack or are wrong"
            )
            raise InvalidMessageError(message) from error
