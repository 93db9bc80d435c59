"""``index.html``: the dossier on one page that needs no script, no font and no picture from elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from common.artifacts.values import mapping, text
from common.artifacts.words import NOTHING
from common.dossier.evidence import Evidence
from common.dossier.figures.figure import SYNTHETIC, Figure
from common.dossier.items import NOT_RECORDED, PERSON, Checklist, Row, Who, tally
from common.labels import SYNTHETIC as SYNTHETIC_SENTENCE

_STYLE = """
:root { color: #17212B; background: #FFFFFF; font: 15px/1.5 Helvetica, Arial, "Noto Sans", sans-serif; }
body { max-width: 62rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.7rem; } h2 { margin-top: 2.5rem; border-bottom: 2px solid #0072B2; } h3 { margin-bottom: .3rem; }
table { border-collapse: collapse; width: 100%; font-size: .86rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid #D9DFE5; }
thead { display: table-header-group; } tr { break-inside: avoid; }
code { font-size: .78rem; overflow-wrap: anywhere; } .muted { color: #4A5561; }
.person { border-left: 4px solid #D55E00; padding-left: .5rem; }
figure { margin: 1.2rem 0; break-inside: avoid; } svg { max-width: 100%; height: auto; border: 1px solid #D9DFE5; }
.loud { background: #8A1C1C; color: #FFFFFF; font-weight: bold; padding: .5rem .8rem; }
pre { white-space: pre-wrap; font-size: .78rem; background: #F4F6F8; padding: .8rem; }
@page { margin: 18mm 15mm; }
@media print { body { max-width: none; padding: 0; } h2 { break-after: avoid; }
  .stamp { position: fixed; top: -9mm; right: 0; color: #8A1C1C; font-weight: bold; } }
@media screen { .stamp { display: none; } }
"""


def page(
    evidence: Evidence,
    figures: Sequence[Figure],
    checklists: Mapping[Checklist, Sequence[Row]],
    environment: Mapping[str, Any],
    settings: str,
) -> bytes:
    """Return the page; everything that a run says is escaped."""
    run = evidence.run
    name = f"{SYNTHETIC}: dossier of {run.run_id}" if run.synthetic else f"Dossier of {run.run_id}"
    parts = [
        f"<h1>{escape(name)}</h1>",
        *_loud(evidence),
        _summary(evidence),
        _contents(checklists),
        *(_checklist(checklist, rows) for checklist, rows in checklists.items()),
        _figures(figures),
        _evaluations(evidence),
        _environment(environment),
        f'<h2 id="settings">Settings</h2><pre>{escape(settings)}</pre>' if settings else "",
        _hashes(evidence),
    ]
    stamp = f'<div class="stamp">{SYNTHETIC}</div>' if run.synthetic else ""
    head = f'<meta charset="utf-8"><title>{escape(name)}</title><style>{_STYLE}</style>'
    body = "\n".join(part for part in parts if part)
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>{stamp}\n{body}\n</body></html>\n'.encode()


def _loud(evidence: Evidence) -> list[str]:
    said = [SYNTHETIC_SENTENCE if evidence.run.synthetic else None, evidence.run.notice]
    return [f'<p class="loud">{escape(each)}</p>' for each in said if each]


def _summary(evidence: Evidence) -> str:
    run, meta = evidence.run, evidence.meta
    rows = [
        ("State of the run", run.state + (f": {run.status.reason}" if run.status.reason else "")),
        ("Strategy", run.strategy or NOTHING),
        ("Rounds", f"{len(run.rounds)} complete" + (f" of {run.status.rounds}" if run.status.rounds else "")),
        ("Hospitals", ", ".join(run.hospitals) or NOTHING),
        ("Began", run.status.started_at or NOTHING),
        ("Ended", run.status.ended_at or text(meta.get("trained_at")) or NOTHING),
        ("Weights, SHA-256", text(meta.get("sha256")) or run.no_shared_model or "not recorded"),
    ]
    problems = [f"{each.file}: {each.sentence}" for each in evidence.problems]
    listed = "".join(f"<li>{escape(each)}</li>" for each in problems)
    trouble = f"<p>What could not be read:</p><ul>{listed}</ul>" if problems else ""
    return f"{_table((), rows)}{trouble}"


def _contents(checklists: Mapping[Checklist, Sequence[Row]]) -> str:
    links = [(f"#{each.key}", each.title) for each in checklists]
    links += [("#figures", "Figures"), ("#environment", "Environment"), ("#files", "Files")]
    return "<p>" + " · ".join(f'<a href="{at}">{escape(name)}</a>' for at, name in links) + "</p>"


def _checklist(checklist: Checklist, rows: Sequence[Row]) -> str:
    head = (
        f'<h2 id="{checklist.key}">{escape(checklist.title)}</h2><p class="muted">{escape(checklist.reference)} Items '
        f"are in our words. {tally(rows).sentence} What a person must write is marked in orange.</p>"
    )
    body = "".join(_item(row) for row in rows)
    columns = "<tr><th>Item</th><th>What it asks</th><th>Answer</th></tr>"
    return f"{head}<table><thead>{columns}</thead><tbody>{body}</tbody></table>"


def _item(row: Row) -> str:
    item, answer = row.item, ""
    if row.answer:
        answer = escape(row.answer.text)
    elif item.who is not Who.PERSON:
        answer = f'<span class="muted">{NOT_RECORDED}</span>'
    at = "".join(f"<br><code>{escape(path)} {digest}</code>" for path, digest in row.files)
    person = f'<div class="person">{PERSON}: {escape(item.person)}</div>' if item.person else ""
    asks = f'{escape(item.asks)}<br><span class="muted">{escape(item.section)}</span>'
    return f"<tr><td>{item.number}</td><td>{asks}</td><td>{answer}{at}{person}</td></tr>"


def _figures(figures: Sequence[Figure]) -> str:
    shown = "".join(
        f"<figure>{_drawing(each.svg)}<figcaption>{escape(each.caption)} "
        f'<a href="figures/{each.name}.csv">Numbers</a></figcaption></figure>'
        for each in figures
    )
    return f'<h2 id="figures">Figures</h2>{shown or "<p>This run recorded no figure.</p>"}'


def _drawing(svg: bytes) -> str:
    """Return a drawing as part of the page, so that the page is whole without its folder."""
    return svg.decode().partition("?>")[2].strip()


def _evaluations(evidence: Evidence) -> str:
    if not evidence.evaluations:
        return '<h2 id="evaluations">Evaluations elsewhere</h2><p>None of this run is recorded.</p>'
    rows = []
    for each in evidence.evaluations:
        same = _same_model(evidence, text(each.meta.get("model_sha256")))
        rows.append((each.name, ", ".join(each.hospitals) or NOTHING, same))
    head = ("Evaluation", "Hospitals", "Model")
    return f'<h2 id="evaluations">Evaluations elsewhere</h2>{_table(head, rows)}'


def _same_model(evidence: Evidence, sha256: str | None) -> str:
    own = text(evidence.meta.get("sha256"))
    if sha256 is None or own is None:
        return "not recorded"
    return "this run's weights" if sha256 == own else f"OTHER weights: {sha256}"


def _environment(environment: Mapping[str, Any]) -> str:
    rows = [(name, str(value)) for name, value in environment.items() if not isinstance(value, Mapping)]
    rows += [
        (f"{group}: {name}", str(value)) for group, body in environment.items() for name, value in mapping(body).items()
    ]
    return f'<h2 id="environment">Environment</h2>{_table((), rows)}'


def _hashes(evidence: Evidence) -> str:
    rows = [(path, digest) for path, digest in sorted(evidence.sha256.items())]
    intro = "<p>The run's own files, below <code>recorded/</code>. SHA256SUMS lists every file of this folder.</p>"
    return f'<h2 id="files">Files</h2>{intro}{_table(("File", "SHA-256"), rows)}'


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    top = f"<thead><tr>{''.join(f'<th>{escape(each)}</th>' for each in head)}</tr></thead>" if head else ""
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(each))}</td>' for each in row)}</tr>" for row in rows)
    return f"<table>{top}<tbody>{body}</tbody></table>"
