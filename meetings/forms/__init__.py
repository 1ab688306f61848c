"""Forms of the meeting pages and of the administration."""
