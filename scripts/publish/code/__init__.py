"""The code that the pages show: where it comes from, its lines, and its whole programs."""
