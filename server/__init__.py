"""The coordinating side: rounds, aggregation and recording. It never sees an image."""
