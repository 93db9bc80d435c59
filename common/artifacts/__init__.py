"""The only reader and the only writer of the files a run leaves behind."""
