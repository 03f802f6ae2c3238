"""Every page that a message leads to, as a browser gets it; run as a program it writes golden_pages.html."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from services.notifier.domain.links.exchange import Answer, Request
from services.notifier.domain.offer import Verb
from services.notifier.domain.review import page
from services.notifier.domain.review.facts import Review, Span
from shared import layout
from tests.unit.notifier.links.evaluated import RUN, a_run
from tests.unit.notifier.links.world import DOMAIN, FORM, NOW, World
from tests.unit.notifier.review_world import MORNING, ReviewWorld, busy, line

GOLDEN = Path(__file__).parent / "golden_pages.html"
HEAD = "<!-- What the pages say, without head and style; `make notices` writes it anew. -->\n"
LONG = "north-roof-with-a-name-of-32-chars"[:32]


def links() -> Iterator[tuple[str, Answer]]:
    """Yield the pages that links open: what asks, what was done, what shows and what refuses."""
    for verb in (Verb.APPROVE, Verb.REJECT, Verb.ROLLBACK, Verb.HOLD):
        yield f"{verb} with evidence", world().get(world().token(verb, run_id=RUN))
    yield "approve without an evaluation", world().get(world().token())
    yield "a run", world().get(world().token(Verb.RUN, run_id=RUN))
    yield "a run without an evaluation", world().get(world().token(Verb.RUN, run_id="gone"))
    here = world()
    yield (
        "a form without a reason",
        here.post(here.token(run_id=RUN), {"name": "Ada", "reason": ""}),
    )
    yield "decided", here.post(here.token(run_id=RUN))
    yield "decided, and opened again", here.get(here.token(run_id=RUN))
    yield "decided, and sent again", here.post(here.token(run_id=RUN))
    here = world()
    here.pending = []
    yield "decided by somebody else", here.get(here.token())
    here = world()
    token = here.token()
    here.now += timedelta(days=4)
    yield "expired", here.get(token)
    yield "altered", here.get(token[:-3] + "abc")
    yield "no link", here.get("nothing")
    yield "a file that is gone", here.get(here.token(Verb.FILE, key="raw/east/gone.csv"))
    yield "the address alone", here.opening.answer(Request("GET", "/", domain=DOMAIN))
    foreign = {**FORM, "sec-fetch-site": "cross-site"}
    yield "a form of another page", world().post(world().token(), headers=foreign)
    here.answers = False
    here.now = NOW
    yield "the system does not answer", here.post(here.token())


def weeks() -> Iterator[tuple[str, str]]:
    """Yield pages of weeks: of one that needs a person, of long names, of a quiet one."""
    here = busy()
    here.now = MORNING.replace(day=1)  # a Monday
    here.answer(
        "deployer",
        "weeks",
        lines=[line(f"2024-W{number}", nmae=number / 1000) for number in range(19, 27)],
    )
    busiest = here.reviewing.review(Span.WEEK)
    yield "a week that needs a person", page.page(busiest)
    yield "a week of long names", page.page(_long(busiest))
    yield (
        "a week on which nothing needs anybody",
        page.page(ReviewWorld().reviewing.review(Span.WEEK)),
    )


def _long(review: Review) -> Review:
    """Return a review whose names are as long as names can be."""
    models = tuple(each.model_copy(update={"model_id": LONG}) for each in review.models)
    worst = tuple(
        each.model_copy(update={"site_id": LONG, "model_id": LONG}) for each in review.worst
    )
    told = tuple(
        each.model_copy(update={"subject": f"raw/{LONG}/{'power_' * 30}.csv was refused"})
        for each in review.told
    )
    return review.model_copy(update={"models": models, "worst": worst, "told": told})


def world() -> World:
    """A version waits, with an evaluation of its run, a report and a console."""
    made = World(console_url="https://console.example")
    found = a_run()
    known = found.challenger.by_site[0]
    long = known.model_copy(update={"name": LONG})
    sites = (*found.challenger.by_site, long)
    scores = found.challenger.model_copy(update={"by_site": sites})
    body = found.model_copy(update={"challenger": scores}).model_dump_json().encode()
    made.shown.objects = {layout.evaluation(RUN): body, layout.report(RUN): b""}
    return made


def pages() -> Iterator[tuple[str, int, str]]:
    """Yield every page with its name and status."""
    for name, answer in links():
        yield name, answer.status, answer.page
    for name, text in weeks():
        yield name, 200, text


def golden() -> str:
    """Return what all pages say, an element a line."""
    parts = [HEAD]
    for name, status, text in pages():
        main = text[text.index("<main>") : text.index("</main>")].removeprefix("<main>")
        spread = re.sub(
            r"(</(?:h1|h2|p|ul|li|dl|dd|tr|table|figure|label|form|textarea)>)", r"\1\n", main
        )
        parts.append(f"<!-- {name}: {status} -->\n{spread.rstrip()}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    GOLDEN.write_text(golden())
