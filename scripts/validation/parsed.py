"""Python code as a tree."""

import ast

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def parse(source: str) -> ast.Module:
    """Return the syntax tree of a file; an empty one where it is no Python, which the linters refuse."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return ast.Module([], [])
