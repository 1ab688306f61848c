"""Groups of people with the same behaviour: k-means, and whether the groups are real."""
