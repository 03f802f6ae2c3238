"""Which line of a file is its header, and which of its columns hold what a source names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from services.data_watcher.adapters.reading import header
from services.data_watcher.adapters.reading.header import Line
from shared.errors import UnreadableFileError
from shared.solar.site import SourceFormat
from tests.unit.data_watcher.plant_files import site


def source(**said: Any) -> SourceFormat:
    return site(said).sources[0]


PLANT = source()  # columns t and p
INVERTERS = source(columns={"power_ac": {"columns": ["inv *", "spare"], "unit": "W"}})


def lines(*each: str) -> list[Line]:
    return [(fields.split(","), number, number * 10) for number, fields in enumerate(each, start=1)]


def chosen(*each: str, by: SourceFormat = PLANT) -> tuple[str, int] | None:
    found = header.choose(by, lines(*each))
    return None if found is None else (",".join(found[0]), found[1])


# --- the line -----------------------------------------------------------------------------------------


def test_the_first_line_that_names_all_is_the_header_and_nothing_below_is_read() -> None:
    def with_an_end() -> Iterator[Line]:
        yield from lines("plant", "t,p")
        pytest.fail("a line below the header was read")

    assert header.choose(PLANT, with_an_end()) == (["t", "p"], 2, 20)
    assert chosen("a,t,p", "t,p,more,names") == ("a,t,p", 1)


@pytest.mark.parametrize(
    ("each", "best"),
    [
        (["a,b,c,d", "t,x", "y"], "t,x"),
        (["t,x", "t,x,y", "a,b"], "t,x,y"),
        (["t,x", "p,y"], "t,x"),
        (["a", "b,c", "d"], "b,c"),
    ],
    ids=["most of it", "then the longest", "then the first", "of none"],
)
def test_where_no_line_names_all_it_is_the_one_that_names_most(each: list[str], best: str) -> None:
    found = chosen(*each)

    assert found is not None
    assert found[0] == best
    assert chosen() is None


def test_two_or_three_lines_together_may_name_it() -> None:
    assert chosen("t,,", ",p,") == ("t,p,", 2)
    assert chosen("t,,", ",p,x", by=source(timestamp={"column": "t"})) == ("t,p,x", 2)
    assert chosen("t,,,", ",a,b,", ",,,p") == ("t,a,b,p", 3)
    assert chosen("t,,", ",p") == ("t,,", 1)


def test_names_are_joined_where_they_repeat_below_merged_cells() -> None:
    by = source(columns={"power_ac": {"column": "Inverter 2 P", "unit": "W"}})

    assert chosen("t,Inverter 1,,Inverter 2,", ",P,U,P,U", by=by) == (
        "t,Inverter 1 P,Inverter 1 U,Inverter 2 P,Inverter 2 U",
        2,
    )


def test_a_header_with_gaps_is_shown_with_the_names_below_it_where_it_lacks_something() -> None:
    by = source(columns={"power_ac": {"column": "power", "unit": "W"}})

    assert chosen("t,Inverter,", ",P,U", by=by) == ("t,P,U", 2)
    assert chosen("t,Inverter,x", ",P,U", by=by) == ("t,Inverter,x", 1)
    assert chosen("a,Inverter,", ",P,U", by=by) == ("a,Inverter,", 1)
    assert chosen("t,Inverter,,x", ",P,,U", by=by) == ("t,Inverter,,x", 1)
    two = {"power_ac": {"column": "p", "unit": "W"}, "ghi": {"column": "Sun G", "unit": "W/m2"}}
    assert chosen("t,Sun,", ",P,G", by=source(columns=two)) == ("t,Sun P,Sun G", 2)


def test_both_rows_of_a_header_make_one() -> None:
    assert header.together(["t", "A", "", "B"], ["", "x", "y", ""]) == (
        ["t", "x", "y", "B"],
        ["t", "A x", "A y", "B"],
    )
    assert header.together(["A", "", "A"], ["A", "", "x"])[1] == ["A", "", "A x"]


# --- merged cells ---------------------------------------------------------------------------------------


def merged(names: str, below: str, by: SourceFormat = PLANT) -> str | None:
    columns = header.find(by, names.split(","))
    try:
        header.check_merged(columns, names.split(","), below.split(","))
    except UnreadableFileError as fault:
        return fault.reason
    return None


def test_a_name_over_several_columns_is_refused_with_their_names() -> None:
    assert merged("t,p,,", ",a,b,c") == (
        "'p' stands above 3 columns, and below it they are called 'a', 'b', 'c'"
    )
    assert "above 2 columns" in str(merged("t,p,,", ",a,b,"))
    assert "above 2 columns" in str(merged("t,p,,x", ",a,b,c"))


@pytest.mark.parametrize(
    "below",
    [",a,1,c", ",-.5,b,c", "2024-06-01,a,b,c", ",a,b", ",a,a,a", ",a,,c"],
    ids=["numbers", "signs", "times", "another length", "alike", "of one column"],
)
def test_a_row_of_data_or_of_units_is_no_row_of_names(below: str) -> None:
    assert merged("t,p,,", below) is None


@pytest.mark.parametrize(
    ("names", "is_merged"),
    [("t,p,,x", True), ("t,p", False), ("t,p,x,", False), (",t,p", False), ("p,,t", True)],
)
def test_a_column_without_a_name_behind_one_that_is_read_may_be_merged(
    names: str, *, is_merged: bool
) -> None:
    fields = names.split(",")

    assert header.is_merged(header.find(PLANT, fields), fields) == is_merged


def test_one_of_several_columns_that_are_read_may_be_merged() -> None:
    two = {"power_ac": {"column": "p", "unit": "W"}, "ghi": {"column": "g", "unit": "W/m2"}}
    fields = ["t", "p", "", "g"]

    assert header.is_merged(header.find(source(columns=two), fields), fields)


# --- columns --------------------------------------------------------------------------------------------


def test_positions_are_those_of_the_names_in_the_order_of_the_source() -> None:
    by = source(
        timestamp={"column": "day", "time_column": "hour"},
        sum_by="inverter",
        where={"plant": "roof"},
        columns={"power_ac": {"column": "p", "unit": "W"}},
    )
    found = header.find(by, ["p", "Unit", "inverter", "hour", "x", "day", "plant"])

    assert (found.stamps, found.values) == ((5, 3), {"power_ac": (0,)})
    assert found.names == {"plant": 6, "inverter": 2}
    assert (found.issue, found.unit) == (None, 1)
    assert found.moments == (5, 3)
    assert found.in_order == [5, 3, 6, 2, 0]
    assert found.all == [0, 1, 2, 3, 5, 6]


def test_a_forecast_has_a_column_of_issues_and_it_holds_times() -> None:
    said: dict[str, Any] = {
        "name": "nwp",
        "kind": "forecast",
        "provider": "ecmwf",
        "issued": {"column": "run", "timezone": "UTC"},
        "timestamp": {"column": "t", "timezone": "UTC"},
        "columns": {"ghi": {"column": "g", "unit": "W/m2"}},
    }
    by = source(**said)
    found = header.find(by, ["g", "t", "run"])

    assert (found.issue, found.moments, found.all) == (2, (1, 2), [0, 1, 2])
    assert header.missing(by, ["g", "t"]) == ["run"]
    day_before = source(**said | {"issued": {"day_before_at": "12:00", "timezone": "UTC"}})
    assert header.missing(day_before, ["g", "t"]) == []


def test_a_unit_column_tells_only_of_a_single_quantity() -> None:
    two = {"power_ac": {"column": "p", "unit": "W"}, "ghi": {"column": "g", "unit": "W/m2"}}

    assert header.find(PLANT, ["t", "p", "EINHEIT"]).unit == 2
    assert header.find(PLANT, ["t", "p", "x"]).unit is None
    assert header.find(source(columns=two), ["t", "p", "g", "unit"]).unit is None


def test_patterns_name_all_columns_that_fit_and_each_has_to() -> None:
    assert header.find(INVERTERS, ["inv 1", "t", "spare", "inv 2", "x"]).values == {
        "power_ac": (0, 2, 3)
    }
    assert header.missing(INVERTERS, ["t", "inv 1"]) == ["spare"]
    assert header.missing(INVERTERS, ["t", "inv", "inv *"]) == ["spare"]
    assert header.missing(PLANT, ["x"]) == ["t", "p"]
    assert header.missing(source(columns={"power_ac": {"column": "t", "unit": "W"}}), ["x"]) == [
        "t"
    ]


def test_a_name_that_looks_like_a_pattern_is_meant_as_it_is() -> None:
    by = source(columns={"power_ac": {"columns": ["P [kW]", "Q *"], "unit": "kW"}})

    assert header.missing(by, ["t", "P [kW]", "Q 1"]) == []
    assert header.find(by, ["t", "P [kW]", "Q 1", "P k"]).values == {"power_ac": (1, 2, 3)}


def refused(by: SourceFormat, names: list[str]) -> UnreadableFileError:
    with pytest.raises(UnreadableFileError) as caught:
        header.find(by, names)
    return caught.value


def test_a_missing_column_is_said_with_thirty_of_those_that_there_are() -> None:
    names = [f"c{number}" for number in range(31)]

    assert refused(PLANT, names).reason.endswith("'c28', 'c29', ...")
    assert refused(PLANT, names[:30]).reason.endswith("'c28', 'c29'")
    assert "expects 't', 'p'; the file has 'c0'" in refused(PLANT, names).reason


def test_a_name_that_is_read_is_there_once_and_others_may_repeat() -> None:
    twice = refused(PLANT, ["t", "p", "p"])

    assert (twice.code, "'p' is in the header more than once" in twice.reason) == (
        "unreadable",
        True,
    )
    assert "say columns: [p] in the site's YAML" in twice.remedy
    two = {"power_ac": {"column": "p", "unit": "W"}, "ghi": {"column": "g", "unit": "W/m2"}}
    assert "say columns: [p]" in refused(source(columns=two), ["t", "p", "p", "g"]).remedy
    assert "give each column a name of its own" in refused(PLANT, ["t", "t", "p"]).remedy
    assert "say columns" not in refused(PLANT, ["t", "t", "p"]).remedy
    assert header.find(PLANT, ["t", "p", "x", "x"]).values == {"power_ac": (1,)}


def test_five_thousand_columns_are_the_most() -> None:
    names = ["t", "p", *(f"c {number}." for number in range(4999))]

    assert refused(PLANT, names).code == "too_large"
    assert header.find(PLANT, names[:-1]).stamps == (0,)
