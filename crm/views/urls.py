"""Addresses of the crm app."""

from django.urls import path

from crm.views import preferences

app_name = "crm"
urlpatterns = [
    path("preferences/<str:token>/", preferences.show_preferences, name="preferences"),
]
