"""The report is one page that needs nothing from elsewhere and that a screen reader can follow."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from infra.image import entrypoint
from services.trainer_trigger.pipeline import evaluate
from shared import report
from tests.unit.pipeline.datasets import Bench, frame, site


class Outline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.images: list[str | None] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "svg":
            self.images.append(given.get("aria-label"))
        if "id" in given:
            self.ids.append(given["id"])


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    base = tmp_path_factory.mktemp("report")
    bench = Bench(base, sites=[site(name="<script>alert(1)</script>"), site("hill")])
    bench.upload(frame(days=70, noise=0.1))
    bench.upload(frame(days=70, seed=9, noise=0.1), "hill")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAGEMAKER_BASE_DIR", str(base))
        bench.freeze()
        assert entrypoint.main(["preprocess"]) == 0
        bench.lay_out_training("lightgbm")
        assert entrypoint.main(["train"]) == 0
        bench.lay_out_evaluation(base / "processing/input/model/model.tar.gz", version=2)
        assert entrypoint.main(["evaluate", "--accuracy-threshold", "0.9"]) == 0
    return (bench.container.path(evaluate.OUTPUT) / "report.html").read_text("utf-8")


def test_nothing_is_loaded_from_elsewhere(page):
    loading = re.findall(r"""(?:src|(?<!xmlns:)href|url)\s*[=(]\s*["']?([^"'\s)>]+)""", page)
    assert {target[0] for target in loading} <= {"#"}
    assert "<script" not in page
    assert "@import" not in page


def test_it_says_what_a_missing_input_costs(page):
    assert "Where an input is missing" in page
    assert "all irradiance" in page


def test_headings_make_an_outline_and_every_chart_has_a_name(page):
    outline = Outline()
    outline.feed(page)
    assert outline.headings[0] == 1
    assert outline.headings.count(1) == 1
    assert max(np.diff(outline.headings)) <= 1
    assert len(outline.images) >= 8
    assert all(outline.images)
    assert len(outline.ids) == len(set(outline.ids))


def test_it_names_run_sites_verdict_and_champion(page):
    for expected in (
        "run-1",
        "meadow",
        "hill",
        "Registered",
        "champion v2",
        "Typical days",
        "Worst days",
    ):
        assert expected in page


def test_it_is_called_by_its_version_once_that_is_known(page):
    assert "<title>mixed challenger, registered</title>".replace("mixed", "golden") in page
    named = report.with_version(page, 7)
    assert "<title>golden v7, registered</title>" in named
    assert '<h1 id="name">golden v7</h1>' in named
    assert report.with_version(named, 7) == named
    assert len(named) == len(page) - 2 * (len("challenger") - len("v7"))


def test_how_it_does_since_is_said_where_somebody_knows_it(page):
    said = report.with_live(page, "R² 0.958 <b>since</b> Monday")
    assert "R² 0.958 &lt;b&gt;since&lt;/b&gt; Monday</p>" in said
    assert "How it does since" not in said


def test_every_day_is_a_picture_of_its_own_so_that_a_phone_stacks_them(page):
    assert page.count('aria-label="A typical day: ') == 4
    assert page.count('aria-label="One of the worst days: ') == 4
    assert "@media (max-width: 700px)" in page


def test_it_is_small_enough_to_be_mailed(page):
    assert len(page.encode()) < 2_000_000


def test_the_page_says_how_the_array_seems_to_lie(page):
    assert "like that of a horizontal array" in page


def test_the_page_says_for_each_site_what_it_had_to_reach_and_how_far_its_energy_is_off(page):
    assert "each must reach R² 0.8000 and be no more than 5 % of its energy off" in page
    assert re.search(r'<th scope="row">hill</th>(<td>[^<]+</td>){4}<td>[+-]\d+\.\d %</td>', page)
