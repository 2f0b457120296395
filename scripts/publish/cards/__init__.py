"""The pictures of link previews."""
