"""Hydra's configuration files; the single place where defaults live."""
