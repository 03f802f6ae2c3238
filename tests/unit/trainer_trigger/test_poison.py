"""Which exclusions a dataset was trained on: merged spans say the same as its files one by one."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.trainer_trigger.domain import poison
from shared.dataset import Dataset, DatasetFile, Exclusion, Split, coverage
from shared.model_config import Margins
from tests.unit.trainer_trigger.samples import START, a_file

HOURS = st.integers(0, 40)
SITES = st.sampled_from(["east", "west"])


@st.composite
def files(draw: st.DrawFn) -> DatasetFile:
    start = START + timedelta(hours=draw(HOURS))
    end = start + timedelta(hours=draw(st.integers(0, 8)))
    window = {"site_id": draw(SITES), "window_start": start, "window_end": end}
    return a_file().model_copy(update=window)


@st.composite
def ranges(draw: st.DrawFn) -> Exclusion:
    start = START + timedelta(hours=draw(HOURS))
    end = start + timedelta(hours=draw(st.integers(1, 8)))
    return Exclusion(site_id=draw(SITES), start=start, end=end, reason="r")


def has_times_of(file: DatasetFile, range_: Exclusion) -> bool:
    meets = file.window_start < range_.end and range_.start < file.window_end
    return meets and file.site_id == range_.site_id


def was_out(range_: Exclusion, before: list[Exclusion]) -> bool:
    return any(
        each.site_id == range_.site_id and each.start <= range_.start and range_.end <= each.end
        for each in before
    )


@given(st.lists(files(), max_size=12), st.lists(ranges()), st.lists(ranges()))
def test_spans_tell_the_same_exclusions_as_the_files_one_by_one(
    known: list[DatasetFile], before: list[Exclusion], now: list[Exclusion]
) -> None:
    dataset = Dataset(
        dataset_id="d",
        model_id="golden",
        step_minutes=15,
        split=Split(test_fraction=0.2),
        margins=Margins(),
        sites=(),
        files=tuple(known),
        exclusions=tuple(before),
    )
    trained_on = coverage(dataset.model_dump_json().encode())

    touched = poison.touched(trained_on, now)

    assert list(touched) == [
        each
        for each in now
        if not was_out(each, before) and any(has_times_of(file, each) for file in known)
    ]
