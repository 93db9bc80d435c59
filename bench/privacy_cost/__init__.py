"""What privacy costs: accuracy and seconds by epsilon, from real runs (``python -m bench.privacy_cost --help``)."""
