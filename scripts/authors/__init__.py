"""The commands that change the tree."""
