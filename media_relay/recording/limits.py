"""How many units one packet and one picture may have to be recorded.

Each unit costs a few objects, and a publisher who cut megabytes into units of one byte would stop
the event loop for seconds. An encoder makes a handful for a picture.
"""

MAX_UNITS_IN_PACKET = 32
MAX_UNITS_IN_PICTURE = 512
