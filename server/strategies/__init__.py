"""How the server combines the updates of a round: one class a strategy."""
