"""Runs, estimators, charts and reports."""
