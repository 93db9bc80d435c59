"""The pages of the dashboard, one file each; not called ``pages``, which Streamlit would list by itself."""
