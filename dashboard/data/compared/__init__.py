"""Runs beside each other: seeds as one line, differences with intervals, a verdict; pure functions over run files."""
