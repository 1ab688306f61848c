"""Keeping words at rest so that the database alone does not tell them.

The key is derived from SECRET_KEY; after a rotation SECRET_KEY_FALLBACKS still open what they
sealed.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes

_MARK = b"sealed:"


class SealBroken(Exception):
    """Sealed under a key that is not known any more, or changed since."""


def seal(content: bytes) -> bytes:
    return _MARK + _cipher().encrypt(content)


def unseal(stored: bytes) -> bytes:
    """What was sealed; what never was comes back as it is. Raises SealBroken."""
    if not stored.startswith(_MARK):
        return stored
    try:
        return _cipher().decrypt(stored.removeprefix(_MARK))
    except InvalidToken as error:
        raise SealBroken from error


def _cipher() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derive_key(secret)) for secret in secrets])


def _derive_key(secret: str | bytes) -> bytes:
    derivation = HKDF(hashes.SHA256(), length=32, salt=None, info=b"vmcrm words at rest")
    return base64.urlsafe_b64encode(derivation.derive(force_bytes(secret)))
