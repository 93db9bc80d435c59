"""Figures as Plotly charts, and how numbers are written."""
