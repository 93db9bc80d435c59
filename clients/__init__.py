"""The hospital's side: a Flower client that answers from its own folder."""

import common.quiet  # noqa: F401  must come before the first import of Flower
