"""Rules of the pages: what an answer has to hold, and what no page may."""
