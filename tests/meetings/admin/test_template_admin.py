"""Templates of meetings in the administration."""

import pytest
from django.forms.models import model_to_dict
from django.test import Client
from django.urls import reverse

from crm.models import User
from meetings.models import MeetingTemplate
from meetings.models.choices import MeetingKind


@pytest.fixture
def template(db: None) -> MeetingTemplate:
    return MeetingTemplate.objects.get(kind=MeetingKind.TRAINING, is_default=True)


def save(client: Client, template: MeetingTemplate, **changes: object) -> str:
    """Send the page's form with other values; gives the page that answers."""
    address = reverse("admin:meetings_meetingtemplate_change", args=[template.pk])
    form = client.get(address).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    sent = {name: value for name, value in (values | changes).items() if value not in (None, False)}
    return client.post(address, sent, follow=True).content.decode()


def test_template_promises_no_more_seats_than_a_room_has(
    client: Client, administrator: User, template: MeetingTemplate
) -> None:
    before = model_to_dict(template)
    client.force_login(administrator)

    page = save(client, template, capacity=201)

    template.refresh_from_db()
    assert "A room takes 200 people at most" in page
    assert model_to_dict(template) == before


def test_larger_template_from_before_can_still_be_changed(
    client: Client, administrator: User, template: MeetingTemplate
) -> None:
    MeetingTemplate.objects.filter(pk=template.pk).update(capacity=250)
    client.force_login(administrator)

    save(client, template, duration_min=75)

    template.refresh_from_db()
    assert (template.capacity, template.duration_min) == (250, 75)
