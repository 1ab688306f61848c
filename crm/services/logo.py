"""An uploaded logo becomes a small PNG of our own making: nothing else of the file is kept."""

import struct
from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.services.errors import Refusal

MOST_BYTES = 2 * 1024 * 1024
MOST_PIXELS = 16_000_000
WIDEST_PX, HIGHEST_PX = 480, 160

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
# Start-of-frame markers of JPEG (ITU-T T.81, table B.1); the other three of C0..CF are tables.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class LogoRefused(Refusal):
    code = "logo_refused"


def make_logo(content: bytes) -> bytes:
    """A PNG of at most 480 x 160 pixels from a PNG or JPEG file. Raises LogoRefused.

    The size is read from the file's head before anything is unpacked.
    """
    if len(content) > MOST_BYTES:
        raise LogoRefused(_("The picture is larger than 2 MB."))
    size = _read_png_size(content) or _read_jpeg_size(content)
    if size is None:
        raise LogoRefused(_("This is no PNG or JPEG picture."))
    width, height = size
    if not 0 < width * height <= MOST_PIXELS:
        raise LogoRefused(_("The picture has more than 16 million pixels."))
    return _shrink(content)


def _read_png_size(content: bytes) -> tuple[int, int] | None:
    if not content.startswith(_PNG) or content[12:16] != b"IHDR" or len(content) < 24:
        return None
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def _read_jpeg_size(content: bytes) -> tuple[int, int] | None:
    """Walks from segment to segment to the frame's head."""
    if not content.startswith(_JPEG):
        return None
    position = 2
    while position + 9 <= len(content) and content[position] == 0xFF:
        marker = content[position + 1]
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack(">HH", content[position + 5 : position + 9])
            return width, height
        (length,) = struct.unpack(">H", content[position + 2 : position + 4])
        position += 2 + length
    return None


def _shrink(content: bytes) -> bytes:
    import cv2  # a fifth of a second, for uploads only
    import numpy

    refusal = LogoRefused(_("The picture is damaged."))
    try:
        picture: Any = cv2.imdecode(numpy.frombuffer(content, numpy.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise refusal from error
    if picture is None:
        raise refusal
    if picture.dtype != numpy.uint8:
        picture = (picture // 257).astype(numpy.uint8)
    height, width = picture.shape[:2]
    scale = min(WIDEST_PX / width, HIGHEST_PX / height, 1.0)
    if scale < 1:
        wanted = max(1, round(width * scale)), max(1, round(height * scale))
        picture = cv2.resize(picture, wanted, interpolation=cv2.INTER_AREA)
    done, encoded = cv2.imencode(".png", picture)
    if not done:
        raise refusal
    return bytes(encoded.tobytes())
