"""From artifacts to tables; only `cached` knows Streamlit."""
