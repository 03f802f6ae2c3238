"""Settings are a class, read once and complete; `os.environ` appears nowhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import InvalidConfigError


class Settings(BaseModel):
    """Base of every handler's settings: a missing variable fails the cold start, not a request.

    A field `data_bucket` is read from the environment variable `DATA_BUCKET`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read all fields from environment variables.

        Raises
        ------
        InvalidConfigError
            Names every variable that is missing or wrong.
        """
        variables = os.environ if environment is None else environment
        given = {
            name: variables[name.upper()]
            for name in cls.model_fields
            if variables.get(name.upper())
        }
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            faults = "; ".join(
                f"{str(each['loc'][0]).upper()}: {each['msg']}" for each in error.errors()
            )
            raise InvalidConfigError(f"environment of {cls.__module__}: {faults}") from error
