"""From an upload to a model's answer: no module here but `cached` knows Streamlit."""
