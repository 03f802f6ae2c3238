"""The function answers for any version of any model as that version's endpoint would."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.deployer.inference.app import Application
from services.deployer.inference.function import Answers
from services.deployer.inference.service import Service
from shared.errors import NotFoundError
from shared.solar.predictor import Predictor
from tests.integration.sabotaged import files_of, good, packed

ROWS = [{"timestamp": "2024-06-01T12:00:00Z", "ghi": 800.0, "temp_air": 20.0}]


class Shelf:
    """Archives of versions, each reading of which is counted."""

    def __init__(self) -> None:
        self.read: list[tuple[str, int]] = []
        self.model = good()
        self.serves: int | None = None

    def archive(self, model_id: str, version: int) -> bytes:
        self.read.append((model_id, version))
        if version == 9:
            message = f"model {model_id} has no version {version}"
            raise NotFoundError(message)
        return b"no archive" if version == 8 else packed(files_of(self.model))


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def site(shelf: Shelf) -> str:
    return shelf.model.card.recipe.plants[0].site_id


def asked(shelf: Shelf, answers: Answers | None = None, **event: Any) -> dict[str, Any]:
    return (answers or Answers(shelf.archive, lambda _: shelf.serves)).answer(
        {"model_id": "golden", **event}
    )


def test_it_answers_what_an_endpoint_would_to_the_letter(shelf: Shelf, site: str) -> None:
    request = {"site_id": site, "rows": ROWS}
    found = asked(shelf, request=request, version=4)
    headers = {b"content-type": b"application/json", b"accept": b"application/json"}
    service = Service(Predictor(shelf.model), 4)
    _, body = Application(service).answer(headers, json.dumps(request).encode())
    assert found == {"status": 200, "said": json.loads(body), "attributes": service.attributes}
    assert "model_package_version=4" in found["attributes"]


def test_a_version_is_read_once_and_a_process_keeps_only_some(shelf: Shelf, site: str) -> None:
    answers = Answers(shelf.archive, lambda _: None)
    for version in (1, 1, *range(10, 19), 1):
        asked(shelf, answers, request={"site_id": site, "rows": ROWS}, version=version)
    assert shelf.read.count(("golden", 1)) == 2, "it was the first to go"
    assert len(shelf.read) == 11


def test_who_names_no_version_gets_the_one_that_serves(shelf: Shelf, site: str) -> None:
    request = {"site_id": site, "rows": ROWS}
    assert asked(shelf, request=request)["status"] == 404
    shelf.serves = 5
    assert asked(shelf, request=request)["said"]["model"]["model_package_version"] == 5


def test_rows_that_cannot_be_are_refused_as_by_an_endpoint(shelf: Shelf) -> None:
    found = asked(shelf, request={"rows": "none"}, version=4)
    assert 400 <= found["status"] < 500
    assert found["said"]["error"]


@pytest.mark.parametrize("version", [8, 9])
def test_an_archive_that_cannot_be_used_is_that_versions_fault(shelf: Shelf, version: int) -> None:
    found = asked(shelf, request={"rows": ROWS}, version=version)
    assert found["status"] == 500
    assert found["said"]["model_package_version"] == version
