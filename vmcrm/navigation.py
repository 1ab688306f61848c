"""The admin's sidebar: grouped by what people do, not by which app holds the table."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Group:
    """A heading and the models below it, in the order of work: ("app.model", icon)."""

    key: str
    title: Promise
    places: tuple[tuple[str, str], ...]


GROUPS = (
    Group(
        "meetings",
        _("Meetings"),
        (
            ("meetings.meeting", "meeting"),
            ("meetings.registration", "ticket"),
            ("meetings.meetingtemplate", "template"),
        ),
    ),
    Group(
        "customers",
        _("Customers"),
        (
            ("crm.contact", "contacts"),
            ("crm.company", "company"),
            ("crm.task", "task"),
            ("crm.activity", "activity"),
            ("crm.identitysuggestion", "help"),
            ("crm.purchase", "purchase"),
        ),
    ),
    Group(
        "markets",
        _("Markets"),
        (
            ("crm.market", "market"),
            ("crm.marketfigure", "chart-bar"),
            ("crm.competitor", "competitor"),
            ("crm.campaign", "campaign"),
            ("crm.channel", "radio"),
            ("crm.spend", "money"),
            ("crm.product", "package"),
        ),
    ),
    Group(
        "analytics",
        _("Analytics"),
        (
            ("analytics.run", "analytics"),
            ("analytics.reportissue", "report"),
            ("analytics.reportschedule", "calendar-clock"),
        ),
    ),
    Group(
        "mail",
        _("Mail"),
        (("crm.delivery", "outbox"), ("crm.mailing", "email"), ("crm.suppression", "forbidden")),
    ),
    Group(
        "setup",
        _("Setup"),
        (
            ("crm.organisation", "company"),
            ("crm.user", "user"),
            ("crm.team", "team"),
            ("auth.group", "key"),
            ("crm.region", "region"),
            ("crm.customergroup", "group"),
            ("crm.contactpoint", "email"),
            ("crm.consentevent", "shield"),
            ("account.emailaddress", "email"),
            ("mfa.authenticator", "lock"),
        ),
    ),
)

# Where a model goes that no group names.
_HOME_OF_APP = {"meetings": "meetings", "crm": "customers", "analytics": "analytics"}


@dataclass(frozen=True)
class Link:
    title: str
    url: str
    icon: str
    is_current: bool


@dataclass(frozen=True)
class Section:
    key: str
    title: Promise
    links: list[Link]

    @property
    def is_current(self) -> bool:
        return any(link.is_current for link in self.links)


def build_navigation(app_list: Iterable[dict[str, Any]], path: str) -> list[Section]:
    """What this person may see of the groups; `app_list` is Django's, permissions applied."""
    models = {
        f"{app['app_label']}.{model['object_name'].lower()}": model
        for app in app_list
        for model in app["models"]
        if model["admin_url"]
    }
    sections = []
    for group in GROUPS:
        named = [(models.pop(name), icon) for name, icon in group.places if name in models]
        links = [_make_link(model, icon, path) for model, icon in named]
        sections.append(Section(group.key, group.title, links))
    by_key = {section.key: section for section in sections}
    for name, model in sorted(models.items()):
        home = _HOME_OF_APP.get(name.partition(".")[0], "setup")
        by_key[home].links.append(_make_link(model, "layers", path))
    return [section for section in sections if section.links]


def _make_link(model: dict[str, Any], icon: str, path: str) -> Link:
    url = model["admin_url"]
    return Link(str(model["name"]), url, icon, is_current=path.startswith(url))
