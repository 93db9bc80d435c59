"""Counts that add up over hospitals, and the figures and intervals that follow from them."""
