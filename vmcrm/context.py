"""What every template may use."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    return {
        "site_name": "vmcrm",
        "base_url": settings.BASE_URL,
        "has_mfa": "totp" in settings.MFA_SUPPORTED_TYPES,
    }
