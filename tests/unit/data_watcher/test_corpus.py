"""Every kind of bad file ends kept with masks, or refused in words; none harms the others."""

from __future__ import annotations

from collections import Counter

import pytest

from services.data_watcher.adapters.reading import read
from shared.active import ActiveSite
from shared.errors import UnreadableFileError
from tests.corpus.files import KEPT, REFUSED, BadFile, csv
from tests.unit.data_watcher.fakes import World, site

SOURCE = {
    "name": "power",
    "files": "*",
    "timestamp": {"column": "t", "step_minutes": 15},
    "columns": {"power_ac": {"column": "p", "unit": "kW"}},
}


def described(bad: BadFile, site_id: str = "east") -> ActiveSite:
    return site(site_id, ac_capacity_kw=10, sources=[SOURCE | bad.source])


@pytest.mark.parametrize("name", KEPT)
def test_a_file_with_bad_rows_is_kept_and_counts_them(name: str) -> None:
    bad = KEPT[name]()

    rows = read(bad.body, f"raw/east/{bad.name}", described(bad)).rows

    assert set(rows.masks) == bad.expected
    assert rows.count > 0


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_file_is_refused_in_words_that_its_owner_understands(name: str) -> None:
    bad = REFUSED[name]()

    with pytest.raises(UnreadableFileError) as caught:
        read(bad.body, f"raw/east/{bad.name}", described(bad))

    assert caught.value.code == bad.expected
    assert bad.says in caught.value.reason + caught.value.remedy
    assert caught.value.remedy


def test_all_of_them_at_once_are_accounted_for_and_a_good_file_among_them_counts() -> None:
    world = World()
    world.read_by(read)
    placed = {}
    for number, made in enumerate([*KEPT.values(), *REFUSED.values()]):
        bad = made()
        site_id = f"site-{number}"
        world.configurations.put(described(bad, site_id))
        placed[f"raw/{site_id}/{bad.name}"] = bad
    for key, bad in placed.items():
        world.bucket.put(key, bad.body)
    world.bucket.put("raw/site-0/../good.csv", csv())
    world.bucket.put("raw/site-0/zz.csv", csv())
    long_key = "raw/site-2/" + "k" * (1024 - len("raw/site-2/.parquet")) + ".parquet"
    world.bucket.put(long_key, b"PAR1")
    world.sweep()

    verdicts = Counter(world.states().values())
    assert verdicts == {"accepted": len(KEPT) + 1, "quarantined": len(REFUSED) + 2}
    assert world.state("raw/site-0/zz.csv") == ["accepted"]
    assert world.state(long_key) == ["quarantined"]
    refused = [each for each in world.publisher.told if each.type == "solar.file_quarantined"]
    assert len(refused) == verdicts["quarantined"]
    assert all(each.reason and each.remedy for each in refused)
