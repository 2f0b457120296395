"""A look at the outside: pull requests, other engines, the week."""
