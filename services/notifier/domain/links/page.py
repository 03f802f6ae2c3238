"""The pages that a link opens: plain HTML without a script, readable on a phone and in the dark."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.notifier.domain.links.evidence import Evidence, Table, cut
from services.notifier.domain.links.grant import Grant
from services.notifier.domain.offer import Verb

LONGEST_NAME, LONGEST_REASON = 64, 500

STYLE = """
:root{color-scheme:light dark;--ink:#1b2733;--dim:#566676;--paper:#fff;--line:#d6dde4;
--go:#0b5cad;--stop:#a3271f}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--dim:#a3b3c2;--paper:#10161c;
--line:#2b3946;--go:#6cb2ff;--stop:#ff8d85}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:46rem;padding:1rem;background:var(--paper);color:var(--ink);
font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.4rem;line-height:1.25}h2{font-size:1.1rem;margin:1.6rem 0 .4rem}
dl{display:grid;grid-template-columns:minmax(8rem,auto) 1fr;gap:.2rem 1rem;margin:0}
dt{color:var(--dim)}dd{margin:0}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:.25rem .5rem;border-bottom:1px solid var(--line)}
td{white-space:nowrap}th{overflow-wrap:normal}
th:first-child,td:first-child{text-align:left;overflow-wrap:anywhere;white-space:normal}
thead th{color:var(--dim);font-weight:600}
form{border:1px solid var(--line);border-radius:.6rem;padding:1rem;margin:1.5rem 0}
label{display:block;margin:.6rem 0 .2rem}
input,textarea{width:100%;padding:.55rem;font:inherit;color:inherit;background:transparent;
border:1px solid var(--dim);border-radius:.35rem}
button{margin-top:1rem;padding:.7rem 1.4rem;font:inherit;font-weight:600;border-radius:.35rem;
border:2px solid var(--go);color:var(--paper);background:var(--go)}
button.stop{border-color:var(--stop);background:var(--stop)}
a{color:var(--go)}
.soft{color:var(--dim);font-size:.92rem}.error{color:var(--stop);font-weight:600}
@media(max-width:30rem){dl{grid-template-columns:1fr}dd{margin-bottom:.4rem}}
"""


@dataclass(frozen=True, slots=True)
class Deed:
    """What a verb does, in words: a title, what will happen, and the button."""

    title: str
    what_happens: str
    button: str
    stops: bool = False


def deed(grant: Grant) -> Deed:
    """Return what an acting link does."""
    model = grant.about.get("model_id", "")
    version = grant.about.get("version", "")
    match grant.verb:
        case Verb.APPROVE:
            return Deed(
                f"Approve version {version} of model {model}?",
                "It is tested before it serves. On instances a part of the requests goes to it first, and "
                "alarms bring back what serves now.",
                f"Approve version {version}",
            )
        case Verb.REJECT:
            return Deed(
                f"Reject version {version} of model {model}?",
                "It is not deployed. What serves now is not touched.",
                f"Reject version {version}",
                stops=True,
            )
        case Verb.ROLLBACK:
            return Deed(
                f"Take version {version} of model {model} back?",
                f"The version before serves again. Version {version} is barred, and the model is held: "
                f"nothing newer is deployed by itself until somebody says solar release {model}, or "
                "approves a version.",
                f"Take version {version} back",
                stops=True,
            )
        case _:
            return Deed(
                f"Hold model {model}?",
                "What serves goes on serving, and nothing newer is deployed by itself until somebody says "
                f"solar release {model}, or approves a version.",
                "Hold the model",
            )


def asking(
    grant: Grant,
    evidence: Evidence | None,
    wrong: str = "",
    kept: Mapping[str, str] | None = None,
    more: Mapping[str, str | None] | None = None,
) -> str:
    """Return the page on which a person decides; a look at it changes nothing.

    Parameters
    ----------
    wrong
        What was wrong with the form that was sent.
    kept
        What was written into it.
    more
        Further addresses, by what they are called: the whole report, the page of the console.
    """
    what, kept = deed(grant), kept or {}
    stop = ' class="stop"' if what.stops else ""
    error = f'<p class="error" role="alert">{_safe(wrong)}</p>' if wrong else ""
    form = (
        f'<form method="post" action="">{error}<p>{_safe(what.what_happens)}</p>'
        f'<label for="name">Your name</label><input id="name" name="name" required '
        f'maxlength="{LONGEST_NAME}" autocomplete="name" value="{_safe(kept.get("name", ""))}">'
        f'<label for="reason">Why</label><textarea id="reason" name="reason" required rows="2" '
        f'maxlength="{LONGEST_REASON}">{_safe(kept.get("reason", ""))}</textarea>'
        f"<button{stop}>{_safe(what.button)}</button></form>"
    )
    end = f"{grant.expires_at:%Y-%m-%d %H:%M} UTC"
    until = f"This link was sent to {grant.recipient}. It acts once, until {end}."
    shown = _evidence(evidence) if evidence is not None else "<p>It has no evaluation to show.</p>"
    return _page(what.title, f'{form}<p class="soft">{_safe(until)}</p>{shown}{_links(more or {})}')


def _links(more: Mapping[str, str | None]) -> str:
    return "".join(
        f'<p><a href="{_safe(address)}">{_safe(name)}</a></p>'
        for name, address in more.items()
        if address
    )


def showing(
    title: str, evidence: Evidence | None, commands: Iterable[str], console: str = ""
) -> str:
    """Return a page that only shows: what a run found, and the commands that tell more."""
    lines = "".join(f"<li><code>{_safe(each)}</code></li>" for each in commands)
    shown = _evidence(evidence) if evidence is not None else "<p>It left no evaluation.</p>"
    more = _links({"In the console": console})
    return _page(title, f"{shown}<h2>More</h2>{more}<ul>{lines}</ul>")


def saying(title: str, *lines: str) -> str:
    """Return a page that says one thing."""
    return _page(title, "".join(f"<p>{_safe(line)}</p>" for line in lines if line))


def _evidence(found: Evidence) -> str:
    reasons = "".join(f"<li>{_safe(each)}</li>" for each in cut(found.reasons))
    facts = "".join(f"<dt>{_safe(name)}</dt><dd>{_safe(said)}</dd>" for name, said in found.facts)
    return (
        f"<h2>What its evaluation found</h2><ul>{reasons}</ul><dl>{facts}</dl>"
        f"{''.join(map(_table, found.tables))}"
    )


def _table(table: Table) -> str:
    head, *rows = table.rows
    columns = "".join(f'<th scope="col">{_safe(each)}</th>' for each in head)
    return (
        f"<h2>{_safe(table.title)}</h2><table><thead><tr>{columns}</tr></thead>"
        f"<tbody>{''.join(map(_row, rows))}</tbody></table>"
    )


def _row(row: Sequence[str]) -> str:
    name, *figures = row
    cells = "".join(f"<td>{_safe(each)}</td>" for each in figures)
    return f'<tr><th scope="row">{_safe(name)}</th>{cells}</tr>'


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<title>{_safe(title)}</title><style>{STYLE}</style></head>"
        f"<body><main><h1>{_safe(title)}</h1>{body}</main></body></html>"
    )


def _safe(text: str) -> str:
    return html.escape(text, quote=True)
