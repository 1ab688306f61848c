"""Recording: one file per track, written as the packets come, without transcoding."""
