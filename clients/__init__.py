"""The hospital's side: a Flower client that answers from its own folder."""
