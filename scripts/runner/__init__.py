"""Programs that run in the reader's browser: the files they need, and which programs can run there."""
