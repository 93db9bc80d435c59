"""Checks of how many slices and groups each class has."""
