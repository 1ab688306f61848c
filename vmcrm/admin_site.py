"""Our admin site: work in place of a list of tables, and one login for everybody."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from django.views.decorators.cache import never_cache

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
