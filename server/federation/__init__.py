"""One run: who takes part, the order of rounds, what is asked of hospitals, and which answers are usable."""
