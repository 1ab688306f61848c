"""What runs by the clock. Free of Django, so that the beat process stays small."""

SCHEDULE = {
    "heartbeat": {"task": "vmcrm.tasks.beat_heart", "schedule": 2.0, "options": {"expires": 6}},
    "deliveries": {
        "task": "crm.tasks.sweep_deliveries",
        "schedule": 2.0,
        "options": {"expires": 4},
    },
    "mailings": {"task": "crm.tasks.sweep_mailings", "schedule": 2.0, "options": {"expires": 4}},
    "runs": {"task": "analytics.tasks.sweep_runs", "schedule": 2.0, "options": {"expires": 4}},
    "closing": {
        "task": "meetings.tasks.close_finished_meetings",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "recordings": {
        "task": "meetings.tasks.sweep_recordings",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "expired recordings": {
        "task": "meetings.tasks.delete_expired_recordings",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "scoring": {
        "task": "analytics.tasks.score_closed_meetings",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "reports": {
        "task": "analytics.tasks.issue_due_reports",
        "schedule": 20.0,
        "options": {"expires": 20},
    },
}
