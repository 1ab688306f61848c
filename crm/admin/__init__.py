"""The customer pages of the administration, one file per model family."""

from crm.admin import campaign, company, contact, mail, market, purchase, task, team, trace

__all__ = [
    "campaign",
    "company",
    "contact",
    "mail",
    "market",
    "purchase",
    "task",
    "team",
    "trace",
]
