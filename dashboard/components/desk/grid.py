"""The slices on the desk as small pictures, one of which is chosen to be seen large."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard.charts import formats, theme
from dashboard.components.mounted import mounted
from dashboard.model import reading
from dashboard.model.desk import Case, Desk

CHOSEN = "slice_shown"
_GRID = "desk_grid"
_mount = mounted("desk_grid", "desk", '<div class="desk-grid" role="group"></div>')


def choose(cases: Sequence[Case], threshold: float) -> Case:
    """Draw the select of the slice and the steps to its neighbours, and return the slice that is chosen."""
    numbers = [case.number for case in cases]
    if st.session_state.get(CHOSEN) not in numbers:
        st.session_state[CHOSEN] = numbers[0]
    by_number = {case.number: case for case in cases}
    here = numbers.index(st.session_state[CHOSEN])
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            f"Shown large: {here + 1} of {len(cases)} in this order",
            numbers,
            key=CHOSEN,
            format_func=lambda number: f"{by_number[number].title} · {_short(by_number[number], threshold)}",
        )
        _step("Previous", ":material/chevron_left:", numbers, here - 1)
        _step("Next", ":material/chevron_right:", numbers, here + 1)
    return by_number[st.session_state[CHOSEN]]


def draw(cases: Sequence[Case], desk: Desk, threshold: float, chosen: int) -> None:
    """Draw the small pictures."""
    slices = [_tile(case, desk, threshold) for case in cases]
    data = {"alt": "Slices; arrow keys move, Enter shows one large", "chosen": chosen, "slices": slices}
    _mount(key=_GRID, data=data, on_chosen_change=_clicked)


def _clicked() -> None:
    chosen: Any = st.session_state[_GRID]["chosen"]
    if isinstance(chosen, int | float):  # a browser may send anything; a number that is not there is passed over
        st.session_state[CHOSEN] = int(chosen)


def _step(label: str, icon: str, numbers: Sequence[int], to: int) -> None:
    there = 0 <= to < len(numbers)

    def go() -> None:
        st.session_state[CHOSEN] = numbers[to]

    st.button(label, icon=icon, disabled=not there, on_click=go, key=f"slice_{label.lower()}")


def _tile(case: Case, desk: Desk, threshold: float) -> dict[str, object]:
    call = case.prediction.call(threshold)
    own = desk.labels.get(case.number)
    lines = [_short(case, threshold)]
    if own is not None:
        lines.append(f"You: {theme.class_title(own)}" + (" ✓" if own == call else " ≠" if call else ""))
    return {
        "number": case.number,
        "thumb": b64encode(case.thumb).decode(),
        "title": f"{case.number}" + (f" · instance {case.instance}" if case.instance is not None else ""),
        "note": " · ".join(lines),
        "kind": "named" if call else "none",
    }


def _short(case: Case, threshold: float) -> str:
    """Write the answer in two or three words, with how likely it is where there is one."""
    words = reading.short(case, threshold)
    return words if case.prediction.unfamiliar else f"{words} {formats.percent(case.prediction.confidence)}"
