"""Taking a recording along: who may, in what form, and that it is written down."""

from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.models import User
from meetings.models import Meeting, Recording, RecordingAccess, RecordingTrack
from tests.factories.meetings import make_guest, make_past_meeting

pytestmark = pytest.mark.django_db
CONTENT = bytes(range(256)) * 4


def make_track(meeting: Meeting, **fields: Any) -> RecordingTrack:
    recording = Recording.objects.create(
        meeting=meeting,
        starts_at=timezone.now(),
        stopped_at=timezone.now(),
        delete_on=timezone.now().date() + timedelta(days=9),
        changed_sequence=1,
    )
    values = {
        "seat": make_guest(meeting),
        "source": "camera",
        "relay_url": "ws://relay/control",
        "relay_file": f"file-{recording.pk}",
        "media_type": "video/webm",
        "started_at": timezone.now(),
        "duration_s": 61.4,
        "size_bytes": len(CONTENT),
        "sha256": "ab" * 32,
        "journal": {},
        "state": "stored",
        "is_at_relay": False,
    } | fields
    track = RecordingTrack(recording=recording, **values)
    track.file.name = default_storage.save("recordings/random.webm", ContentFile(CONTENT))
    track.save()
    return track


def url(track: RecordingTrack, meeting: Meeting | None = None) -> str:
    pk = (meeting or track.recording.meeting).pk
    return f"/admin/meetings/meeting/{pk}/recordings/{track.public_id}/"


@pytest.fixture
def track(owner: User) -> RecordingTrack:
    return make_track(make_past_meeting(host=owner))


def get(user: User | None, address: str, **headers: str) -> tuple[Any, bytes]:
    """As under ASGI: a download is an asynchronous stream there."""

    async def ask() -> tuple[Any, bytes]:
        client = AsyncClient()
        if user is not None:
            await client.aforce_login(user)
        response = await client.get(address, headers=headers)
        if not response.streaming:
            return response, response.content
        return response, b"".join([piece async for piece in response])

    return async_to_sync(ask)()


def test_host_takes_the_whole_file_as_an_attachment(owner: User, track: RecordingTrack) -> None:
    response, content = get(owner, url(track))

    assert (response.status_code, content) == (200, CONTENT)
    assert response["Content-Type"] == "video/webm"
    assert response["Content-Disposition"].startswith("attachment; filename")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]
    assert [(row.track, row.user) for row in RecordingAccess.objects.all()] == [(track, owner)]


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=10-", 206, 10, 1024),
        ("bytes=-4", 206, 1020, 1024),
        ("bytes=1000-5000", 206, 1000, 1024),
        ("bytes=0-1,5-6", 200, 0, 1024),
        ("bytes=-", 200, 0, 1024),
        ("lines=1-2", 200, 0, 1024),
    ],
)
def test_range_gives_its_part(
    owner: User, track: RecordingTrack, asked: str, status: int, start: int, end: int
) -> None:
    response, content = get(owner, url(track), range=asked)

    assert (response.status_code, content) == (status, CONTENT[start:end])
    wanted = f"bytes {start}-{end - 1}/1024" if status == 206 else None
    assert response.get("Content-Range") == wanted


@pytest.mark.parametrize("asked", ["bytes=1024-", "bytes=5-4", "bytes=2000-2001"])
def test_range_outside_of_the_file_is_refused(
    owner: User, track: RecordingTrack, asked: str
) -> None:
    response, content = get(owner, url(track), range=asked)

    assert (response.status_code, content) == (416, b"")
    assert response["Content-Range"] == "bytes */1024"


def test_range_of_another_content_gives_the_whole_file(owner: User, track: RecordingTrack) -> None:
    response, _ = get(owner, url(track), **{"range": "bytes=0-9", "if-range": '"old"'})

    assert response.status_code == 200


def test_going_on_is_one_download(owner: User, track: RecordingTrack) -> None:
    for asked in ("bytes=0-99", "bytes=100-199", "bytes=200-"):
        get(owner, url(track), range=asked)

    assert RecordingAccess.objects.count() == 1


@pytest.mark.parametrize("asked", ["bytes=1-", "bytes=-1023", "bytes=512-600"])
def test_part_that_continues_nothing_is_written_down(
    owner: User, manager: User, track: RecordingTrack, asked: str
) -> None:
    RecordingAccess.objects.create(track=track, user=manager)
    RecordingAccess.objects.create(track=track, user=owner)
    RecordingAccess.objects.update(occurred_at=timezone.now() - timedelta(hours=2))

    for _part in range(2):
        get(owner, url(track), range=asked)

    taken = RecordingAccess.objects.filter(track=track).values_list("user", flat=True)
    assert sorted(taken) == sorted([manager.pk, owner.pk, owner.pk])


def test_part_of_another_file_is_written_down(owner: User, track: RecordingTrack) -> None:
    other = make_track(track.recording.meeting)
    get(owner, url(other))

    get(owner, url(track), range="bytes=1-")

    assert RecordingAccess.objects.filter(track=track).count() == 1


def test_right_is_looked_up_for_every_range(owner: User, track: RecordingTrack) -> None:
    first, _ = get(owner, url(track), range="bytes=0-9")
    User.objects.filter(pk=owner.pk).update(is_active=False)

    second, content = get(owner, url(track), range="bytes=10-19")

    assert (first.status_code, second.status_code) == (206, 302)
    assert CONTENT[10:20] not in content


def test_who_may_not_gets_nothing(
    track: RecordingTrack, stranger: User, teammate: User, auditor: User, marketer: User
) -> None:
    answers = {
        str(user): get(user, url(track))[0].status_code
        for user in (stranger, teammate, auditor, marketer)
    }
    anonymous, _ = get(None, url(track))

    assert set(answers.values()) <= {403, 404}
    assert answers[str(auditor)] == 403
    assert anonymous.status_code == 302
    assert RecordingAccess.objects.count() == 0


def test_file_of_one_meeting_is_not_found_through_another(
    owner: User, track: RecordingTrack
) -> None:
    other = make_past_meeting(host=owner)

    assert get(owner, url(track, other))[0].status_code == 404


@pytest.mark.parametrize("state", ["waiting", "damaged", "deleted"])
def test_only_stored_files_are_given(owner: User, track: RecordingTrack, state: str) -> None:
    RecordingTrack.objects.update(state=state)

    assert get(owner, url(track))[0].status_code == 404


def test_meeting_page_lists_recordings_and_links_what_one_may_take(
    client: Client, owner: User, auditor: User, track: RecordingTrack
) -> None:
    page = f"/admin/meetings/meeting/{track.recording.meeting_id}/change/"

    client.force_login(owner)
    own = client.get(page).content.decode()
    client.force_login(auditor)
    read = client.get(page).content.decode()

    assert url(track) in own
    assert "1:01" in own
    assert "1:01" in read
    assert url(track) not in read


def shown_accesses(client: Client, user: User, meeting: Meeting) -> list[str]:
    """The names in the list of downloads, top first; empty where there is no list."""
    client.force_login(user)
    accesses = client.get(f"/admin/meetings/meeting/{meeting.pk}/change/").context["accesses"]
    return [] if accesses is None else [str(row.user) for row in accesses]


def test_meeting_page_says_why_the_file_of_somebody_who_left_is_missing(
    client: Client, owner: User
) -> None:
    meeting = make_past_meeting(host=owner)
    make_track(meeting, state="deleted")
    client.force_login(owner)
    address = f"/admin/meetings/meeting/{meeting.pk}/change/"
    of_its_day = client.get(address).content.decode()

    make_track(meeting, state="deleted", is_refused=True)
    of_a_leaver = client.get(address).content.decode()

    reason = "this person had left the recording"
    assert [of_its_day.count(reason), of_a_leaver.count(reason)] == [0, 1]


def test_meeting_page_lists_who_took_files_along_newest_first(
    client: Client, owner: User, manager: User, auditor: User, marketer: User, track: RecordingTrack
) -> None:
    meeting = track.recording.meeting
    elsewhere = make_track(make_past_meeting(host=owner))
    for user, taken in ((owner, track), (manager, track), (auditor, elsewhere)):
        RecordingAccess.objects.create(track=taken, user=user)

    for reader in (owner, manager, auditor):
        assert shown_accesses(client, reader, meeting) == [str(manager), str(owner)]
    client.force_login(owner)
    page = client.get(f"/admin/meetings/meeting/{meeting.pk}/change/").content.decode()
    assert page.index(f"<td>{manager}</td>") < page.index(f"<td>{owner}</td>")
    # Who may not take recordings does not learn who did, either.
    assert shown_accesses(client, marketer, meeting) == []


def test_list_of_downloads_comes_in_pages_of_twenty(
    client: Client, owner: User, manager: User, track: RecordingTrack
) -> None:
    RecordingAccess.objects.create(track=track, user=manager)
    RecordingAccess.objects.bulk_create(
        RecordingAccess(track=track, user=owner) for _number in range(22)
    )
    client.force_login(owner)
    address = f"/admin/meetings/meeting/{track.recording.meeting_id}/change/"

    first, last, beyond, nonsense = (
        client.get(address, {"downloads": asked}) for asked in ("1", "2", "99", "x")
    )

    shown = [len(answer.context["accesses"]) for answer in (first, last, beyond, nonsense)]
    assert shown == [20, 3, 3, 20]
    assert f"<td>{manager}</td>" in last.content.decode()
    links = ("?downloads=1#accesses", "?downloads=2#accesses")
    assert [link in first.content.decode() for link in links] == [False, True]
    assert [link in last.content.decode() for link in links] == [True, False]


def test_recordings_and_downloads_of_a_meeting_take_no_query_for_each(
    client: Client, owner: User, manager: User, auditor: User, track: RecordingTrack
) -> None:
    meeting = track.recording.meeting
    address = f"/admin/meetings/meeting/{meeting.pk}/change/"
    RecordingAccess.objects.create(track=track, user=owner)
    client.force_login(owner)
    client.get(address)  # what is looked up once for the process
    with CaptureQueriesContext(connection) as with_one:
        client.get(address)

    for user in (manager, auditor):
        another = make_track(meeting, seat=track.seat, relay_file=f"of-{user.pk}")
        RecordingAccess.objects.create(track=another, user=user)
    with CaptureQueriesContext(connection) as with_three:
        page = client.get(address)

    assert len(page.context["accesses"]) == 3
    assert len(page.context["recordings"]) == 3
    assert len(with_three) == len(with_one)


@pytest.mark.parametrize(
    ("facts", "is_running"),
    [
        ({}, False),
        ({"heard_at": timezone.now()}, True),
        ({"heard_at": timezone.now(), "trouble": "relay_away"}, False),
    ],
    ids=["asked-for", "running", "refused"],
)
def test_meeting_page_calls_running_only_what_the_media_server_records(
    client: Client, owner: User, facts: dict[str, Any], is_running: bool
) -> None:
    meeting = make_past_meeting(host=owner)
    now = timezone.now()
    Recording.objects.create(
        meeting=meeting, starts_at=now, delete_on=now.date(), changed_sequence=1, **facts
    )
    client.force_login(owner)

    page = client.get(f"/admin/meetings/meeting/{meeting.pk}/change/").content.decode()

    badges = (">running</span>", ">not recording at the moment</span>")
    assert [badge in page for badge in badges] == [is_running, not is_running]


def test_meeting_page_says_why_nothing_was_recorded(client: Client, owner: User) -> None:
    meeting = make_past_meeting(host=owner)
    Recording.objects.create(
        meeting=meeting,
        starts_at=timezone.now(),
        stopped_at=timezone.now(),
        delete_on=timezone.now().date() + timedelta(days=9),
        changed_sequence=1,
        trouble="disk_low",
    )
    client.force_login(owner)

    page = client.get(f"/admin/meetings/meeting/{meeting.pk}/change/").content.decode()

    assert "Nothing was recorded." in page
    assert "The disk of the media server is nearly full." in page
    assert "No file yet." not in page
