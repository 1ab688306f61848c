"""What happens to a packet between its publisher and its viewers. Knows no sockets, no rooms."""
