"""Questions across tables, answered with querysets or frozen dataclasses."""
