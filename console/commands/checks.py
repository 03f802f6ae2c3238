"""Says before an upload what would become of YAML and files: nothing is uploaded, nobody gets a message."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console import output, second_names
from console.commands import configuring
from console.commands.local import JsonOption
from console.errors import ConsoleError
from console.given import check_names

if TYPE_CHECKING:
    from console.together import Together
    from console.trial import Trial
    from shared.active import ActiveSite

_YAML = {".yaml", ".yml"}


def check_site(
    yaml: Annotated[Path, typer.Argument(help="A site's YAML (or a model's).")],
    more: Annotated[
        list[Path] | None, typer.Argument(help="More YAML files, and samples of the site's files.")
    ] = None,
    *,
    sample: Annotated[
        list[Path] | None, typer.Option(help="A file as the plant sends it; may be given again.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Validate YAML and read sample files by it, as an upload would; upload nothing, tell nobody.

    It works without a platform and without AWS. The words are those of the real verdict. Samples are judged
    one by one, and then together: whether they disagree, contradict each other, or fail for one cause.

    Example: solar sites check golden.yaml --sample power_2024-06.csv

    Example: solar sites check golden.yaml golden-model.yaml data/*.csv

    Exit code 1 where anything would be refused, or a source would be suspect.
    """
    from console.together import look  # noqa: PLC0415 - with the reader, for this verb only
    from console.trial import try_files  # noqa: PLC0415

    given = [yaml, *(more or [])]
    # The first is always a YAML, whatever its name; files behind it are samples unless they are called so.
    yamls = [each for each in given if each is yaml or each.suffix.lower() in _YAML]
    samples = [*(sample or []), *(each for each in given if each not in yamls)]
    check_names(samples, f"solar sites check {yaml} {{}}/*")
    checked = [_configuration(path) for path in yamls]
    sites = [each["site"] for each in checked if each["site"] is not None]
    refused = any(each["state"] != "accepted" for each in checked)
    if samples and not sites and not refused:
        raise ConsoleError(f"{yaml} is no site's YAML; samples are read by that of their site")
    if samples and len(sites) > 1:
        raise ConsoleError("samples are read by one site's YAML; check one site at a time")
    site = sites[0] if sites else None
    trials = try_files(samples, site, site.site_id) if site else []
    together = look(trials, site)
    if json:
        configurations = [_as_plain(each) for each in checked]
        files = files_as_plain(trials, site, together)
        suspects = [each.as_plain() for each in together.findings]
        output.as_json({"configurations": configurations, "files": files, "suspects": suspects})
    else:
        for each in checked:
            output.say_plainly(_told(each))
            for line in _remarks(each):
                output.say_plainly(line)
        if samples and site is None:
            output.say_plainly("The samples were not read; correct the YAML first.")
        show(trials, site, together)
        for line in second_names.said((each.path, each.name) for each in trials):
            output.say_plainly(line)
    if refused or together.findings or any(each.fault for each in trials):
        raise typer.Exit(1)


def files_as_plain(
    trials: Sequence[Trial], site: ActiveSite | None, together: Together
) -> list[dict[str, Any]]:
    """Return what would become of files, for machines."""
    from console.trial import as_plain  # noqa: PLC0415

    return [{**as_plain(each, site), **together.of(each)} for each in trials]


def show(trials: Sequence[Trial], site: ActiveSite | None, together: Together) -> None:
    """Print what would become of files, and what stands out in their rows."""
    from console.figures import said  # noqa: PLC0415 - with NumPy and Arrow, for checks only
    from console.trial import figures_of  # noqa: PLC0415

    if not trials:
        return
    rows = [
        (
            each.name,
            each.source,
            each.state,
            each.rows.count if each.rows else None,
            (each.rows.masked or "") if each.rows else "",
            "see below" if each.fault else _noted(each),
        )
        for each in trials
    ]
    columns = ["file", "source", "would be", "rows", "masked", "what was left out"]
    output.table("Samples", columns, rows, "no files", whole="file")
    for line in _refusals(trials):
        output.people.print(line, markup=False, highlight=False)
    if site is not None and any(each.rows for each in trials):
        for line in said(figures_of(trials, site)):
            output.say_plainly(f"  {line}")
    for line in (*together.said(), *_copies(trials)):
        output.say_plainly(line)


def _copies(trials: Sequence[Trial]) -> Iterator[str]:
    """Yield which files hold the bytes of another one: once uploaded, the rows of one of them count."""
    known: dict[tuple[str | None, str | None], str] = {}
    for each in trials:
        if each.rows:
            first = known.setdefault((each.content, each.rows.provider), each.name)
            if first != each.name:
                yield f"{each.name}: the same bytes as {first}; their rows count once"


def _refusals(trials: Sequence[Trial]) -> list[str]:
    """Return why files would be refused, each reason once."""
    alike: dict[tuple[str, str], list[str]] = {}
    for each in trials:
        if each.fault:
            why = output.sentences(each.fault.reason, each.fault.remedy)
            alike.setdefault((each.fault.code, why), []).append(each.name)
    return [
        f"{first}{f' and {len(more)} more' if more else ''} ({code}): {why}"
        for (code, why), (first, *more) in alike.items()
    ]


def _noted(trial: Trial) -> str:
    if trial.rows is None:
        return ""
    from console import issued  # noqa: PLC0415 - as above
    from services.data_watcher.domain import facts  # noqa: PLC0415

    counted = ", ".join(f"{reason} {count}" for reason, count in trial.rows.masks.items())
    forecast = issued.said(**facts.issued(trial.rows))
    return "; ".join(filter(None, (forecast, trial.rows.note, counted)))


def _configuration(path: Path) -> dict[str, Any]:
    """Return what would be said of a YAML file, with its site where it is a valid one of a site."""
    from services.data_watcher.domain import validation  # noqa: PLC0415 - with pydantic, for checks only
    from shared.active import ActiveSite  # noqa: PLC0415
    from shared.errors import InvalidConfigError  # noqa: PLC0415

    found: dict[str, Any] = {"file": str(path), "key": None, "state": "rejected"}
    try:
        found["key"] = configuring.config_key(path)
        active = validation.read(found["key"], path.read_bytes())
    except InvalidConfigError as error:
        return {**found, "line": error.line, "reason": error.reason, "site": None}
    except ConsoleError as error:
        if not path.is_file():
            raise
        return {**found, "line": None, "reason": str(error), "site": None}
    site = active if isinstance(active, ActiveSite) else None
    return {**found, "state": "accepted", "line": None, "reason": None, "site": site}


def _as_plain(checked: dict[str, Any]) -> dict[str, Any]:
    plain = {name: each for name, each in checked.items() if name != "site"}
    return {**plain, "remarks": _remarks(checked)}


def _remarks(checked: dict[str, Any]) -> list[str]:
    """Return what is valid, and probably not meant."""
    return list(second_names.unread(checked["site"])) if checked["site"] is not None else []


def _told(checked: dict[str, Any]) -> str:
    name = Path(checked["file"]).name
    if checked["state"] == "accepted":
        return f"{name}: valid; `solar sites add {checked['file']}` puts it in force"
    line = f"line {checked['line']}: " if checked["line"] else ""
    return f"{name}: refused: {line}{checked['reason'].removeprefix(f'{name}: ')}"
