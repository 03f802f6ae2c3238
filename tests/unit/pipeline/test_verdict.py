"""The verdict says register or reject, in words, and sends doubtful cases to a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.trainer_trigger.pipeline.data.site_validation import (
    ClockFinding,
    OverlapFinding,
    SiteValidation,
    Validation,
)
from services.trainer_trigger.pipeline.judging.scoring import Compared
from services.trainer_trigger.pipeline.judging.verdict import Findings, judge
from shared.evaluation import Comparison, ModelScores, Scores, SiteScores, Skill, Window
from shared.model_config import Margins
from tests.unit.pipeline.datasets import site

START = datetime(2023, 1, 1, tzinfo=UTC)


def at(name: str, r2: float | None = 0.97, bias: float | None = 0.0) -> SiteScores:
    return SiteScores(name=name, r2=r2, nmae=0.03, nrmse=0.05, mbe=0.0, n=400, energy_bias=bias)


def scores(r2: float) -> ModelScores:
    found = Scores(r2=r2, nmae=0.03, nrmse=0.05, mbe=0.0, n=1000)
    return ModelScores(all=found, daylight=found, by_month=(), by_site=(at("meadow"),))


def compared(delta: float, low: float, high: float, site_delta: float | None = None) -> Compared:
    by_site = {} if site_delta is None else {"meadow": site_delta}
    found = Comparison(delta_nmae=delta, ci_low=low, ci_high=high, days=30, by_site=by_site)
    return Compared(found, dict.fromkeys(by_site, low))


def findings(r2: float = 0.97, **changes) -> Findings:
    window = Window(start=START, end=START + timedelta(days=200))
    meadow = SiteValidation(
        files=1, rows=100, without_power=0, used=100, days=240, native_steps={}, masks={}, peak_share=0.9,
        coverage={"ghi": 1.0, "temp_air": 1.0}, clock=ClockFinding(),
    )  # fmt: skip
    given = {
        "accuracy_threshold": 0.95,
        "challenger": scores(r2),
        "skill": Skill(persistence_24h=0.5),
        "trained_on": window,
        "tested_on": Window(start=window.end, end=window.end + timedelta(days=50)),
        "compared": None,
        "champion_version": None,
        "champion_note": None,
        "margins": Margins(nmae=0.002, site_nmae=0.005),
        "validation": Validation(
            dataset_id="d",
            step_minutes=15,
            sites={"meadow": meadow},
            train_window=window,
            test_window=window,
            train_rows=1,
            test_rows=1,
        ),
        "sites": (site(),),
    }
    return Findings(**(given | changes))


def with_meadow(**changes) -> Validation:
    """Return the validation of one site of which something else was found."""
    validation = findings().validation
    meadow = validation.sites["meadow"].model_copy(update=changes)
    return validation.model_copy(update={"sites": {"meadow": meadow}})


def test_a_good_first_model_is_registered_and_needs_nobody():
    found = judge(findings())
    assert (found.verdict, found.approval) == ("register", "automatic")
    assert "reaches the threshold" in found.reasons[0]


def test_the_threshold_itself_is_enough():
    assert judge(findings(r2=0.95)).verdict == "register"
    assert judge(findings(r2=0.9499)).verdict == "reject"


def test_satellite_weather_below_the_floor_is_told_what_would_help():
    found = judge(findings(r2=0.9, sites=(site(weather_source="satellite"),)))
    assert found.verdict == "reject"
    assert any("pyranometer" in each for each in found.what_would_help)
    assert any("accuracy_threshold" in each for each in found.what_would_help)


def test_a_model_no_better_than_yesterday_is_refused_even_above_the_floor():
    found = judge(findings(skill=Skill(persistence_24h=-0.01)))
    assert found.verdict == "reject"
    assert "yesterday" in found.reasons[0]


def test_a_model_that_has_seen_its_test_rows_is_refused():
    late = Window(start=START, end=START + timedelta(days=220))
    found = judge(findings(trained_on=late))
    assert found.verdict == "reject"
    assert found.reasons[0].startswith("leak")


@pytest.mark.parametrize(
    ("against", "verdict", "approval"),
    [
        (compared(-0.010, -0.015, -0.005), "register", "automatic"),
        (compared(0.001, -0.001, 0.003), "register", "automatic"),
        (compared(0.004, 0.001, 0.007), "reject", "person"),
        (compared(0.004, -0.001, 0.009), "register", "person"),
        (compared(0.001, 0.0005, 0.002, site_delta=0.009), "reject", "person"),
        (compared(0.001, -0.001, 0.003, site_delta=0.009), "register", "automatic"),
        # what a challenger may be worse by is the margin itself
        (compared(0.002, 0.001, 0.003), "register", "automatic"),
        (compared(0.0021, 0.001, 0.003), "reject", "person"),
        (compared(0.0021, 0.0, 0.004), "register", "person"),
        (compared(0.001, 0.0005, 0.002, site_delta=0.005), "register", "automatic"),
        (compared(0.001, 0.0005, 0.002, site_delta=0.0051), "reject", "person"),
        (compared(0.001, 0.0, 0.002, site_delta=0.0051), "register", "automatic"),
    ],
)
def test_the_champion_is_only_replaced_by_what_is_not_surely_worse(against, verdict, approval):
    found = judge(findings(compared=against, champion_version=3))
    assert (found.verdict, found.approval) == (verdict, approval)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"champion_version": 3}, "fewer than 14 days"),
        (
            {"champion_version": 3, "champion_note": "its files are gone"},
            "v3 serves but cannot be compared: its files are gone; a person approves",
        ),
        ({"r2": 0.99951}, "too good"),
        (
            {"validation": with_meadow(days=59)},
            "1 of 1 sites were measured on fewer than 61 days: meadow (59)",
        ),
        (
            {"validation": with_meadow(masks={"outage": 21})},
            "21 of 100 measured rows of meadow were masked",
        ),
    ],
)
def test_a_person_approves_where_a_good_score_may_mislead_and_reads_why(changes, said):
    found = judge(findings(**changes))
    assert (found.verdict, found.approval) == ("register", "person")
    assert said in found.reasons[-1]


@pytest.mark.parametrize(
    "changes",
    [
        {"r2": 0.9995},
        {"validation": with_meadow(masks={"outage": 20})},
        {"validation": with_meadow(masks={"excluded": 60})},
    ],
    ids=["not too good", "a fifth masked", "excluded by a person"],
)
def test_nobody_is_asked_up_to_these_limits(changes):
    found = judge(findings(**changes))
    assert (found.verdict, found.approval) == ("register", "automatic")


@pytest.mark.parametrize(
    ("found", "approval"),
    [
        ({"clock": ClockFinding(shift_minutes=130.0, unexplained=True)}, "person"),
        ({"clock": ClockFinding(shift_minutes=130.0)}, "automatic"),
        ({"night_share": 0.051}, "person"),
        ({"night_share": 0.05}, "automatic"),
        ({"months_without_end": 3}, "person"),
    ],
)
def test_a_time_that_may_be_wrong_means_that_a_person_approves(found, approval):
    judged = judge(findings(validation=with_meadow(**found)))
    assert (judged.verdict, judged.approval) == ("register", approval)
    assert any("the time of meadow may be wrong" in each for each in judged.reasons) == (
        approval == "person"
    )


def with_masked(r2: float, unmasked: float | None) -> ModelScores:
    """Return scores of 1000 rows, beside the score of these and 90 masked ones."""
    every = Scores(r2=unmasked, nmae=0.04, nrmse=0.07, mbe=0.0, n=1090)
    return scores(r2).model_copy(update={"unmasked": every})


@pytest.mark.parametrize("unmasked", [0.91, None])
def test_what_passes_only_because_of_the_masks_needs_a_person(unmasked):
    found = judge(findings(challenger=with_masked(0.954, unmasked)))
    assert (found.verdict, found.approval) == ("register", "person")
    said = "undefined" if unmasked is None else "0.9100"
    assert (
        f"R² {said} on all 1090 measured rows, the 90 masked ones too, is below"
        in (found.reasons[-1])
    )


def test_what_passes_with_the_masked_rows_too_needs_nobody():
    assert judge(findings(challenger=with_masked(0.96, 0.95))).approval == "automatic"
    assert judge(findings(challenger=with_masked(0.96, 0.97))).approval == "automatic"


def test_what_fails_only_because_of_the_masks_is_told_so():
    found = judge(findings(challenger=with_masked(0.94, 0.951)))
    assert (found.verdict, found.approval) == ("reject", "person")
    assert any(
        "R² 0.9510 on all 1090 measured rows, the 90 masked ones too, reaches" in each
        for each in found.what_would_help
    )
    both = judge(findings(challenger=with_masked(0.94, 0.90)))
    assert not any("masked ones too" in each for each in both.what_would_help)


def test_a_test_of_nights_only_is_refused_for_that_first():
    nights = scores(0.97).model_copy(
        update={"daylight": Scores(r2=None, nmae=0.0, nrmse=0.0, mbe=0.0, n=0)}
    )
    found = judge(findings(challenger=nights, sites=(site(weather_source="satellite"),)))
    assert found.verdict == "reject"
    assert found.reasons[0].startswith("none of the 1000 test rows lies in daylight (2023-07-20")
    assert len(found.reasons) == 1
    (helps_,) = found.what_would_help
    assert "solar files" in helps_
    poor = nights.model_copy(update={"all": scores(0.7892).all})
    both = judge(findings(challenger=poor)).reasons
    assert both[0].startswith("none of the 1000 test rows lies in daylight")
    assert "R² 0.7892" in both[1]


def of_sites(*sites: SiteScores) -> ModelScores:
    """Return good scores of all rows together, of sites that differ."""
    return scores(0.97).model_copy(update={"by_site": sites})


@pytest.mark.parametrize(
    ("weak", "said"),
    [
        (at("hill", r2=0.8499), "site hill: R² 0.8499 on 400 test rows is below the 0.85"),
        (at("hill", r2=None), "site hill: R² undefined on 400 test rows is below the 0.85"),
        (at("hill", bias=-0.051), "site hill: 5.1% less energy is predicted than was measured"),
        (at("hill", bias=0.07), "site hill: 7.0% more energy is predicted than was measured"),
    ],
)
def test_one_weak_site_needs_a_person_who_reads_of_it_first(weak, said):
    found = judge(findings(challenger=of_sites(at("meadow"), weak)))
    assert (found.verdict, found.approval) == ("register", "person")
    assert found.reasons[0].startswith(said)
    assert found.reasons[0].endswith("a person approves")
    assert "reaches the threshold" in found.reasons[1]


def test_a_site_that_no_champion_serves_yet_must_hold_too():
    """Only the old site is compared; what the new one reaches is its own matter."""
    known = compared(-0.01, -0.015, -0.005, site_delta=-0.01)
    new = at("roof", r2=0.7)
    found = judge(
        findings(compared=known, champion_version=4, challenger=of_sites(at("meadow"), new))
    )
    assert found.approval == "person"
    assert found.reasons[0].startswith("site roof: R² 0.7000")


@pytest.mark.parametrize(
    "site_scores",
    [at("hill", r2=0.85), at("hill", bias=0.05), at("hill", bias=-0.05), at("hill", bias=None)],
)
def test_a_site_at_its_limits_needs_nobody(site_scores):
    assert judge(findings(challenger=of_sites(site_scores))).approval == "automatic"


def test_a_sites_floor_follows_the_models_threshold_unless_its_owner_states_one():
    hill = of_sites(at("hill", r2=0.82, bias=0.08))
    lower = judge(findings(challenger=hill, accuracy_threshold=0.9))
    assert "R²" not in lower.reasons[0]
    assert "8.0% more energy" in lower.reasons[0]
    stated = Margins(site_r2=0.82, site_bias=0.08)
    assert judge(findings(challenger=hill, margins=stated)).approval == "automatic"
    strict = Margins(site_r2=0.96, site_bias=0.08)
    assert "below the 0.96" in judge(findings(challenger=hill, margins=strict)).reasons[0]


def test_of_a_fleet_the_worst_sites_come_first_and_the_others_are_counted():
    weak = [at(f"roof-{number}", r2=0.8 - number / 100) for number in range(7)]
    found = judge(findings(challenger=of_sites(at("meadow"), *weak, at("dam", r2=None))))
    assert found.reasons[0].startswith("site dam: R² undefined")
    assert found.reasons[1].startswith("site roof-6: R² 0.7400")
    assert found.reasons[5].startswith("3 more sites are below their own limits")
    assert not any("meadow" in each for each in found.reasons)


def test_a_site_without_a_test_row_is_named_for_its_score_is_not_known():
    fleet = (site("meadow"), site("dam"))
    found = judge(findings(challenger=of_sites(at("meadow")), sites=fleet))
    assert any(
        each == "nothing is known of sites without a row in the test: dam" for each in found.reasons
    )
    assert not any("nothing is known" in each for each in judge(findings()).reasons)


def test_a_site_with_two_faults_is_named_once():
    found = judge(findings(challenger=of_sites(at("hill", r2=0.5, bias=0.2))))
    assert sum("site hill" in each for each in found.reasons) == 1
    assert "0.5000" in found.reasons[0]
    assert "20.0% more energy" in found.reasons[0]


def test_what_an_evaluation_of_before_says_of_sites_can_still_be_judged_and_read():
    old = {"name": "hill", "r2": 0.97, "nmae": 0.03, "nrmse": 0.05, "mbe": 0.1, "n": 400}
    found = SiteScores.model_validate(old)
    assert found.energy_bias is None
    assert judge(findings(challenger=of_sites(found))).approval == "automatic"


def spanning(days: int) -> dict[str, Window]:
    cut, end = START + timedelta(days=days * 0.8), START + timedelta(days=days)
    return {"trained_on": Window(start=START, end=cut), "tested_on": Window(start=cut, end=end)}


@pytest.mark.parametrize("days", [40, 75, 90])
def test_less_than_a_quarter_of_the_year_means_that_a_person_approves(days):
    found = judge(findings(**spanning(days)))
    assert (found.verdict, found.approval) == ("register", "person")
    assert f"only {days} days of at least 91" in found.reasons[-1]
    assert "confidence is low" in found.reasons[-1]


def test_a_whole_quarter_needs_nobody():
    assert judge(findings(**spanning(92))).approval == "automatic"


def measured(**days: int | None) -> Findings:
    """Return the findings of a fleet with so many measured days; None for a site without any row."""
    given = findings()
    meadow = given.validation.sites["meadow"]
    rows = {
        name: meadow.model_copy(update={"days": count})
        for name, count in days.items()
        if count is not None
    }
    validation = given.validation.model_copy(update={"sites": rows})
    return findings(validation=validation, sites=tuple(site(name) for name in days))


def test_one_well_measured_site_does_not_speak_for_a_fleet_of_new_ones():
    found = judge(measured(meadow=240, barn=60, roof=3, dam=None))
    assert (found.verdict, found.approval) == ("register", "person")
    assert "3 of 4 sites were measured on fewer than 61 days" in found.reasons[-1]
    assert "dam (0), roof (3), barn (60)" in found.reasons[-1]
    assert "meadow" not in found.reasons[-1]


def test_a_fleet_of_which_half_is_well_measured_needs_nobody_and_hears_which_are_not():
    found = judge(measured(meadow=61, barn=240, roof=60, dam=2))
    assert (found.verdict, found.approval) == ("register", "automatic")
    assert (
        "2 of 4 sites were measured on fewer than 61 days: dam (2), roof (60)" in found.reasons[-1]
    )
    assert "a person approves" not in found.reasons[-1]


def test_of_a_large_fleet_of_new_sites_only_the_newest_are_named():
    found = judge(measured(**{f"roof-{number}": number for number in range(40)}))
    assert "40 of 40 sites" in found.reasons[-1]
    assert "roof-4 (4) and 35 more;" in found.reasons[-1]


def test_an_owner_may_let_fewer_days_pass_and_the_verdict_still_says_so():
    found = judge(findings(margins=Margins(least_days=60), **spanning(75)))
    assert (found.verdict, found.approval) == ("register", "automatic")
    assert "no whole season" in found.reasons[-1]
    assert "margins.least_days of 60" in found.reasons[-1]
    assert judge(findings(margins=Margins(least_days=60), **spanning(59))).approval == "person"


def test_several_faults_are_all_said():
    found = judge(findings(r2=0.5, skill=Skill(persistence_24h=-1.0)))
    assert len(found.reasons) == 2


def test_a_leak_is_refused_whatever_the_score():
    found = judge(findings(leaks=("leak: ghi knows later power",)))
    assert found.verdict == "reject"
    assert found.reasons == ("leak: ghi knows later power",)


def test_no_gain_over_yesterday_is_not_enough():
    assert judge(findings(skill=Skill(persistence_24h=0.0))).verdict == "reject"
    assert judge(findings(skill=Skill(persistence_24h=0.001))).verdict == "register"
    assert judge(findings(skill=Skill(persistence_24h=None))).verdict == "register"


def test_a_score_that_cannot_be_computed_is_below_any_floor():
    scored = Scores(r2=None, nmae=0.03, nrmse=0.05, mbe=0.0, n=1000)
    found = judge(findings(challenger=scores(0.9).model_copy(update={"all": scored})))
    assert found.verdict == "reject"
    assert "R² undefined on 1000 test rows is below" in found.reasons[0]


def test_a_comparison_is_told_with_its_figures():
    found = judge(findings(compared=compared(-0.01, -0.015, -0.005), champion_version=3))
    assert "champion v3 on the same 30 days: better by 1.00% of AC capacity" in found.reasons[1]


def test_a_leak_that_was_found_is_not_said_twice():
    late = Window(start=START, end=START + timedelta(days=220))
    assert judge(findings(trained_on=late, leaks=("leak: x",))).reasons == ("leak: x",)


def test_five_new_sites_are_all_named_and_nothing_is_left_out():
    found = judge(measured(**{f"roof-{number}": number for number in range(5)}))
    assert "roof-4 (4);" in found.reasons[-1]
    assert "more" not in found.reasons[-1]


@pytest.mark.parametrize(("days", "said"), [(90, True), (91, False)])
def test_a_quarter_of_the_year_needs_no_remark_on_the_season(days, said):
    found = judge(findings(margins=Margins(least_days=60), **spanning(days)))
    assert any("no whole season" in each for each in found.reasons) is said


def test_the_least_days_themselves_are_enough():
    found = judge(findings(margins=Margins(least_days=60), **spanning(60)))
    assert found.approval == "automatic"
    assert "no whole season" in found.reasons[-1]


def helps(**changes) -> str:
    return " | ".join(judge(findings(r2=0.5, **changes)).what_would_help)


@pytest.mark.parametrize("column", ["ghi", "poa_global", "forecast_ghi", "forecast_poa_global"])
def test_irradiance_is_asked_for_where_none_reaches_the_model(column):
    missing, rare = {"temp_air": 1.0}, {"temp_air": 1.0, column: 0.5}
    assert "no irradiance" in helps(validation=with_meadow(coverage=missing))
    assert "no irradiance" in helps(validation=with_meadow(coverage=rare))
    assert "no irradiance" not in helps(validation=with_meadow(coverage={column: 0.51}))


@pytest.mark.parametrize("column", ["temp_air", "temp_module"])
def test_a_temperature_is_asked_for_where_none_reaches_the_model(column):
    assert "temperature is missing" in helps(validation=with_meadow(coverage={"ghi": 1.0}))
    assert "temperature" not in helps(validation=with_meadow(coverage={"ghi": 1.0, column: 0.6}))


@pytest.mark.parametrize(("source", "said"), [("forecast", True), ("on_site", False)])
def test_only_a_plant_with_distant_weather_is_told_of_a_pyranometer(source, said):
    assert ("pyranometer" in helps(sites=(site(weather_source=source),))) is said


def test_above_the_floor_no_other_weather_is_asked_for():
    refused = findings(leaks=("leak: x",), sites=(site(weather_source="satellite"),),
                       validation=with_meadow(coverage={"ghi": 1.0}))  # fmt: skip
    assert judge(refused).what_would_help == ()


@pytest.mark.parametrize(("masked", "said"), [(10, False), (11, True)])
def test_more_than_a_tenth_masked_is_worth_a_look(masked, said):
    found = helps(validation=with_meadow(masks={"outage": masked}))
    assert (f"meadow: see `solar files` for why {masked} of 100 rows" in found) is said


def test_what_was_found_in_a_sites_data_is_said_again_to_whom_it_may_help():
    assert "meadow: the clock runs wrong" in helps(
        validation=with_meadow(warnings=("the clock runs wrong",))
    )
    assert judge(findings(validation=with_meadow(warnings=("x",)))).what_would_help == ()


@pytest.mark.parametrize(("share", "approval"), [(0.2, "automatic"), (0.21, "person")])
def test_files_that_contradict_each_other_in_more_than_a_fifth_are_for_a_person(share, approval):
    overlap = OverlapFinding(
        rows=700,
        files=2,
        share=share,
        file="raw/meadow/b.csv",
        other_file="raw/meadow/a.csv",
        column="power_ac",
        time=START,
        value=5.0,
        other_value=3.0,
        other_site="brook",
    )
    given = findings()
    meadow = given.validation.sites["meadow"].model_copy(update={"overlap": overlap})
    doubtful = given.validation.model_copy(update={"sites": {"meadow": meadow}})
    found = judge(findings(validation=doubtful))
    assert found.verdict == "register"
    assert found.approval == approval
    said = any("700 rows of 2 files contradict each other" in each for each in found.reasons)
    assert said == (approval == "person")
