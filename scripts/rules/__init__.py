"""Findings that a program finds: the rules beside the code are read, joined and tried with Semgrep."""
