"""What surrounds every page: title, navigation, the run picker."""

from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard.components import chosen_run
from dashboard.settings import STATIC

SCREENS = Path(__file__).resolve().parents[1] / "screens"
PRODUCT = "Brain tumour federation"
SECTIONS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "Federation": (
        ("network", "Network", ":material/hub:"),
        ("training", "Training", ":material/model_training:"),
        ("compare", "Compare", ":material/compare_arrows:"),
        ("worth_it", "Worth it", ":material/balance:"),
    ),
    "Model": (
        ("predict", "Predict", ":material/neurology:"),
        ("analytics", "Analytics", ":material/analytics:"),
        ("models", "Models", ":material/deployed_code_history:"),
    ),
    "Trust": (
        ("privacy", "Privacy", ":material/shield_person:"),
        ("data", "Data", ":material/fact_check:"),
        ("logs", "Logs", ":material/article:"),
    ),
}


def pages() -> dict[str, list[StreamlitPage]]:
    """Return the pages by section; one without a file in ``screens/`` is left out."""
    found: dict[str, list[StreamlitPage]] = {}
    for section, entries in SECTIONS.items():
        found[section] = [
            st.Page(SCREENS / f"{name}.py", title=title, icon=icon, url_path=name, default=name == "network")
            for name, title, icon in entries
            if (SCREENS / f"{name}.py").is_file()
        ]
    return {section: entries for section, entries in found.items() if entries}


def draw() -> None:
    """Draw the chosen page inside the shell."""
    st.set_page_config(
        page_title=PRODUCT,
        page_icon=str(STATIC / "icon.png"),
        layout="wide",
        initial_sidebar_state=240,
    )
    page = st.navigation(pages(), expanded=True)
    st.set_page_config(page_title=f"{page.title} · {PRODUCT}")
    chosen_run.draw_in_sidebar(page.url_path)
    st.sidebar.caption("Research use only. Not a medical device.")
    page.run()
