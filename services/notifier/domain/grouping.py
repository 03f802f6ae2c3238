"""Many notices of one cause become one: they gather until nothing more comes, or for long enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.notifier.domain.notice import WORDS, Notice
from shared.ids import content_id

MOST_NAMED = 20  # things that a message names
MOST_OPENED = 20  # groups that are opened in ten minutes before they become wider
WINDOW = timedelta(seconds=60)
MOST_IN_A_WINDOW = 20  # notices; SNS suspends an e-mail subscription above 10 a second
OPENINGS = timedelta(minutes=10)
_URGENT = "urgent"


@dataclass(frozen=True, slots=True)
class Waits:
    """How long notices of one cause gather: until nothing came for `quiet`, at most for `longest`."""

    quiet: timedelta = timedelta(seconds=60)
    longest: timedelta = timedelta(minutes=10)

    @property
    def urgent(self) -> Waits:
        """Return how long what cannot wait gathers, where there is too much of it to tell each alone."""
        return Waits(
            min(self.quiet, timedelta(seconds=10)), min(self.longest, timedelta(seconds=30))
        )


@dataclass(frozen=True, slots=True)
class Group:
    """Notices of one cause that wait to be told together.

    `first` is the gravest of those that came, of equals the one that happened first; where each tells what
    the ones before it came to, it is the last of them. `wide` says that it
    takes whatever is of a kind, because more happens than can be told by cause.
    """

    cause: str
    opened_at: datetime
    last_at: datetime
    count: int
    first: Notice
    names: tuple[str, ...]
    revision: int = 0
    wide: bool = False

    @classmethod
    def of(cls, cause: str, notice: Notice, now: datetime, *, wide: bool = False) -> Group:
        """Open a group with its first notice."""
        return cls(cause, now, now, 1, notice, (_name(notice, wide=wide),), wide=wide)

    @property
    def id(self) -> str:
        """Return what it is called; a later group of the same cause is called otherwise."""
        return content_id("group", self.cause, self.opened_at)

    @property
    def is_urgent(self) -> bool:
        """Whether it holds what is never told among lesser things."""
        return self.cause.startswith(_URGENT)

    def joined_by(self, notice: Notice, now: datetime) -> Group:
        """Return the group with one more notice."""
        name = _name(notice, wide=self.wide)
        known = name in self.names or len(self.names) == MOST_NAMED
        return replace(
            self,
            last_at=max(now, self.last_at),
            count=self.count + 1,
            first=min(self.first, notice, key=_gravest_first),
            names=self.names if known else (*self.names, name),
        )

    def due_at(self, waits: Waits) -> datetime:
        """Return when it is told, unless more comes."""
        chosen = waits.urgent if self.is_urgent else waits
        return min(self.last_at + chosen.quiet, self.opened_at + chosen.longest)

    def is_ripe(self, waits: Waits, now: datetime) -> bool:
        """Whether it may be told with another that is due: half its quiet time is over."""
        return now >= self.due_at(waits) - waits.quiet / 2


def wide_cause(notice: Notice) -> str:
    """Return the cause of what is told by its kind alone."""
    return f"{_URGENT} {notice.kind}" if notice.stands_alone else f"all {notice.kind}"


def window_of(now: datetime, length: timedelta = WINDOW) -> str:
    """Return the window of time that a moment lies in, by its start."""
    size = int(length.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // size * size, now.tzinfo).isoformat()


def told(groups: Sequence[Group], now: datetime) -> Notice:
    """Return one notice that tells groups: one as what it is, several as a digest, the gravest first."""
    ordered = sorted(groups, key=lambda each: (-each.first.severity, each.first.site, each.cause))
    notice_id = content_id("digest", *(each.id for each in ordered))
    if len(ordered) == 1:
        return replace(_alone(ordered[0], now), id=notice_id)
    worst = ordered[0].first.severity
    return Notice(
        id=notice_id,
        kind="digest",
        severity=worst,
        subject=f"{subject(ordered[0])}, and {_more(len(ordered) - 1)}",
        lines=tuple(_paragraph(each) for each in ordered),
        happened_at=now,
        site=_common([each.first.site for each in ordered]),
        model=_common([each.first.model for each in ordered]),
    )


def subject(group: Group) -> str:
    """Return what a group is, in a line."""
    if group.count == 1:
        return group.first.subject
    if group.wide:
        return f"{group.count:,} times {group.first.kind.replace('_', ' ')}"
    if group.first.tells_so_far:
        return group.first.subject
    if group.first.several:
        return group.first.several.replace("{count}", f"{group.count:,}")
    return f"{group.count:,} times: {group.first.subject}"


def _alone(group: Group, now: datetime) -> Notice:
    if group.count == 1:
        return group.first
    first = group.first
    example = () if first.tells_so_far else (f"One of them, {first.thing or first.subject}:",)
    return replace(
        first,
        subject=subject(group),
        lines=(*example, *first.lines, *_named(group)),
        happened_at=now,
        facts=tuple(each for each in first.facts if each[1] != first.thing),
        offers=(),
    )


def _paragraph(group: Group) -> str:
    first = group.first
    lines = [f"{WORDS[first.severity]}{subject(group)}."]
    if group.count == 1 or not first.remedy:
        lines += first.lines[:1]
    if first.remedy:
        lines.append(f"What to do: {first.remedy}")
    return "\n".join([*lines, *_named(group)])


def _named(group: Group) -> list[str]:
    names = sorted(filter(None, group.names))
    if group.count == 1 or not names:
        return []
    shown = [f"- {each}" for each in names]
    if len(group.names) == MOST_NAMED and group.count > MOST_NAMED:
        shown.append(f"- and {group.count - MOST_NAMED:,} more; `solar notices` lists every one")
    return ["\n".join(shown)]


def _name(notice: Notice, *, wide: bool) -> str:
    return notice.thing or (notice.subject if wide else "")


def _gravest_first(notice: Notice) -> tuple[int, int, datetime, str]:
    return -notice.severity, -notice.tells_so_far, notice.happened_at, notice.id


def _more(count: int) -> str:
    return "1 more thing" if count == 1 else f"{count} more things"


def _common(names: Sequence[str]) -> str:
    return names[0] if len(set(names)) == 1 else ""
