"""Checks of files and folders as they lie on the disk."""
