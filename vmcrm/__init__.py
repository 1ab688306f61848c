"""Puts the parts together: settings, ASGI, Celery, theme, commands. Nobody imports it."""
