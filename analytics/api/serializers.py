"""Runs as JSON."""

from rest_framework import serializers

from analytics.models import Run


class RunProgressSerializer(serializers.ModelSerializer[Run]):
    """How far a run is, with words in the reader's language."""

    status_label = serializers.CharField(source="get_status_display", read_only=True)
    stage_label = serializers.CharField(source="get_stage_display", read_only=True)
    is_open = serializers.BooleanField(read_only=True)

    class Meta:
        model = Run
        fields = [
            "public_id",
            "kind",
            "status",
            "status_label",
            "stage",
            "stage_label",
            "progress",
            "is_open",
        ]
        read_only_fields = fields
