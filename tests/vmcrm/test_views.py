"""The start page for visitors, attendees and colleagues."""

import datetime as dt

import pytest
from allauth.account.models import EmailAddress
from django.urls import reverse
from django.utils import timezone

from tests.factories.crm import make_point
from tests.factories.meetings import make_meeting, make_past_meeting, make_registration
from tests.people import make_user


def home(client):
    return client.get(reverse("home"))


@pytest.mark.django_db
def test_visitor_sees_public_meetings_and_a_box_for_the_code(client):
    shown = make_meeting(title="Open round", visibility="public")
    make_meeting(title="Closed round", visibility="link")

    response = home(client)

    html = response.content.decode()
    assert "Open round" in html
    assert "Closed round" not in html
    assert shown.get_absolute_url() in html
    assert f'action="{reverse("meetings:join")}"' in html
    assert reverse("admin:index") not in html


@pytest.mark.django_db
def test_attendee_sees_what_their_proved_address_is_registered_for(client):
    user = make_user("Anna", is_staff=False, email="anna@x.example")
    EmailAddress.objects.create(user=user, email=user.email, verified=True)
    now = timezone.now()
    later = make_meeting(
        title="Later",
        starts_at=now + dt.timedelta(days=2),
        ends_at=now + dt.timedelta(days=2, hours=1),
    )
    point = make_point("anna@x.example")
    make_registration(later, contact_point=point)
    make_registration(make_past_meeting(), contact_point=point)
    client.force_login(user)

    response = home(client)

    assert [meeting.title for meeting in response.context["own_meetings"]] == ["Later"]
    assert reverse("admin:index") not in response.content.decode()


@pytest.mark.django_db
def test_address_that_was_not_proved_shows_nothing(client):
    user = make_user("Anna", is_staff=False, email="anna@x.example")
    EmailAddress.objects.create(user=user, email=user.email, verified=False)
    make_registration(make_meeting(), contact_point=make_point("anna@x.example"))
    client.force_login(user)

    assert home(client).context["own_meetings"] == []


@pytest.mark.django_db
def test_host_sees_the_meetings_they_run_and_the_way_to_the_admin(client, owner, stranger):
    own = make_meeting(owner, title="Mine")
    make_meeting(stranger, title="Theirs")
    client.force_login(owner)

    response = home(client)

    assert response.context["own_meetings"] == [own]
    assert reverse("admin:index") in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("number", [1, 3])
def test_start_page_asks_the_database_equally_often_for_one_and_three(
    client, django_assert_max_num_queries, number
):
    for _ in range(number):
        make_meeting(visibility="public")

    with django_assert_max_num_queries(3):
        home(client)
