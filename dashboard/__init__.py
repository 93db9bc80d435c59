"""The Streamlit dashboard: reads artifacts, never trains."""
