"""Flower's SuperNode at a hospital: started, watched, and its answers given by installed code only."""
