"""Every function finds in its environment what its settings ask for, and nothing that nobody reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from cfnlint.decode import cfn_yaml

from services.data_watcher import settings as data_watcher
from services.notifier import settings as notifier
from shared import names
from shared.errors import InvalidConfigError
from shared.settings import Settings

ROOT = Path(__file__).parents[2]
FUNCTIONS: list[tuple[str, str, type[Settings]]] = [
    ("data_watcher", "Function", data_watcher.WatcherSettings),
    ("data_watcher", "QueryFunction", data_watcher.QuerySettings),
    ("notifier", "Function", notifier.NotifierSettings),
    ("notifier", "QueryFunction", notifier.QuerySettings),
    ("notifier", "ReviewFunction", notifier.ReviewSettings),
    ("notifier", "LinksFunction", notifier.LinksSettings),
    ("notifier", "KeysFunction", notifier.KeySettings),
]
READ_BY_ALL = {names.VARIABLE, "POWERTOOLS_SERVICE_NAME", "PYDANTIC_DISABLE_PLUGINS"}
IDS = [f"{service}.{function}" for service, function, _ in FUNCTIONS]


def environment(service: str, function: str, settings: type[Settings]) -> dict[str, str]:
    template = cfn_yaml.load(str(ROOT / f"services/{service}/template.yaml"))
    variables = template["Resources"][function]["Properties"]["Environment"]["Variables"]
    numbers = {
        name.upper() for name, field in settings.model_fields.items() if field.annotation is int
    }
    return {str(name): "60" if name in numbers else "given" for name in variables}


@pytest.mark.parametrize(("service", "function", "settings"), FUNCTIONS, ids=IDS)
def test_a_function_has_the_environment_that_its_settings_ask_for(
    service: str, function: str, settings: type[Settings]
) -> None:
    given = environment(service, function, settings)

    settings.from_environment(given)
    read = {name.upper() for name in settings.model_fields}
    assert set(given) - read == READ_BY_ALL


@pytest.mark.parametrize(("service", "function", "settings"), FUNCTIONS, ids=IDS)
def test_a_missing_variable_fails_the_cold_start_by_name(
    service: str, function: str, settings: type[Settings]
) -> None:
    name = next(iter(settings.model_fields)).upper()
    given = environment(service, function, settings)
    del given[name]

    with pytest.raises(InvalidConfigError, match=name):
        settings.from_environment(given)
