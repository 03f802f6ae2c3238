"""Every service has the same rooms, and its README shows the same map as its folders."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = sorted(path.parent for path in (ROOT / "services").glob("*/template.yaml"))
ROOMS = {"entry", "app", "domain", "adapters"}
BESIDE = {"README.md", "__init__.py", "composition.py", "ports.py", "settings.py", "template.yaml"}
# What a service is beside its functions: the training pipeline, the program of the endpoint.
ITS_OWN = {
    "trainer_trigger": {"pipeline", "pipeline.json", "retrain.asl.yaml"},
    "deployer": {"inference"},
}


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_a_service_has_the_rooms_of_every_service_and_no_other(service: Path) -> None:
    found = {path.name for path in service.iterdir()} - {"__pycache__"}
    assert found - ITS_OWN.get(service.name, set()) == ROOMS | BESIDE


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_the_readme_maps_every_use_case_and_draws_one_diagram(service: Path) -> None:
    text = (service / "README.md").read_text()
    use_cases = [path.stem for path in (service / "app").glob("*.py") if path.stem != "__init__"]
    assert [each for each in use_cases if each not in text] == []
    assert "```mermaid" in text
