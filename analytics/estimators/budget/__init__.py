"""The best split of a budget over channels, and what each limit is worth."""
