"""One function per use case. The only place that opens transactions."""
