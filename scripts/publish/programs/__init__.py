"""What programs read: JSON, Markdown, feed, sitemap."""
