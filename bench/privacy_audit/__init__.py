"""Attacks on a finished run's privacy: canaries, membership inference, gradient inversion."""
