"""SEARCH of CloudWatch: which metrics a search expression finds.

The rules are those of "CloudWatch search expression syntax" in CloudWatch's user guide: the schema names a
namespace and exactly the dimensions that a metric has; a term in double quotes is the whole value; a term
without them finds values that contain it as tokens. There is no wildcard.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

_SEARCH = re.compile(
    r"""^\s*SEARCH\(\s*'(?P<query>[^']*)'\s*,\s*'(?P<stat>[^']+)'\s*(?:,\s*(?P<period>\d+)\s*)?\)\s*$"""
)
_SCHEMA = re.compile(r"^\s*\{(?P<names>[^}]*)\}(?P<terms>.*)$", re.DOTALL)
_TERM = re.compile(
    r"""\s*(?:(?P<name>[\w.]+)\s*=\s*)?(?:"(?P<exact>[^"]*)"|(?P<partial>[^\s"=]+))"""
)
_METRIC_NAME = "MetricName"
_WORD = re.compile(r"[A-Za-z0-9]+")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


class SearchError(ValueError):
    """A search expression that CloudWatch would not take, or that is not known here."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric as it was published."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a search: of a metric's name or a dimension if it is designated, else of any value."""

    designator: str | None
    text: str
    is_exact: bool

    def finds(self, metric: Metric) -> bool:
        """Whether a metric has a value that the term means."""
        return any(map(self._matches, self._values(metric)))

    def _values(self, metric: Metric) -> Iterator[str]:
        if self.designator in {None, _METRIC_NAME}:
            yield metric.name
        for name, value in metric.dimensions.items():
            if self.designator in {None, name}:
                yield value

    def _matches(self, value: str) -> bool:
        return self.text == value if self.is_exact else tokens(self.text) <= tokens(value)


@dataclass(frozen=True, slots=True)
class Search:
    """A search expression: what is looked for, and how the series found are summed up.

    `period` is None where the graph's own counts. [s]
    """

    namespace: str
    dimensions: frozenset[str]
    terms: tuple[Term, ...]
    stat: str
    period: int | None

    def finds(self, metric: Metric) -> bool:
        """Whether the search finds a metric."""
        return (
            metric.namespace == self.namespace
            and metric.dimensions.keys() == self.dimensions
            and all(term.finds(metric) for term in self.terms)
        )

    def among(self, metrics: Iterable[Metric]) -> list[Metric]:
        """Return the metrics that are found, in a fixed order."""
        found = [each for each in metrics if self.finds(each)]
        return sorted(found, key=lambda each: (each.name, sorted(each.dimensions.items())))


def is_search(expression: str) -> bool:
    """Whether an expression of metric math is a search."""
    return expression.strip().upper().startswith("SEARCH(")


def read(expression: str) -> Search:
    """Read a search expression.

    Raises
    ------
    SearchError
        It has not the form `SEARCH('{namespace,dimension,…} term …', 'statistic', period)`, or it joins terms
        with OR and NOT, which nobody needs here.
    """
    whole = _SEARCH.match(expression)
    schema = whole and _SCHEMA.match(whole["query"])
    if not whole or not schema:
        message = (
            f"{expression!r} is no SEARCH('{{namespace,dimension,…}} terms', 'statistic', period)"
        )
        raise SearchError(message)
    namespace, *dimensions = [each.strip().strip('"') for each in schema["names"].split(",")]
    return Search(
        namespace,
        frozenset(dimensions),
        tuple(_terms(schema["terms"].strip())),
        whole["stat"],
        int(whole["period"]) if whole["period"] else None,
    )


def tokens(value: str) -> set[str]:
    """Return the tokens of a value: its words, and the parts that capitals and digits begin in them."""
    words = _WORD.findall(value)
    parts = [part for word in words for part in _PART.findall(word)]
    return {each.lower() for each in (*words, *parts)}


def _terms(text: str) -> Iterator[Term]:
    place = 0
    while place < len(text):
        found = _TERM.match(text, place)
        if not found or found["partial"] in {"OR", "NOT", "(", ")"}:
            message = f"search term {text[place:]!r} is not known to the local platform"
            raise SearchError(message)
        place = found.end()
        if found["partial"] == "AND":
            continue
        is_exact = found["exact"] is not None
        yield Term(found["name"], found["exact"] if is_exact else found["partial"], is_exact)
