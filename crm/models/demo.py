"""What belongs to the demo company: written down when it is loaded, read when it is removed."""

from django.db import models


class DemoRow(models.Model):
    """One row that `seed_demo` made. `model` is "app.model", `key` its primary key as text."""

    model = models.CharField(max_length=100)
    key = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("model", "key"), name="demo_row_once")]

    def __str__(self) -> str:
        return f"{self.model} {self.key}"
