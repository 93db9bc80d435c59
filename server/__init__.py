"""The coordinating side: rounds, aggregation and recording. It never sees an image."""

import common.quiet  # noqa: F401  must come before the first import of Flower
