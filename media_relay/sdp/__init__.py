"""Session descriptions: what browsers offer, what the relay answers and offers (RFC 8829)."""
