"""Command line of the analytics app."""
