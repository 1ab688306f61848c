"""What must never happen, tried against a running system: one small file for each case."""
