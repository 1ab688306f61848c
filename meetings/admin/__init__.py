"""The meetings app in the administration, one file per model family."""

from meetings.admin.meeting import MeetingAdmin
from meetings.admin.registration import RegistrationAdmin
from meetings.admin.template import MeetingTemplateAdmin

__all__ = ["MeetingAdmin", "MeetingTemplateAdmin", "RegistrationAdmin"]
