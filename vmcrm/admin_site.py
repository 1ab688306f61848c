"""Our admin site: work in place of a list of tables, and one login for everybody."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite, ModelAdmin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from django.views.decorators.cache import never_cache

from vmcrm.admin_gate import GatedAdmin
from vmcrm.navigation import build_navigation

# Texts of Django that our catalogues translate as well: one thing has one name on every page.
RETOLD = (
    gettext_noop("Add"),
    gettext_noop("Add %s"),
    gettext_noop("Add %(name)s"),
    gettext_noop("Add another %(model)s"),
    gettext_noop("Add another %(verbose_name)s"),
    gettext_noop("Save and add another"),
    gettext_noop(":"),
)


class VmcrmAdminSite(AdminSite):
    site_header = "vmcrm"
    site_title = "vmcrm"
    index_title = _("Today")
    index_template = "admin/index.html"
    enable_nav_sidebar = False  # ours is in base.html

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Each class through the gate, also those that come with Django and allauth."""
        shown_by = admin_class or ModelAdmin
        names = {"__module__": shown_by.__module__}
        gated: Any = type(shown_by.__name__, (GatedAdmin, shown_by), names)
        super().register(model_or_iterable, gated, **options)

    def get_urls(self) -> list[Any]:
        own = path(
            "r/<path:content_type_id>/<path:object_id>/",
            self.admin_view(self.view_on_site),
            name="view_on_site",
        )
        return [own, *super().get_urls()]

    def view_on_site(
        self, request: HttpRequest, content_type_id: str, object_id: str
    ) -> HttpResponse:
        """A record's public page, for who sees the record and where its class shows the way."""
        from django.contrib.contenttypes.models import ContentType  # wants the apps

        kinds = {
            str(ContentType.objects.get_for_model(model).pk): model for model in self._registry
        }
        if content_type_id not in kinds:
            raise Http404
        shown_by = self._registry[kinds[content_type_id]]
        record: Any = shown_by.get_object(request, object_id)
        if record is None or not shown_by.has_view_permission(request, record):
            raise Http404
        if shown_by.get_view_on_site_url(record) is None:
            raise Http404
        return HttpResponseRedirect(record.get_absolute_url())

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        navigation = build_navigation(context["available_apps"], request.path)
        return {**context, "navigation": navigation, "in_admin": True}

    def index(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        from vmcrm import today  # wants the models, which are loaded after the sites

        page = today.build_page(request, self)
        return super().index(request, {"today": page, **(extra_context or {})})

    @method_decorator(never_cache)
    @method_decorator(secure_admin_login)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Staff sign in as everybody does: rate limits and the second step are in one place.

        The decorator sends visitors to the common page and refuses accounts that are not staff;
        who comes this far is signed in already.
        """
        return HttpResponseRedirect(reverse("admin:index"))

    def logout(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return HttpResponseRedirect(reverse("account_logout"))

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return HttpResponseRedirect(reverse("account_change_password"))
