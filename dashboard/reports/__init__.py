"""Documents to take away: PDF, drawn with vectors, the same bytes for the same content; no Streamlit here."""
