"""A trained model as data: one ONNX graph and `model.json`, which says all that its use needs.

Nothing in it is code: no pickle, and no operator outside ONNX' own. It is used only after its hash and its
schema were checked.
"""

from __future__ import annotations

import io
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.errors import PermanentError
from shared.evaluation import Window
from shared.ids import sha256_hex
from shared.solar.intervals import Intervals
from shared.solar.recipe import Recipe
from shared.solar.spread import Spread

GRAPH = "model.onnx"
CARD = "model.json"
_SHORT = 20  # characters of what stands where a version should
_LARGEST = 256 * 1024 * 1024  # bytes; a graph of ours has well under one hundredth of it


class InvalidArtifactError(PermanentError):
    """A model's files are incomplete, altered, or of a version this code does not know."""


class ModelCard(BaseModel):
    """What `model.json` says.

    Attributes
    ----------
    cap
        Largest prediction as a share of AC capacity. [unitless]
    night_below
        Solar elevation below which the plant never generated in training. [degree]
    intervals
        Of a model of measured weather: the tails of its errors.
    spread
        Of a model of forecasts: how its quantiles lie around the prediction.
    best_first
        Of a model of forecasts: its providers by their error on rows after a fit.
    hidden
        Of a model of measured weather: by how much its range is wider without an input, see `hidden`.
        [unitless]
    weights, rolling_r2
        Of a blend: share of each candidate, and its R2 on rows after its fits within the training time.
        [unitless]
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    version: Literal[1] = 1
    model_type: str
    model_id: str
    run_id: str
    dataset_id: str
    code_version: str
    seed: int
    train_window: Window
    train_rows: int
    recipe: Recipe
    features: tuple[str, ...]
    units: dict[str, str]
    cap: float
    night_below: float
    intervals: Annotated[Intervals | None, Field(exclude_if=lambda found: found is None)] = None
    spread: Annotated[Spread | None, Field(exclude_if=lambda found: found is None)] = None
    best_first: Annotated[tuple[str, ...], Field(exclude_if=lambda names: not names)] = ()
    hidden: Annotated[dict[str, float], Field(exclude_if=lambda wider: not wider)] = {}
    hashes: dict[str, str]
    weights: dict[str, float] = {}
    rolling_r2: dict[str, float] = {}

    @model_validator(mode="after")
    def _one_kind(self) -> ModelCard:
        if (self.spread is not None, self.intervals is not None) != (
            self.recipe.is_for_forecasts,
            not self.recipe.is_for_forecasts,
        ):
            message = "a model of forecasts has `spread`, one of measured weather `intervals`"
            raise ValueError(message)
        return self


@dataclass(frozen=True, slots=True)
class Artifact:
    """A model's checked files."""

    card: ModelCard
    graph: bytes


def write(artifact: Artifact, folder: Path) -> None:
    """Write a model's files; the same model gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / GRAPH).write_bytes(artifact.graph)
    (folder / CARD).write_text(artifact.card.model_dump_json(indent=2) + "\n", encoding="utf-8")


def load(folder: Path) -> Artifact:
    """Read a model from an unpacked folder.

    Raises
    ------
    InvalidArtifactError
        A file is missing, altered or of an unknown version.
    """
    missing = [name for name in (CARD, GRAPH) if not (folder / name).is_file()]
    if missing:
        message = f"the model in {folder} lacks {' and '.join(missing)}; train it again"
        raise InvalidArtifactError(message)
    return _checked((folder / CARD).read_bytes(), (folder / GRAPH).read_bytes())


def load_tar(path: Path) -> Artifact:
    """Read a model from its `model.tar.gz` without unpacking anything to disk; raises like `load`."""
    try:
        return read_tar(path.read_bytes(), path.name)
    except OSError as error:
        message = f"{path.name} is no readable model archive: {error}"
        raise InvalidArtifactError(message) from error


def read_tar(archived: bytes, name: str) -> Artifact:
    """Read a model from the bytes of its `model.tar.gz`, which errors call by a name; raises like `load`."""
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(archived), mode="r:gz") as archive:
            for member in archive:
                part = member.name.removeprefix("./")
                if part not in {CARD, GRAPH}:
                    continue
                if not member.isreg() or member.size > _LARGEST:
                    message = f"{part} in {name} is no plain file of reasonable size"
                    raise InvalidArtifactError(message)
                content = archive.extractfile(member)
                found[part] = content.read() if content else b""
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        message = f"{name} is no readable model archive: {error}"
        raise InvalidArtifactError(message) from error
    missing = [part for part in (CARD, GRAPH) if part not in found]
    if missing:
        message = f"{name} lacks {' and '.join(missing)}"
        raise InvalidArtifactError(message)
    return _checked(found[CARD], found[GRAPH])


def _checked(card_text: bytes, graph: bytes) -> Artifact:
    try:
        card = ModelCard.model_validate_json(card_text)
    except ValidationError as error:
        raise InvalidArtifactError(_said_of(error)) from error
    if card.hashes.get(GRAPH) != sha256_hex(graph):
        message = f"{GRAPH} is not the file that {CARD} describes; train the model again"
        raise InvalidArtifactError(message)
    return Artifact(card=card, graph=graph)


def _said_of(error: ValidationError) -> str:
    """Return why a card is refused: by its version where that is unknown, for all else follows from it."""
    faults = error.errors(include_url=False)
    versions = [fault for fault in faults if fault["loc"][-1:] == ("version",)]
    first = (versions or faults)[0]
    place = ".".join(str(part) for part in first["loc"])
    if not versions:
        return f"{CARD} cannot be read: {place}: {first['msg']}; train it again"
    given, known = str(first["input"])[:_SHORT], first["ctx"]["expected"]
    return (
        f"{CARD} says {place} {given}, and this code knows {known}; train it again, or serve it with the "
        "image that it was registered with"
    )
