"""A fictional company with customers, money and meetings, to look around in."""
