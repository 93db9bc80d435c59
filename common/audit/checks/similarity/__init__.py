"""Checks of slices that resemble one another."""
