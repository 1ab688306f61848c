"""What to try first, for whoever has just started the demonstration."""

from django.urls import reverse
from django.utils import timezone

from crm.models import User
from crm.selectors import organisation
from vmcrm.demo.meetings import find_open_meeting
from vmcrm.demo.team import COLLEAGUES, DOMAIN, read_demo_password


def describe_access() -> list[str]:
    """Lines for the terminal: logins and a meeting whose door is open; none without demo data."""
    if not User.objects.filter(email__endswith=f"@{DOMAIN}").exists():
        return []
    lines = ["", f"Demo logins (password {read_demo_password()}):"]
    lines += [f"  {colleague.address:<20} {colleague.role}" for colleague in COLLEAGUES]
    lines.append(f"Administration: {organisation.absolute(reverse('admin:index'))}")
    meeting = find_open_meeting(timezone.now())
    if meeting:
        address = organisation.absolute(meeting.get_absolute_url())
        lines.append(f"Meeting that is open now: {address}  (code {meeting.join_code})")
        lines.append("Nobody to meet? In a second terminal: manage.py demo_presenter")
    lines.append("Everything in it is invented; it leaves with: manage.py seed_demo --remove")
    return lines
