"""Synthetic hospitals: slices that a program draws, so that everything can be tried without a patient."""
