"""Questions across the tables of the meetings app."""
