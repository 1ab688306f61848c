"""Templates: what each kind of meeting starts with."""

from django.contrib import admin

from crm.admin.base import VisibleAdmin
from meetings.forms.seats import SeatsForm
from meetings.models import MeetingTemplate


@admin.register(MeetingTemplate)
class MeetingTemplateAdmin(VisibleAdmin, admin.ModelAdmin):
    form = SeatsForm
    list_display = ("name", "kind", "duration_min", "capacity", "has_lobby", "is_default")
    list_filter = ("kind",)
