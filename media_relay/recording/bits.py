"""Reads the bit fields in which codecs write their headers."""


class Bits:
    """Front to back; raises ValueError where the data ends too early."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def read(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise ValueError("The header is cut off.")
        return self._value >> self._left & ((1 << count) - 1)

    def read_number(self) -> int:
        """A number of variable length: as many bits as zeros before it.

        The same in ITU-T H.264 section 9.1 (ue) and the AV1 specification section 4.10.3 (uvlc).
        """
        zeros = 0
        while self.read(1) == 0:
            zeros += 1
            if zeros > 31:
                raise ValueError("The header holds a number beyond reason.")
        return (1 << zeros) - 1 + self.read(zeros)
