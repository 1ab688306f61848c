"""Pages of the crm app outside the administration."""
