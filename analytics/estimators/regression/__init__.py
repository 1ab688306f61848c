"""Least squares with honest errors, checks of its assumptions, and forecasts."""
