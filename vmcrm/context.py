"""What every template may use."""

from django.conf import settings
from django.http import HttpRequest

from crm.selectors import organisation


def site(request: HttpRequest) -> dict[str, object]:
    facts = organisation.current()
    return {
        "site_name": facts.name,
        "base_url": facts.base_url,
        "site_logo": facts.logo,
        "has_mfa": "totp" in settings.MFA_SUPPORTED_TYPES,
    }
