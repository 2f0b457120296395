"""Requests and responses as text: read, suggested, and compared with what was recorded."""
