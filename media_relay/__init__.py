"""The selective forwarding unit: a process of its own, `python -m media_relay`, free of Django."""
