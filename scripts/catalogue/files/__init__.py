"""What a file says, and what is wrong with it: text, front matter, tables, included code."""
