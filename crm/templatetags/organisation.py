"""Who runs this system, for templates that are rendered without a request: mails."""

from django import template

from crm.selectors import organisation as facts
from crm.selectors.organisation import OrganisationFacts

register = template.Library()


@register.simple_tag
def organisation() -> OrganisationFacts:
    return facts.current()
