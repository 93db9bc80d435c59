"""Privacy: what a run promises each patient, what it spent of it, what attacks found, and what the centre could see."""

import pandas as pd
import streamlit as st

from common.artifacts.privacy import audit_words, words
from common.artifacts.privacy.audit import PrivacyAudit
from common.artifacts.privacy.guarantee import RunPrivacy, privacy_of
from common.artifacts.privacy.seen import NOT_RECORDED
from common.artifacts.schema import Run
from dashboard.charts import formats, privacy, theme
from dashboard.components import chosen_run, folded, parts, verdict
from dashboard.data import cached
from dashboard.data import privacy as tables
from dashboard.data.gains import left
from dashboard.data.verdicts.privacy import of_run

SECTION = "section"


def draw() -> None:
    """Draw the page."""
    parts.header("Privacy", "What protects the patients of this run, and what could still be learnt of them.")
    run = chosen_run.require()
    parts.status_line(run)
    chosen_run.follow(run)
    audit, problems = cached.privacy_audit(run.run_id)
    parts.problems(problems)
    found = privacy_of(run, cached.run_settings(run.run_id)[0])
    verdict.draw(of_run(found, audit, finished=bool(run.meta)))
    parts.metrics(_headline(found, audit))
    if found.is_private:
        _spent(run, found)
    with parts.card("Claim and attack", "What an attack proves at least, beside what the run promises at most."):
        _attack(found, audit)
    drawn = {
        "What was set": lambda: parts.table(tables.set_table(found), alt="What protection was set."),
        "What the centre could see": lambda: _seen(run, found),
        "What left each hospital": lambda: _left(run),
    }
    folded.tabs(drawn, key=SECTION)


def _headline(found: RunPrivacy, audit: PrivacyAudit | None) -> list[parts.Metric]:
    bound = audit_words.lower_bound(audit)
    secure = {True: "on", False: "off"}[found.is_secure] if found.name else formats.MISSING
    spent = words.promised(found.spent) if found.spent is not None else formats.MISSING
    budget = f"of {words.promised(found.epsilon)}" if found.epsilon is not None else ""
    return [
        parts.Metric("Epsilon", spent, budget, help="Spent at the hospital that spent most; less is more private."),
        parts.Metric("Delta", words.delta_text(found.delta) if found.is_private else formats.MISSING),
        parts.Metric(
            "Proven epsilon",
            formats.MISSING if bound is None else words.proven(bound),
            "at least" if bound is not None else "",
            help="By canaries: an attack that succeeded this often proves that epsilon cannot be lower.",
        ),
        parts.Metric("Secure aggregation", secure, help="On: the centre learns the sum of the updates alone."),
    ]


def _spent(run: Run, found: RunPrivacy) -> None:
    with parts.card("Epsilon spent over the rounds", "Of each hospital, against the centre.", help=words.LIMITS):
        if any(part.epsilon is not None for each in run.rounds for part in each.hospitals.values()):
            alt = "Epsilon that each hospital had spent after each round; the table below says what is left."
            parts.plot(privacy.spent(run, found, parts.colours()), key="epsilon", alt=alt)
        else:
            st.caption(parts.NOT_RECORDED)
        if found.per_hospital:
            parts.table(tables.spent_table(found, finished=bool(run.meta)), alt="What each hospital spent.")
        _list(words.sentences(found)[1:])


def _attack(found: RunPrivacy, audit: PrivacyAudit | None) -> None:
    if audit is None:
        st.caption(audit_words.NONE)
        return
    claimed, bound = found.spent if found.is_private else None, audit_words.lower_bound(audit)
    if bound is not None and claimed is not None:
        alt = "From what the attack proves to what the run claims; the table below has the figures."
        parts.plot(privacy.claim(bound, claimed, parts.colours()), key="claim", alt=alt)
    if said := audit_words.beside(audit, claimed):
        st.markdown(theme.markdown(said))
    if rows := audit_words.rows(audit):
        parts.table(pd.DataFrame(rows, columns=audit_words.HEAD), alt="What each attack found.")
    st.caption(f"{audit_words.HOW} Finished {formats.when(audit.finished)}.")


def _seen(run: Run, found: RunPrivacy) -> None:
    st.caption("No more than this run's files prove; docs/privacy.md says what is done against each.")
    parts.table(tables.seen_table(run, found), alt="What the centre could see, and what it could give away.")
    if not found.name:
        st.caption(NOT_RECORDED)


def _left(run: Run) -> None:
    parts.table(tables.sent_table(run), alt="Bytes that left each hospital in all rounds.")
    st.caption(theme.markdown(left.NO_PICTURES))


def _list(sentences: list[str]) -> None:
    st.markdown("\n".join(f"- {theme.markdown(each)}" for each in sentences))


if __name__ == "__main__":
    draw()
