"""Planning, registration and the live room of virtual meetings."""
