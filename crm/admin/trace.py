"""What the system writes down itself: activities, consents, suppressed addresses, suggestions."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from crm.admin.base import ReadOnlyAdmin, VisibleAdmin, badge
from crm.admin.people_search import PeopleSearch
from crm.extensions import activity_kinds
from crm.models import Activity, ConsentEvent, IdentitySuggestion, Suppression
from crm.services import identity
from crm.services.errors import Refusal

_CONSENT_TONES = {"granted": "good", "pending": "warn", "withdrawn": "bad"}
_SUGGESTION_TONES = {"open": "warn", "accepted": "good", "rejected": "neutral"}
_REASONS = {
    "shared": _("Several people read this address"),
    "same_name": _("Same name in the same company"),
}


@admin.register(Activity)
class ActivityAdmin(PeopleSearch, ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("occurred_at", "kind_label", "contact", "contact_point", "subject_title")
    list_filter = ("kind",)
    list_select_related = ("contact_point__contact",)
    search_fields = ("subject_title", "contact_point__contact__name")
    date_hierarchy = "occurred_at"
    fields = (
        "contact_point",
        "kind_label",
        "occurred_at",
        "subject_title",
        "quantity",
        "unit",
        "market",
        "campaign",
        "data",
        "recorded_at",
    )

    @admin.display(description=_("kind"), ordering="kind")
    def kind_label(self, activity: Activity) -> str:
        known = activity_kinds.get(activity.kind)
        return str(known.label) if known else activity.kind

    @admin.display(description=_("contact"))
    def contact(self, activity: Activity) -> str:
        return str(activity.contact_point.contact or "–")


@admin.register(ConsentEvent)
class ConsentEventAdmin(PeopleSearch, ReadOnlyAdmin, admin.ModelAdmin):
    list_display = (
        "occurred_at",
        "contact_point",
        "purpose",
        "channel",
        "state_badge",
        "wording_version",
        "source",
    )
    list_filter = ("purpose", "channel", "state")
    list_select_related = ("contact_point",)
    search_fields = ("contact_point__normalised__startswith",)
    date_hierarchy = "occurred_at"

    @admin.display(description=_("state"), ordering="state")
    def state_badge(self, event: ConsentEvent) -> SafeString:
        return badge(event.get_state_display(), _CONSENT_TONES[event.state])


@admin.register(Suppression)
class SuppressionAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("since", "digest", "purpose", "reason")
    list_filter = ("reason", "purpose")


@admin.register(IdentitySuggestion)
class IdentitySuggestionAdmin(PeopleSearch, VisibleAdmin, admin.ModelAdmin):
    """Somebody has to look: whose address is this?"""

    list_display = (
        "name",
        "contact_point",
        "contact",
        "company_name",
        "reason_label",
        "state_badge",
        "created_at",
    )
    list_filter = ("state",)
    list_select_related = ("contact_point", "contact")
    search_fields = ("name", "contact_point__normalised__startswith")
    fields = (
        "name",
        "company_name",
        "contact_point",
        "contact",
        "reason_label",
        "source",
        "state_badge",
        "decided_by",
        "decided_at",
    )
    readonly_fields = fields
    actions = ("accept", "reject")

    def can_add(self, user: Any) -> bool:
        return False

    @admin.display(description=_("reason"), ordering="reason")
    def reason_label(self, suggestion: IdentitySuggestion) -> str:
        return str(_REASONS.get(suggestion.reason, suggestion.reason))

    @admin.display(description=_("state"), ordering="state")
    def state_badge(self, suggestion: IdentitySuggestion) -> SafeString:
        return badge(suggestion.get_state_display(), _SUGGESTION_TONES[suggestion.state])

    @admin.action(description=_("It is this person"), permissions=["change"])
    def accept(self, request: HttpRequest, queryset: QuerySet[IdentitySuggestion]) -> None:
        user: Any = request.user
        for suggestion in queryset.select_related("contact_point", "contact"):
            try:
                contact = identity.accept_suggestion(suggestion=suggestion, decided_by=user)
            except Refusal as refusal:
                messages.warning(request, str(refusal))
            else:
                messages.success(
                    request,
                    _("%(address)s belongs to %(name)s now.")
                    % {"address": suggestion.contact_point, "name": contact},
                )

    @admin.action(description=_("It is somebody else"), permissions=["change"])
    def reject(self, request: HttpRequest, queryset: QuerySet[IdentitySuggestion]) -> None:
        user: Any = request.user
        for suggestion in queryset:
            try:
                identity.reject_suggestion(suggestion=suggestion, decided_by=user)
            except Refusal as refusal:
                messages.warning(request, str(refusal))
