"""What the engine asks for while it builds: the macros and their templates."""
