"""Addresses below `/api/analytics/`."""

from django.urls import path

from analytics.api.views import RunProgressView

app_name = "analytics_api"
urlpatterns = [
    path("runs/<uuid:public_id>/progress/", RunProgressView.as_view(), name="run_progress"),
]
