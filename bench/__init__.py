"""Runnable measurements; each prints ratios against a stated baseline of the same run."""
