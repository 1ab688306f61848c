"""What `manage.py up` does: prepares the folder, starts every part, keeps it running, stops it."""
