"""The people of the fictional company and the way in for whoever tries the system."""

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import Group

from crm.models import Team, User
from vmcrm.secret_files import read_or_create_secret

DOMAIN = "lumen.example"
TEAM_NAME = "Lumen Medical"


@dataclass(frozen=True)
class Colleague:
    """One account of the demonstration."""

    address: str
    name: str
    role: str
    team: str
    language: str
    time_zone: str


COLLEAGUES = (
    Colleague(f"anna@{DOMAIN}", "Anna Weber", "sales", "Europe", "en", "Europe/Berlin"),
    Colleague(f"chen@{DOMAIN}", "陈琳", "sales", "China", "zh-hans", "Asia/Shanghai"),
    Colleague(f"marta@{DOMAIN}", "Marta Keller", "manager", TEAM_NAME, "en", "Europe/Berlin"),
    Colleague(f"admin@{DOMAIN}", "Robin Sander", "admin", TEAM_NAME, "en", "Europe/Berlin"),
)


def read_demo_password() -> str:
    """One password for all demo accounts, made for this installation."""
    return read_or_create_secret(settings.HOME / "secrets" / "demo_password")[:16]


def create_team() -> dict[str, User]:
    """Teams and accounts; returns the accounts by the part of the address before the @."""
    root = Team.objects.create(name=TEAM_NAME)
    teams = {TEAM_NAME: root}
    for name in ("China", "Europe"):
        teams[name] = Team.objects.create(name=name, parent=root)
    groups = {group.name: group for group in Group.objects.all()}
    users = {}
    for colleague in COLLEAGUES:
        user = User.objects.create_user(
            colleague.address,
            read_demo_password(),
            name=colleague.name,
            team=teams[colleague.team],
            language=colleague.language,
            time_zone=colleague.time_zone,
            is_staff=True,
            is_superuser=colleague.role == "admin",
        )
        user.groups.add(groups[colleague.role])
        EmailAddress.objects.create(user=user, email=colleague.address, verified=True, primary=True)
        users[colleague.address.partition("@")[0]] = user
    return users
