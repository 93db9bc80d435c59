"""What is written and shown of a run: events, artifacts, checkpoint, log, terminal."""
