"""Contacts: list with filters and bulk actions, page with addresses and what happened."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from crm import permissions
from crm.admin.base import MarketFilter, VisibleAdmin, VisibleInline, VisibleTable
from crm.admin.contact_filters import EngagementFilter, WhoseFilter
from crm.admin.contact_forms import AssignOwnerForm, ContactPointForm, ContactPointFormSet
from crm.admin.people_search import PeopleSearch
from crm.admin.personal_data import PersonalDataPages
from crm.extensions import BulkAction, Panel, bulk_actions, contact_panels
from crm.models import Contact, ContactPoint, ContactProfile
from crm.selectors.consent import history_of_contact
from crm.selectors.contacts import filtered_contacts
from crm.selectors.engagement import engagement_parts
from crm.selectors.timeline import timeline_of
from crm.services import contacts as contact_service
from crm.services.errors import Refusal
from crm.services.profile import conflicting_keys


class ContactPointInline(VisibleTable):
    model = ContactPoint
    form = ContactPointForm
    formset = ContactPointFormSet
    fields = ("kind", "value", "is_shared", "bounce_state", "verified_at")
    readonly_fields = ("bounce_state", "verified_at")

    def get_formset(self, request: HttpRequest, obj: Model | None = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        formset.form.viewer = request.user
        return formset


class ContactProfileInline(VisibleInline, admin.StackedInline):
    """Made of the facts below; shown, not typed."""

    model = ContactProfile
    fields = (
        ("birth_year", "gender", "occupation"),
        ("income_band", "buying_habit", "region"),
        "interest_words",
    )
    readonly_fields = (
        "birth_year",
        "gender",
        "occupation",
        "income_band",
        "buying_habit",
        "region",
        "interest_words",
    )
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("interests"))
    def interest_words(self, profile: ContactProfile) -> str:
        return ", ".join(profile.interests) or "–"


@admin.register(Contact)
class ContactAdmin(VisibleAdmin, PersonalDataPages, admin.ModelAdmin):
    list_display = (
        "name",
        "company",
        "main_address",
        "owner",
        "market",
        "engagement_score",
        "last_activity_at",
    )
    list_filter = (
        WhoseFilter,
        EngagementFilter,
        ("market", MarketFilter),
        ("owner", admin.RelatedOnlyFieldListFilter),
        "language",
        ("source", admin.AllValuesFieldListFilter),
        "is_internal",
    )
    linked_filters = ("id__in",)  # the few that were ticked: back from an action's page
    list_select_related = ("company", "owner", "market__region", "market__customer_group")
    list_per_page = 50
    search_fields = ("name",)  # shows the box; what it finds is `get_search_results`
    search_help_text = _(
        "Name, company, pinyin, mail address or its domain, any part of a phone number"
    )
    ordering = ("name", "pk")
    autocomplete_fields = ("company", "owner", "team", "collaborators", "market")
    inlines = (ContactPointInline, ContactProfileInline)
    change_form_template = "admin/crm/contact/change_form.html"
    change_list_template = "admin/crm/contact/change_list.html"
    readonly_fields = ("engagement_score", "last_activity_at", "created_at")
    fieldsets = (
        (None, {"fields": ("name", "company", "market", ("language", "time_zone"))}),
        (_("Who looks after this contact"), {"fields": ("owner", "team", "collaborators")}),
        (
            _("More"),
            {
                "classes": ("collapse",),
                "fields": (
                    "source",
                    "is_internal",
                    "engagement_score",
                    "last_activity_at",
                    "created_at",
                ),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contact]:
        addresses = ContactPoint.objects.filter(contact=OuterRef("pk"), kind="email")
        first = addresses.order_by("pk").values("value")[:1]
        known: Any = super().get_queryset(request)
        return known.known().annotate(first_address=Subquery(first))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Contact], search_term: str
    ) -> tuple[QuerySet[Contact], bool]:
        if not search_term.strip():
            return queryset, False
        found = Contact.objects.search(search_term)
        return queryset.filter(pk__in=found.values("pk")), False

    @admin.display(description=_("e-mail"))
    def main_address(self, contact: Any) -> str:
        return contact.first_address or "–"

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        user: Any = request.user
        own = {"owner": user.pk, "team": user.team_id}
        return {**own, **super().get_changeform_initial_data(request)}

    # --- Bulk actions: a page of their own, told the filter -----------------------------------
    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        for entry in bulk_actions:
            if entry.name not in actions:
                actions[entry.name] = (_open_page_of(entry), entry.name, str(entry.label))
        return actions

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        links = [
            {"label": entry.label, "url": entry.url_function(request.GET.urlencode())}
            for entry in bulk_actions
        ]
        return super().changelist_view(request, {"bulk_links": links, **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        page = path(
            "assign-owner/",
            self.admin_site.admin_view(self.assign_owner_view),
            name="crm_contact_assign_owner",
        )
        return [page, *self.personal_data_urls(), *super().get_urls()]

    def assign_owner_view(self, request: HttpRequest) -> HttpResponse:
        """Choose the colleague; the filter comes and goes as the list's own query string."""
        if not permissions.can_assign_owner(request.user):
            raise PermissionDenied
        user: Any = request.user
        filter_text = (request.POST or request.GET).get("filter", "")
        chosen = filtered_contacts(user, filter_text)
        form = AssignOwnerForm(request.POST or None, user=user, initial={"filter": filter_text})
        back = f"{reverse('admin:crm_contact_changelist')}?{filter_text}"
        if form.is_valid():
            try:
                count = contact_service.assign_owner(
                    contacts=chosen, owner=form.cleaned_data["owner"], assigned_by=user
                )
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                sentence = ngettext(
                    "%(count)d contact has a new owner.",
                    "%(count)d contacts have a new owner.",
                    count,
                )
                messages.success(request, sentence % {"count": count})
                return HttpResponseRedirect(back)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": _("Give contacts to a colleague"),
            "form": form,
            "contact_count": chosen.count(),
            "is_everybody": not filter_text,
            "back": back,
        }
        return TemplateResponse(request, "admin/crm/contact/assign_owner.html", context)

    # --- The page ------------------------------------------------------------------------------
    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        contact = kwargs.get("obj")
        if contact is not None:
            context.update(
                timeline=timeline_of(contact),
                engagement=engagement_parts(contact),
                consents=history_of_contact(contact),
                facts=contact.facts.all(),
                conflicting=conflicting_keys(contact=contact),
                panels=_panels(request, contact),
                can_export_person=permissions.can_export_person(request.user, contact),
                can_erase_person=permissions.can_erase_person(request.user, contact),
            )
        return super().render_change_form(request, context, *args, **kwargs)


def _panels(request: HttpRequest, contact: Contact) -> list[Panel]:
    made = (make_panel(request, contact) for make_panel in contact_panels)
    return [panel for panel in made if panel is not None]


def _open_page_of(entry: BulkAction) -> Any:
    """The action of the list's menu: the whole filter, or the few that were ticked."""

    def open_page(
        model_admin: ContactAdmin, request: HttpRequest, chosen: QuerySet[Contact]
    ) -> HttpResponse:
        if request.POST.get("select_across") == "1":
            filter_text = request.GET.urlencode()
        else:
            ids = ",".join(str(pk) for pk in chosen.values_list("pk", flat=True))
            filter_text = urlencode({"id__in": ids})
        return HttpResponseRedirect(entry.url_function(filter_text))

    return open_page


@admin.register(ContactPoint)
class ContactPointAdmin(PeopleSearch, VisibleAdmin, admin.ModelAdmin):
    """Addresses, also those that nobody owns yet. They are made on the contact's page."""

    list_display = ("value", "kind", "contact", "verified_at", "bounce_state", "is_shared")
    list_filter = ("kind", "bounce_state", "is_shared")
    list_select_related = ("contact",)
    point_lookup = "pk"
    search_fields = ("normalised__startswith",)
    autocomplete_fields = ("contact",)
    fields = ("kind", "value", "contact", "is_shared", "bounce_state", "verified_at")
    readonly_fields = ("kind", "value", "bounce_state", "verified_at")

    def can_add(self, user: Any) -> bool:
        return False
