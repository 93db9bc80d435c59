"""Every setting with its default and bounds; Hydra fills them from ``conf/`` and the command line."""
