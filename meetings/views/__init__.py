"""Pages of the meetings app, one family per file."""
