"""A week as one page of HTML: trends of every model, no script, readable on a phone and in the dark."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence

from services.notifier.domain.review import words
from services.notifier.domain.review.facts import Files, ModelReview, Review, Trend

_WIDTH, _HEIGHT, _EDGE = 220, 56, 4  # of a small chart [px]

# What is drawn: its name, the value of a week, and how the value reads.
_MEASURES: tuple[tuple[str, Callable[[Trend], float | None], Callable[[float], str]], ...] = (
    ("R²", lambda week: week.figures.r2, lambda value: f"{value:.3f}"),
    ("Error (share of capacity)", lambda week: week.figures.nmae, lambda value: f"{value:.1%}"),
    ("Energy predicted too high", lambda week: week.figures.bias, lambda value: f"{value:+.1%}"),
    ("Inside P10 to P90", lambda week: week.figures.coverage, lambda value: f"{value:.0%}"),
    ("Retrains", lambda week: float(week.runs), lambda value: f"{value:.0f}"),
    ("Cost of retrains", lambda week: week.cost_usd, lambda value: f"{value:.2f} USD"),
)

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root{color-scheme:light dark;--ink:#1b2733;--dim:#5b6b7a;--paper:#fff;--line:#d6dde4;--mark:#b45309}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--dim:#9fb0c0;--paper:#10161c;--line:#2b3946;--mark:#f0a94b}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:64rem;padding:1rem;background:var(--paper);color:var(--ink);
font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.4rem}h2{font-size:1.15rem;margin-top:2rem;border-top:1px solid var(--line);padding-top:1rem}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(14rem,1fr));gap:1rem}
figure{margin:0}figcaption{color:var(--dim);font-size:.9rem}figcaption b{color:var(--ink)}
svg{display:block;width:100%;max-width:220px;height:auto}
polyline{fill:none;stroke:var(--mark);stroke-width:2}circle{fill:var(--mark)}
@media print{figure,li{break-inside:avoid}}
"""


def page(review: Review) -> str:
    """Return the page of a review.

    Every text is escaped: names and reasons come from outside.
    """
    title = html.escape(words.subject(review))
    body = "".join(
        [
            f"<h1>{title}</h1>",
            *map(_section, words.sections(review)),
            *_files(review.file_weeks),
            *_models(review.models),
        ]
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    )


def _section(section: words.Section) -> str:
    items = "".join(f"<li>{_safe(line)}</li>" for line in section.lines)
    if not section.title:
        return f"<p>{_safe(' '.join(section.lines))}</p>"
    return f"<h2>{_safe(section.title)}</h2><ul>{items}</ul>"


def _files(weeks: Sequence[Files]) -> Iterable[str]:
    if weeks:
        accepted = _chart([float(each.accepted) for each in weeks], "Files accepted", _whole)
        refused = _chart([float(each.refused) for each in weeks], "Files refused", _whole)
        yield (
            f"<h2>Files, {_safe(weeks[0].week)} to {_safe(weeks[-1].week)}</h2>"
            f'<div class="charts">{accepted}{refused}</div>'
        )


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _models(models: Iterable[ModelReview]) -> Iterable[str]:
    for model in models:
        if model.trends:
            charts = "".join(
                _chart(list(map(value, model.trends)), name, said)
                for name, value, said in _MEASURES
            )
            last = model.trends[-1].week
            yield (
                f"<h2>{_safe(model.model_id)}, {_safe(model.trends[0].week)} to {_safe(last)}</h2>"
                f'<div class="charts">{charts}</div>'
            )


def _chart(weeks: Sequence[float | None], name: str, said: Callable[[float], str]) -> str:
    """Return a small chart with its name and last value; weeks without a value are left out."""
    known = [(number, each) for number, each in enumerate(weeks) if each is not None]
    if not known:
        return f"<figure><figcaption>{_safe(name)}: not known</figcaption></figure>"
    values = [each for _, each in known]
    low, high = min(values), max(values)
    wide = (_WIDTH - 2 * _EDGE) / max(len(weeks) - 1, 1)
    tall = (_HEIGHT - 2 * _EDGE) / ((high - low) or 1.0)
    points = [
        (_EDGE + wide * number, _HEIGHT - _EDGE - tall * (each - low)) for number, each in known
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    spoken = f"{name}: {said(values[-1])}; from {said(low)} to {said(high)}"
    return (
        f'<figure><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{_safe(spoken)}">'
        f'<polyline points="{line}"/><circle cx="{x:.1f}" cy="{y:.1f}" r="3"/></svg>'
        f"<figcaption>{_safe(name)}: <b>{_safe(said(values[-1]))}</b><br>"
        f"{_safe(said(low))} to {_safe(said(high))}</figcaption></figure>"
    )


def _safe(text: str) -> str:
    return html.escape(text, quote=True)
