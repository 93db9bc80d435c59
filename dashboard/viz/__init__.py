"""From tables to figures: pure functions, no Streamlit."""
