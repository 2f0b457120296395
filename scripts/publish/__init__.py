"""What is written around the build: configuration, links, search index, security policy, checksums."""
