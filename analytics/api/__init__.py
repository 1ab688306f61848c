"""What pages read while they are open."""
