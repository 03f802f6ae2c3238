"""Frozen datasets are read once and kept as long as they do not fill the function's memory."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from services.trainer_trigger.objects import Kept, S3Datasets
from shared import layout
from shared.dataset import Dataset, Split
from shared.errors import NotFoundError
from shared.model_config import Margins
from tests.unit.trainer_trigger.fakes import a_file, a_site


@dataclass
class FakeObjects:
    """A bucket that counts what is read."""

    bodies: dict[str, bytes] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)

    def read(self, key: str) -> bytes:
        self.reads.append(key)
        if key not in self.bodies:
            raise NotFoundError(key)
        return self.bodies[key]


@pytest.fixture
def objects() -> FakeObjects:
    dataset = Dataset(
        dataset_id="d",
        model_id="golden",
        step_minutes=15,
        split=Split(test_fraction=0.2),
        margins=Margins(),
        sites=(a_site(),),
        files=(a_file(1), a_file(2)),
    )
    return FakeObjects({layout.dataset("golden", "d"): dataset.model_dump_json().encode()})


def test_a_frozen_dataset_is_read_once_for_its_names_and_once_as_a_whole(objects):
    datasets = S3Datasets(objects)
    for _ in range(2):
        assert datasets.file_ids("golden", "d") == {"file0001", "file0002"}
        dataset = datasets.read("golden", "d")
        assert dataset is not None
        assert len(dataset.files) == 2
    assert len(objects.reads) == 2


def test_a_dataset_that_is_gone_has_no_files_and_is_asked_for_again(objects):
    datasets = S3Datasets(objects)
    for _ in range(2):
        assert datasets.file_ids("golden", "gone") == frozenset()
        assert datasets.read("golden", "gone") is None
    assert len(objects.reads) == 4


def test_what_is_kept_never_grows_beyond_its_measure():
    kept: Kept[str] = Kept(most=10)
    for name, size in (("a", 4), ("b", 4), ("c", 4), ("huge", 11)):
        assert kept.keep(name, name.upper(), size) == name.upper()
    assert [kept.get(name) for name in ("a", "b", "c", "huge")] == [None, None, "C", None]
    kept.keep("d", "D", 10)
    assert kept.get("d") == "D"
