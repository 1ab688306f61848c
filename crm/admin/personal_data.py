"""The pages of a contact about what we hold: read it, take it along, erase it."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crm import permissions
from crm.models import Contact
from crm.selectors import personal_data as held
from crm.services import personal_data
from crm.services.errors import Refusal

if TYPE_CHECKING:
    _Base = admin.ModelAdmin
else:
    _Base = object


class PersonalDataPages(_Base):
    """Mixin of ContactAdmin. Taking data along is a POST: it is logged, and no link does it."""

    def personal_data_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path(
                "<int:pk>/personal-data/",
                wrap(self.personal_data_view),
                name="crm_contact_personal_data",
            ),
            path(
                "<int:pk>/personal-data.json",
                wrap(require_POST(self.personal_data_file_view)),
                name="crm_contact_personal_data_file",
            ),
            path("<int:pk>/erase/", wrap(self.erase_view), name="crm_contact_erase"),
        ]

    def personal_data_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A button first; then everything, readable, with a file for programs."""
        contact = self._find(request, pk, permissions.can_export_person)
        apps = None
        if request.method == "POST":
            user: Any = request.user
            apps = personal_data.export_person(contact=contact, requested_by=user)
        title = _("Everything about this person")
        return self._page(request, contact, "personal_data", title, {"apps": apps})

    def personal_data_file_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        contact = self._find(request, pk, permissions.can_export_person)
        user: Any = request.user
        apps = personal_data.export_person(contact=contact, requested_by=user)
        text = json.dumps(
            held.as_plain_data(apps), cls=DjangoJSONEncoder, ensure_ascii=False, indent=2
        )
        response = HttpResponse(text, content_type="application/json; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="personal-data.json"'
        return response

    def erase_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Says what it will touch and what stays; erases only when the name was typed."""
        contact = self._find(request, pk, permissions.can_erase_person)
        is_wrong = False
        if request.method == "POST":
            is_wrong = request.POST.get("name", "").strip() != contact.name
            if not is_wrong:
                return self._erase(request, contact)
        context = {"apps": held.everything_about(contact), "is_wrong": is_wrong}
        return self._page(request, contact, "erase", _("Erase this person"), context)

    def _erase(self, request: HttpRequest, contact: Contact) -> HttpResponse:
        user: Any = request.user
        try:
            personal_data.erase_person(contact=contact, erased_by=user)
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("The person is erased."))
        return HttpResponseRedirect(reverse("admin:crm_contact_changelist"))

    def _find(self, request: HttpRequest, pk: int, may: Callable[[Any, Contact], bool]) -> Contact:
        contact = self.get_queryset(request).filter(pk=pk).first()
        if contact is None:
            raise Http404
        if not may(request.user, contact):
            raise PermissionDenied
        return contact

    def _page(
        self, request: HttpRequest, contact: Contact, name: str, title: str, context: dict[str, Any]
    ) -> TemplateResponse:
        values = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "contact": contact,
            **context,
        }
        return TemplateResponse(request, f"admin/crm/contact/{name}.html", values)
