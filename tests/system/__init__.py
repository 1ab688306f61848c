"""Tests of the whole system: `manage.py up` with all its processes, and Chromium in front of it."""
