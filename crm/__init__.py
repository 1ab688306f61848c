"""Customers, consent, markets and mail. Knows none of the other apps."""
