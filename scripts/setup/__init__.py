"""What the machine needs besides Python: Chromium and PostgreSQL."""
