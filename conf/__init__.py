"""Hydra's files: what differs from the defaults in `common.config.settings`."""
