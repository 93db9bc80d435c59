"""Attacks on a finished run's model: how much of the promised privacy they leave standing."""
