"""What every message carries, whatever it is about."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.ids import content_id

Name = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
NonNegative = Annotated[int, Field(ge=0)]


class Message(BaseModel):
    """What every message carries, whatever it is about."""

    # Built at first use: a function reads and writes a few of them.
    model_config = ConfigDict(
        frozen=True, extra="ignore", protected_namespaces=(), defer_build=True
    )

    id: Annotated[
        str,
        Field(
            min_length=1,
            description="Hash of type, subject and the subject's revision: a repeat has the same id.",
        ),
    ]
    occurred_at: AwareDatetime
    correlation_id: Annotated[
        str, Field(description="The raw object or the request that began it.")
    ]

    @classmethod
    def of(
        cls, *, subject: tuple[Any, ...], occurred_at: datetime, correlation_id: str, **fields: Any
    ) -> Self:
        """Build a message whose id derives from its type, subject and the subject's revision.

        Parameters
        ----------
        subject
            What names the fact: the thing and its revision, e.g. `(file_id,)` or `(run_id, "registered")`.
        """
        type_ = cls.model_fields["type"].default
        return cls(
            id=content_id(type_, *subject),
            occurred_at=occurred_at,
            correlation_id=correlation_id,
            **fields,
        )
