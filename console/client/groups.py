"""The fleet in groups: by model, or by what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from console.client.fleet import TOPICS, Light, Row

Way = Literal["model", "topic"]
WAYS: tuple[Way, ...] = ("model", "topic")
NOTHING = ""  # the group of sites that need nothing, or have no model


@dataclass(slots=True)
class Group:
    """Some sites.

    Attributes
    ----------
    name
        Of a model or topic; '' for sites without one.
    lights
        How many sites have which worst light.
    example
        What the first site says about it, where sites are grouped by what is wrong.
    """

    name: str
    lights: Counter[Light] = field(default_factory=Counter)
    example: str = ""

    @property
    def sites(self) -> int:
        """How many sites there are."""
        return self.lights.total()

    @property
    def rank(self) -> tuple[bool, int, int, str]:
        """What comes first has the most sites with something wrong; sites without a group come last."""
        return self.name == NOTHING, -self.lights["bad"], -self.lights["warn"], self.name


def grouped(rows: Iterable[Row], by: Way) -> list[Group]:
    """Return groups of sites, those first that need people most; a site can be wrong in several ways."""
    found: dict[str, Group] = {}
    for row in rows:
        needs = {str(each.topic): each.text for each in reversed(row.needs)}
        names = {row.model_id: ""} if by == "model" else needs or {NOTHING: ""}
        for name, text in names.items():
            group = found.setdefault(name, Group(name))
            group.lights[row.worst] += 1
            group.example = group.example or (f"{row.site_id}: {text}" if text else "")
    return sorted(found.values(), key=lambda each: each.rank)


def titled(group: Group, by: Way) -> str:
    """Return what a group is called."""
    if group.name == NOTHING:
        return "without a model" if by == "model" else "nothing needs a person"
    titles = {str(name): title for name, title in TOPICS.items()}
    return titles.get(group.name, group.name)
