"""What upper apps add to the page of a meeting. meetings imports nothing upward."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest

from crm.extensions import Panel, Registry


@dataclass(frozen=True)
class MeetingOnPage:
    """The meeting whose page is shown, to somebody who may read it."""

    public_id: UUID
    subject_ref: str
    is_closed: bool
    is_cancelled: bool


MeetingPanel = Callable[[HttpRequest, MeetingOnPage], Panel | None]


class MeetingPanels(Registry[MeetingPanel]):
    def register(self, name: str, function: MeetingPanel) -> None:
        self._add(name, function)


meeting_panels = MeetingPanels("Meeting panels")
