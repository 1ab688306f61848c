"""The customer pages of the administration, one file per model family."""
