"""What `bench.dashboard` compares with: two Streamlit pages, each a title and one Plotly chart, and nothing else."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st


def _draw(title: str) -> None:
    st.title(title)
    st.plotly_chart(go.Figure(go.Bar(x=["a", "b", "c"], y=[1, 2, 3])))


if __name__ == "__main__":
    pages = [
        st.Page(lambda: _draw("Bare one"), title="One", url_path="one", default=True),
        st.Page(lambda: _draw("Bare two"), title="Two", url_path="two"),
    ]
    st.navigation(pages).run()
