"""The two ways to run the same apps on one machine."""
