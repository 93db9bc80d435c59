"""A run while it goes on: a sentence on its process, and what each hospital does, kept up to date by themselves."""

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from common.artifacts.schema import Run
from dashboard.charts import theme
from dashboard.components import parts
from dashboard.data import live
from dashboard.settings import LIVE_SECONDS

MOST_BARS = 12
_ICONS = {"dead": ":material/error:", "silent": ":material/sync_problem:", "slow": ":material/hourglass_top:"}


def sentence(run: Run) -> None:
    """Say whether the run's process lives and how its round stands."""
    now = live.now_of(run)
    if now.kind == "dead":
        st.error(now.sentence, icon=_ICONS["dead"])
    elif now.kind in _ICONS:
        st.warning(now.sentence, icon=_ICONS[now.kind])
    else:
        in_all = f" The run: {live.span(now.worked)} so far." if now.worked is not None else ""
        st.caption(now.sentence + in_all)


def is_followed(run: Run) -> bool:
    """Tell whether a page shows what the run does as it does it."""
    return run.state == "running" and bool(st.session_state.get("follow", True))


def on_map(run: Run, names: Sequence[str]) -> list[str]:
    """Say in a few words what each of these hospitals does; nothing of one that is not known, or once all has ended."""
    now = live.now_of(run)
    told = live.lines(now.live, datetime.now(UTC)) if now.live and now.kind != "dead" else []
    short = {line.hospital: line.short for line in told}
    return [short.get(name, "") for name in names]


def card(run: Run) -> None:
    """Draw what each hospital does, while the run goes on."""
    if run.state != "running" or live.now_of(run).kind == "dead":
        return
    with parts.card("Hospitals now"):
        if is_followed(run):
            _followed(run)
        else:
            _hospitals(run)


def _hospitals(run: Run) -> None:
    now = live.now_of(run)
    if now.live is None:
        st.caption(parts.NOT_RECORDED)
        return
    found = live.lines(now.live, datetime.now(UTC))
    for line in found[:MOST_BARS]:
        st.progress(line.share, f"**{theme.markdown(line.hospital)}** · {theme.markdown(line.said)}")
    if len(found) > MOST_BARS:
        rest = [line.state for line in found[MOST_BARS:]]
        st.caption(f"and {len(rest)} more: {', '.join(f'{rest.count(each)} {each}' for each in sorted(set(rest)))}")


_followed = st.fragment(_hospitals, run_every=LIVE_SECONDS)
