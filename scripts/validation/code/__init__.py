"""Rules of the code: how pages include it, and how tests prove it."""
