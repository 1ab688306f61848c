"""Progress of runs, for the live page."""

from typing import TYPE_CHECKING

from django.db.models import QuerySet
from rest_framework.generics import RetrieveAPIView

from analytics.api.serializers import RunProgressSerializer
from analytics.models import Run

if TYPE_CHECKING:
    RunView = RetrieveAPIView[Run]
else:
    RunView = RetrieveAPIView


class RunProgressView(RunView):
    """`GET` only; a run that the session's user may not see does not exist for them."""

    serializer_class = RunProgressSerializer
    lookup_field = "public_id"
    http_method_names = ["get", "head"]

    def get_queryset(self) -> QuerySet[Run]:
        return Run.objects.visible_to(self.request.user).only(
            "public_id", "kind", "status", "stage", "progress"
        )
