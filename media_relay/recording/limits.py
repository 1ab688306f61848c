"""How many packets and units a picture may have to be recorded.

Each costs a few objects, and a publisher who cut megabytes into pieces of one byte would stop the
event loop for seconds. An encoder makes a handful of units for a picture.
"""

MAX_PACKETS_IN_PICTURE = 4_096  # four megabytes in full packets are 3,500
MAX_UNITS_IN_PACKET = 32
MAX_UNITS_IN_PICTURE = 512
