"""The effect score of each closed meeting, asked for once."""

from django.contrib.auth import get_user_model

from analytics.models import Run
from analytics.services.runs import request_run
from meetings.selectors import outcomes


def request_missing_scores() -> list[int]:
    """Score runs for closed meetings that have none; gives the runs that wait for a worker.

    The key of a score names its meeting, so that two of these at once make one run.
    """
    scores = Run.objects.filter(kind=Run.Kind.SCORE, subject_ref__startswith="meeting:")
    scored = scores.values_list("subject_ref", flat=True)
    run_ids = []
    for outcome in outcomes.newly_closed(without_refs=set(scored)):
        host = get_user_model().objects.filter(pk=outcome.host_id).first()
        if host is None:
            continue
        run = request_run(
            kind=Run.Kind.SCORE,
            requested_by=host,
            parameters={
                "meeting": str(outcome.public_id),
                "weights_version": str(outcome.weights_version),
            },
            subject_ref=outcome.subject_ref,
            subject_title=outcome.title,
            request_key=f"score:{outcome.public_id}",
        )
        if run.is_open:
            run_ids.append(run.pk)
    return run_ids
