"""The outbox and the mailings that filled it."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from crm import permissions
from crm.admin.base import ReadOnlyAdmin, badge
from crm.extensions import timeline_links
from crm.models import Delivery, Mailing
from crm.selectors import outbox
from crm.services import deliveries
from crm.services.errors import Refusal

_TONES = {
    "queued": "neutral",
    "claimed": "accent",
    "sent": "good",
    "deferred": "warn",
    "failed": "bad",
    "unknown": "warn",
    "suppressed": "neutral",
}
# The mail in its frame: styles and pictures of its own, no script, nothing fetched.
_FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self';"
    " sandbox allow-popups allow-popups-to-escape-sandbox"
)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = (
        "subject_or_purpose",
        "address",
        "state_badge",
        "reason",
        "created_at",
        "sent_at",
    )
    list_filter = ("state", "consent_purpose", "is_demo")
    linked_filters = ("mailing__id__exact",)
    list_per_page = 50
    search_fields = ("address__startswith", "subject")
    search_help_text = _("Beginning of the address, or words of the subject")
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        return super().get_queryset(request).defer("mime", "parameters")

    @admin.display(description=_("subject"), ordering="subject")
    def subject_or_purpose(self, delivery: Delivery) -> str:
        return delivery.subject or delivery.purpose_key

    @admin.display(description=_("state"), ordering="state")
    def state_badge(self, delivery: Delivery) -> SafeString:
        return badge(delivery.get_state_display(), _TONES[delivery.state])

    # --- One mail --------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path(
                "<int:pk>/html/",
                wrap(xframe_options_sameorigin(require_safe(self.html_view))),
                name="crm_delivery_html",
            ),
            path(
                "<int:pk>/attachments/<int:index>/",
                wrap(require_safe(self.attachment_view)),
                name="crm_delivery_attachment",
            ),
            path(
                "<int:pk>/send-again/",
                wrap(require_POST(self.send_again_view)),
                name="crm_delivery_send_again",
            ),
            *super().get_urls(),
        ]

    def _find(self, request: HttpRequest, pk: int | str) -> Delivery:
        rows = Delivery.objects.visible_to(request.user)
        delivery = rows.select_related("contact_point__contact", "mailing").filter(pk=pk).first()
        if delivery is None:
            raise Http404
        return delivery

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        delivery = self._find(request, object_id)
        if not self.has_view_permission(request, delivery):
            raise PermissionDenied
        is_stuck = delivery.state in {Delivery.State.FAILED, Delivery.State.UNKNOWN}
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": delivery.subject or delivery.purpose_key,
            "delivery": delivery,
            "state_badge": self.state_badge(delivery),
            "mail": outbox.read_mail(delivery),
            "subject_url": timeline_links.find(delivery.subject_ref),
            "can_send_again": is_stuck and permissions.can_send_again(request.user, delivery),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/crm/delivery/detail.html", context)

    def html_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The HTML part alone, for the frame on the mail's page."""
        mail = outbox.read_mail(self._find(request, pk))
        if mail is None or not mail.html:
            raise Http404
        response = HttpResponse(f'<base target="_blank">{mail.html}')
        response["Content-Security-Policy"] = _FRAME_POLICY
        response["Referrer-Policy"] = "no-referrer"
        return response

    def attachment_view(self, request: HttpRequest, pk: int, index: int) -> HttpResponse:
        found = outbox.find_attachment(self._find(request, pk), index)
        if found is None:
            raise Http404
        attachment, content = found
        response = HttpResponse(content, content_type=attachment.mimetype)
        disposition = content_disposition_header(True, attachment.filename)
        response.headers["Content-Disposition"] = disposition or "attachment"
        response["X-Content-Type-Options"] = "nosniff"
        return response

    def send_again_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        user: Any = request.user
        try:
            deliveries.send_again(delivery=self._find(request, pk), requested_by=user)
        except Refusal as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, _("The mail is on its way again."))
        return HttpResponseRedirect(reverse("admin:crm_delivery_change", args=[pk]))


@admin.register(Mailing)
class MailingAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = (
        "__str__",
        "created_by",
        "created_at",
        "state",
        "recipient_count",
        "sent_count",
        "stuck_count",
    )
    list_filter = ("state", "consent_purpose")
    list_select_related = ("created_by",)
    search_fields = ("title", "purpose_key_prefix")
    change_form_template = "admin/crm/mailing/change_form.html"
    fields = ("title", "created_by", "consent_purpose", "created_at", "state", "expanded_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Mailing]:
        is_stuck = Q(deliveries__state__in=("failed", "unknown"))
        return (
            super()
            .get_queryset(request)
            .annotate(
                n_sent=Count("deliveries", filter=Q(deliveries__state="sent")),
                n_stuck=Count("deliveries", filter=is_stuck),
            )
        )

    @admin.display(description=_("sent"))
    def sent_count(self, mailing: Any) -> int:
        return int(mailing.n_sent)

    @admin.display(description=_("failed or perhaps sent"))
    def stuck_count(self, mailing: Any) -> int:
        return int(mailing.n_stuck)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        mailing = kwargs.get("obj")
        if mailing is not None:
            progress = outbox.progress_of(mailing)
            context["progress"] = progress
            context["states"] = [
                {"label": state.label, "value": state.value, "tone": _TONES[state], "count": count}
                for state in Delivery.State
                if (count := progress.by_state.get(state))
            ]
            context["subject_url"] = timeline_links.find(mailing.subject_ref)
        return super().render_change_form(request, context, *args, **kwargs)
