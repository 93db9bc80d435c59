"""What must be so before a hospital can take part; one check a file, each with a stable code."""
