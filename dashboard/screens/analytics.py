"""Analytics: how the finished model does, per class and per hospital, how sure that is, and why to doubt it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

import pandas as pd
import streamlit as st

from common.artifacts import load, schema
from common.labels import CLASSES
from common.metrics.calibration import expected_calibration_error
from common.metrics.confusion import FEW_CASES
from common.text import counted, listed
from dashboard.charts import analytics, formats, labels, theme
from dashboard.components import address, chosen_run, elsewhere, folded, parts, scored, verdict
from dashboard.components.tested import headline, likeness
from dashboard.data import cached, case_figures, caveats, facts, results
from dashboard.data.verdicts.analytics import of_run
from dashboard.data.verdicts.model import lowest_recalls
from dashboard.data.verdicts.verdict import class_word, sentence
from dashboard.reports import run_report

CHOSEN, SECTION = "of", "section"
ICONS = {True: ":material/check_circle:", False: ":material/warning:", None: ":material/help:"}


def draw() -> None:
    """Draw the page."""
    parts.header("Analytics")
    run = chosen_run.require()
    parts.status_line(run)
    chosen_run.follow(run)
    overall, hospitals = results.overall_result(run), results.hospital_results(run)
    if overall is None:
        parts.empty(_why_no_test(run))
        st.stop()
    remarks = caveats.remarks(run, [overall, *hospitals.values()])
    verdict.draw(of_run(run, overall, remarks))
    parts.metrics(_headline(run, overall, hospitals))
    headline.caption(run)
    _believed(remarks)
    _downloads(run)
    drawn = {
        "Class by class": lambda: _classes(_choose(overall, hospitals)),
        "Hospital by hospital": lambda: _hospitals(run, overall, hospitals),
        "Likeness": lambda: likeness.draw(case_figures.metrics_of(run, _choose(overall, hospitals).title)),
        "Confidence": lambda: _reliability(run),
        "Ranking, patients and subgroups": lambda: _scored(run, _choose(overall, hospitals)),
        "Elsewhere": lambda: elsewhere.draw(run),
    }
    folded.tabs(drawn, key=SECTION)


def class_table(result: results.Result) -> pd.DataFrame:
    """Return one row a class: support, recall, precision and F1 with 95 % intervals, and a mark for few cases."""
    return pd.DataFrame(
        {
            "Class": theme.class_title(row.name),
            "Test slices": formats.whole(row.support),
            "Recall": formats.share(row.recall),
            "Precision": formats.share(row.precision),
            "F1": formats.share(row.f1),
            "Note": "none here" if row.support == 0 else f"fewer than {FEW_CASES}" if row.few else "",
        }
        for row in result.classes
    )


def hospital_table(hospitals: Mapping[str, results.Result], overall: results.Result) -> pd.DataFrame:
    """Return one row a hospital: accuracy with its interval, difference to all, macro F1, recall of each class."""
    rows = []
    for name, result in hospitals.items():
        accuracy, base = result.accuracy.value, overall.accuracy.value
        recalls = {
            theme.class_title(label): formats.share_of(row.recall, row.support)
            for label, row in zip(CLASSES, result.classes, strict=True)
        }
        rows.append(
            {
                "Hospital": name,
                "Test slices": formats.whole(result.n_test),
                "Accuracy": formats.share(result.accuracy),
                "vs all": formats.points(None if accuracy is None or base is None else accuracy - base),
                "Macro F1": formats.share(result.macro_f1),
                **recalls,
            }
        )
    return pd.DataFrame(rows)


def _why_no_test(run: schema.Run) -> str:
    if run.state == "running":
        return f"{run.run_id} is still running; the test follows its last round. See its rounds on the Training page."
    if run.state in ("failed", "interrupted"):
        return f"{run.run_id} did not reach its test. What it did reach is on the Training page."
    return f"{run.run_id} recorded no test figures."


def _headline(run: schema.Run, overall: results.Result, hospitals: Mapping[str, results.Result]) -> list[parts.Metric]:
    accuracy, macro = overall.accuracy, overall.macro_f1
    cells = [
        headline.accuracy_metric(facts.of_recipe(run, "Accuracy"), accuracy, run),
        *headline.beside(run),
        parts.Metric(
            "Macro F1",
            formats.percent(macro.value),
            formats.interval(macro.interval),
            help="Mean over the classes that have test slices.",
        ),
    ]
    known = [(result.accuracy.value, name) for name, result in hospitals.items() if result.accuracy.value is not None]
    if known:
        value = min(known)[0]
        lowest_at = [name for accuracy, name in known if accuracy == value]
        who = listed(lowest_at) if len(lowest_at) < 3 else f"{len(lowest_at)} hospitals"
        cells.append(parts.Metric("Lowest hospital", formats.percent(value), theme.markdown(who)))
    if lowest := lowest_recalls(overall):
        names = sentence(listed([class_word(row.name) for row in lowest]))
        cells.append(parts.Metric("Lowest recall", formats.percent(lowest[0].recall.value), names))
    error = expected_calibration_error(results.stated(run))
    gap = "not recorded" if error is None else f"{error * 100:.1f} pp"
    words = "Expected calibration error: mean distance of stated confidence and share correct, in percentage points."
    return [*cells, parts.Metric("Calibration", gap, help=words)]


def _choose(overall: results.Result, hospitals: Mapping[str, results.Result]) -> results.Result:
    """Let the visitor choose whose test slices the figures below are about."""
    if not hospitals:
        st.caption("This run recorded its test over all hospitals together, not per hospital.")
        return overall
    options = [results.ALL, *hospitals]
    address.seed_one(CHOSEN, options, results.ALL)
    chosen = str(
        st.segmented_control(
            "Test slices of", options, required=True, format_func=theme.markdown, key=CHOSEN, wrap=True
        )
    )
    address.keep(**{CHOSEN: chosen if chosen != results.ALL else None})
    return hospitals.get(chosen, overall)


def _believed(remarks: Sequence[caveats.Remark]) -> None:
    """Fold what must be known before the figures are believed behind how much of it speaks against them."""
    against, unknown = (sum(remark.sound is sound for remark in remarks) for sound in (False, None))
    counts = [counted(against, "reason for doubt", "reasons for doubt")] if against else ["no reason for doubt known"]
    counts += [f"{unknown} not known"] if unknown else []
    with st.expander(f"Can the figures be believed? {', '.join(counts)}"):
        lines = [f"- {ICONS[each.sound]} {theme.markdown(labels.shown(each.sentence))}" for each in remarks]
        st.markdown("\n".join(lines))


def _classes(result: results.Result) -> None:
    left, right = st.columns(2, gap="medium")
    with left, parts.card("How often each class is found", help=result.sure):
        figure = analytics.class_intervals(result.classes, parts.colours())
        parts.plot(figure, key="class_intervals", alt="Recall and precision of each class; the table says the same.")
        if any(row.few for row in result.classes):
            st.caption(f"Hollow: fewer than {FEW_CASES} test slices.")
    with right, parts.card("Where it goes wrong", help="Slices, and their share of the true class (colour)."):
        _confusion(result)
    parts.table(class_table(result), alt="Each class in figures.")


def _hospitals(run: schema.Run, overall: results.Result, hospitals: Mapping[str, results.Result]) -> None:
    if not hospitals:
        st.caption(parts.NOT_RECORDED)
        return
    st.caption(f"Recall per class, of how many slices; – no test slice of that class; * fewer than {FEW_CASES}.")
    parts.table(hospital_table(hospitals, overall), alt="Each hospital in figures.")
    st.caption(theme.markdown(facts.fairness_sentence(run)))


def _scored(run: schema.Run, chosen: results.Result) -> None:
    caption = "Each class against the rest. 95 % intervals in brackets."
    st.caption(caption, help="From counts by score that hospitals add up.")
    scored.draw(case_figures.figures_of(run, chosen.title))


def _confusion(result: results.Result) -> None:
    if result.confusion is None:
        st.caption(parts.NOT_RECORDED)
        return
    figure = analytics.confusion_matrix(result.confusion, parts.colours())
    words = "; ".join(
        f"true {theme.class_title(row.name)}: {', '.join(str(n) for n in counts)}"
        for row, counts in zip(result.classes, result.confusion, strict=True)
    )
    parts.plot(figure, key="confusion", alt=f"Slices by true class (predicted in the same order): {words}.")


def _reliability(run: schema.Run) -> None:
    bins = results.stated(run)
    if not any(part.count for part in bins):
        st.caption(parts.NOT_RECORDED)
        return
    words = "; ".join(
        f"stated {part.confidence * 100:.0f} %, correct {part.accuracy * 100:.0f} % of {part.count}"
        for part in bins
        if part.count
    )
    st.caption("All hospitals. Below the dotted line: too sure.", help="Dot area = slices.")
    figure = analytics.reliability(bins, parts.colours(), results.calibrated(run))
    parts.plot(figure, key="reliability", alt=f"Reliability: {words}.")
    st.caption(results.calibration_sentence(run))


def _downloads(run: schema.Run) -> None:
    """Draw the button of the report, which is made when it is pressed, and that of the model card."""
    card = load.load_card(run.folder)
    with st.container(horizontal=True, vertical_alignment="center"):
        parts.download(
            "Report as PDF",
            partial(_pdf, run),
            f"{run.run_id}-report.pdf",
            key="run_pdf",
            help="A few pages for someone who was not there: figures, intervals, limits.",
        )
        if case_figures.figures_of(run, results.ALL):
            parts.download(
                "Figures as CSV",
                lambda: case_figures.figures_csv(run),
                f"{run.run_id}-figures.csv",
                key="figures_csv",
                help="AUROC, average precision, sensitivity, specificity and Brier score with their intervals.",
            )
        parts.download(
            "Dossier",
            partial(_dossier, run),
            f"{run.run_id}-dossier.zip",
            key="dossier",
            help="CLAIM 2024 and TRIPOD+AI item by item, figures as SVG and CSV, versions and hashes: for a paper's "
            "supplement or an ethics file.",
        )
        if card is None:
            st.caption("This run wrote no model card.")
            return
        parts.download(
            "Model card",
            card,
            f"{run.run_id}-model_card.md",
            key="model_card",
            help="model_card.md: what a stranger must know of the model, to keep beside its weights.",
        )


def _dossier(run: schema.Run) -> bytes:
    from common.dossier.archive import dossier_zip  # brings scikit-learn

    return dossier_zip(run.folder.parent.parent, run.run_id)


def _pdf(run: schema.Run) -> bytes:
    name = cached.name(run.run_id)
    audit, _ = cached.privacy_audit(run.run_id)
    return run_report.run_pdf(run, datetime.now().astimezone(), name if name != run.run_id else "", audit)


if __name__ == "__main__":
    draw()
