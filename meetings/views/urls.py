"""Addresses of the meeting pages. Their names stand in mails and calendars: they stay."""

from django.urls import path

from meetings.views import joining, leaving, mine, pages, personal, registering, room

app_name = "meetings"

urlpatterns = [
    path("meetings/", pages.list_meetings, name="list"),
    path("meetings/<uuid:public_id>/", pages.show_meeting, name="detail"),
    path("meetings/<uuid:public_id>/register/", registering.register, name="register"),
    path("meetings/<uuid:public_id>/calendar.ics", pages.download_calendar, name="calendar"),
    path("meetings/<uuid:public_id>/room/", room.show_room, name="room"),
    path("meetings/<uuid:public_id>/left/", leaving.say_goodbye, name="left"),
    path("join/", joining.join, name="join"),
    path("r/<str:token>/", personal.open_personal_link, name="personal_link"),
    path("my/meetings/", mine.list_mine, name="mine"),
    path(
        "registrations/<uuid:public_id>/cancel/",
        mine.cancel_registration,
        name="cancel_registration",
    ),
]
