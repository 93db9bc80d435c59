"""From a hospital's folder to slices ready to train on: scan, decode, cache, duplicates, groups, split."""
