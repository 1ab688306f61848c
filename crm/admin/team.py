"""Teams and colleagues. Colleagues are invited by mail; nobody types a password for another."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from crm import permissions
from crm.admin.base import VisibleAdmin
from crm.models import ROLE_NAMES, Team, User
from crm.services import colleagues
from crm.services.errors import Refusal


@admin.register(Team)
class TeamAdmin(VisibleAdmin, admin.ModelAdmin):
    list_display = ("name", "parent")
    list_select_related = ("parent",)
    search_fields = ("name",)
    autocomplete_fields = ("parent",)


class InvitationForm(forms.ModelForm):
    """Invite a colleague: who, in which roles. The password comes from the colleague."""

    class Meta:
        model = User
        fields = ("email", "name", "groups", "team", "language", "time_zone")

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).strip().lower()


@admin.register(User)
class UserAdmin(VisibleAdmin, admin.ModelAdmin):
    list_display = ("name", "email", "team", "roles", "is_staff", "is_active", "last_login")
    list_display_links = ("name", "email")
    list_filter = ("is_staff", "is_active", "groups", ("team", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("team",)
    search_fields = ("name", "email__startswith")
    autocomplete_fields = ("team",)
    filter_horizontal = ("groups",)
    change_form_template = "admin/crm/user/change_form.html"
    readonly_fields = ("email", "last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("email", "name", ("language", "time_zone"))}),
        (_("Work"), {"fields": ("team", "groups", "is_staff", "is_active")}),
        (_("Since"), {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "fields": ("email", "name", "groups", "team", ("language", "time_zone")),
                "description": _("A mail with a link to choose a password goes to this address."),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description=_("roles"))
    def roles(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all())

    # --- Inviting ------------------------------------------------------------------------------
    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None:
            kwargs["form"] = InvitationForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fieldsets if obj else self.add_fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly_fields if obj else ()

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field is not None and db_field.name == "groups":
            field.label = _("Roles")
            field.queryset = field.queryset.filter(name__in=ROLE_NAMES)
        return field

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        inviting: Any = request.user
        values = form.cleaned_data
        invited = colleagues.invite(
            email=values["email"],
            name=values["name"],
            roles=[group.name for group in values["groups"]],
            team=values["team"],
            language=values["language"],
            time_zone=values["time_zone"],
            invited_by=inviting,
        )
        obj.__dict__.update(invited.__dict__)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": _("Invite a colleague"), **(extra_context or {})}
        return super().add_view(request, form_url, context)

    def get_urls(self) -> list[URLPattern]:
        page = path(
            "<int:pk>/send-link/",
            self.admin_site.admin_view(require_POST(self.send_link_view)),
            name="crm_user_send_link",
        )
        return [page, *super().get_urls()]

    def send_link_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Mail the invitation once more to a colleague who has no password yet."""
        if not permissions.can_invite_colleague(request.user):
            raise PermissionDenied
        user = self.get_queryset(request).filter(pk=pk).first()
        if user is None:
            raise Http404
        inviting: Any = request.user
        try:
            colleagues.send_link_again(user=user, invited_by=inviting)
        except Refusal as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, _("The link is on its way."))
        return HttpResponseRedirect(reverse("admin:crm_user_change", args=[pk]))
