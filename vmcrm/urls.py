"""Every address of the site. The apps bring their own; the names are used in mails and stay."""

from django.contrib import admin
from django.urls import include, path
from django.views.i18n import JavaScriptCatalog

from vmcrm import health, setup_views, views

handler429 = "vmcrm.unavailable.refuse_too_many"
handler500 = "vmcrm.unavailable.answer_failure"
urlpatterns = [
    path("", views.show_home, name="home"),
    path("setup/<str:token>/", setup_views.set_up, name="set-up"),
    path("organisation/<str:name>", setup_views.show_logo, name="organisation-logo"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/analytics/", include("analytics.api.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path(
        "jsi18n/",
        JavaScriptCatalog.as_view(),
        name="javascript-catalog",
    ),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("", include("crm.views.urls")),
    path("", include("meetings.views.urls")),
]
