"""Rules of all files: where they are, how they are stored, and what the tables and locks hold."""
