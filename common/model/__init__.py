"""The network: built by name, its weights as plain arrays, and which layers stay at a hospital."""
