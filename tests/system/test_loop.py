"""The whole loop in real browsers: plan, invite, register, meet, evaluate, analyse, report."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests.system import actors
from tests.system.actors import Attendee, Mail, Rep, find_link, read_mails, wait_for
from tests.system.fake_media import write_picture, write_tone
from tests.system.running import RunningSystem

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.timeout(600)]

CHROMIUM = "/usr/bin/chromium"
FEW_MINUTES_AGO = """
from datetime import timedelta
from meetings.models import Meeting, PresenceInterval
meeting = Meeting.objects.get(title={title!r})
meeting.starts_at -= timedelta(minutes=40)
meeting.went_live_at -= timedelta(minutes=40)
meeting.save()
for row in PresenceInterval.objects.filter(seat__meeting=meeting):
    row.joined_at -= timedelta(minutes=33)
    row.save()
"""


@dataclass(frozen=True)
class Story:
    """What differs between the two languages."""

    language: str
    rep: str
    zone: str
    company: str
    title: str
    question: str
    answer: str


STORIES = (
    Story(
        "en", "anna@lumen.example", "Europe/Berlin", "Praxis", "Partner talk about probes",
        "When do the new probes come?", "In March.",
    ),
    Story(
        "zh-hans", "chen@lumen.example", "Asia/Shanghai", "申和", "探头合作会议",
        "新探头什么时候到货?", "三月份。",
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def browsers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Browser]]:
    """One for the host and two for the guests."""
    folder = tmp_path_factory.mktemp("devices")
    with sync_playwright() as playwright:
        started = [launch(playwright, folder, number) for number in (1, 2, 3)]
        yield started
        for browser in started:
            browser.close()


def launch(playwright: Playwright, folder: Path, number: int) -> Browser:
    """A browser with a camera and a microphone of its own, fed from files."""
    picture = write_picture(folder / f"camera{number}.y4m", brightness=40 + 50 * number)
    tone = write_tone(folder / f"voice{number}.wav", frequency_hz=440.0 * number)
    return playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=[
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={picture}",
            f"--use-file-for-fake-audio-capture={tone}",
        ],
    )


@pytest.mark.parametrize("story", STORIES, ids=[story.language for story in STORIES])
def test_meeting_becomes_knowledge_figures_and_a_report(
    system: RunningSystem, browsers: list[Browser], story: Story
) -> None:
    screenshots = settings.HOME / "screenshots" / "loop" / story.language
    shutil.rmtree(screenshots, ignore_errors=True)
    screenshots.mkdir(parents=True)
    people = [
        actors.new_person(
            browser, name, language=story.language, base_url=system.base_url,
            screenshots=screenshots,
        )
        for browser, name in zip(browsers, ("rep", "first", "second"), strict=True)
    ]  # fmt: skip
    rep = Rep(**vars(people[0]))
    guests = [Attendee(**vars(person)) for person in people[1:]]
    known = len(read_mails(system.home / "mail"))

    def new_mails() -> list[Mail]:
        return read_mails(system.home / "mail")[known:]

    # Plan and invite.
    rep.log_in(story.rep, read_password(system))
    meeting_page = rep.plan(story.title, story.zone)
    rep.invite(story.company, story.title)
    invitations = wait_for(
        lambda: found if len(found := with_link(new_mails(), "/register/")) >= 2 else None,
        within_s=30,
        what="invitations",
    )[:2]

    # Register, prove the address.
    for guest, (_, link) in zip(guests, invitations, strict=True):
        guest.register(link)
    for guest, (mail, _) in zip(guests, invitations, strict=True):
        confirmation, link = wait_for(
            lambda mail=mail: next(
                (row for row in with_link(new_mails(), "/r/") if row[0].to == mail.to), None
            ),
            within_s=30,
            what="the personal link",
        )
        assert any(name.endswith(".ics") for name in confirmation.attachments)
        guest.confirm(link)

    # Meet.
    room = guests[0].page.url.removeprefix(system.base_url)
    rep.open(room)
    actors.join(rep)
    expect(rep.page.locator("#room")).to_have_attribute("data-phase", "room", timeout=20_000)
    for guest in guests:
        actors.join(guest)
        admit(rep, guest)
    received = {person.name: actors.wait_for_media(person) for person in guests}
    actors.say(guests[0], story.question)
    actors.hears(guests[1], story.question)
    actors.say(guests[1], story.answer)
    actors.hears(guests[0], story.answer)
    for person in (rep, *guests):
        person.keep("in-the-room")
    guests[0].part("leave").click()
    guests[0].page.wait_for_url("**/left/")
    guests[0].rate(5)
    rep.end_meeting()
    expect(guests[1].part("ending")).to_be_visible()
    guests[1].open(room.replace("/room/", "/left/"))
    guests[1].rate(4)

    # Evaluate: the clock is turned back, as if they had talked for half an hour.
    system.manage("shell", "-v", "0", "-c", FEW_MINUTES_AGO.format(title=story.title))
    rep.open(meeting_page)
    rep.page.locator("button[name=close-meeting]").click()
    rep.page.wait_for_load_state()
    rep.keep("closed")
    address = invitations[0][0].to
    rep.open(f"/admin/crm/contact/?q={address}")
    rep.page.locator("#result_list tbody th a").first.click()
    rep.page.wait_for_load_state()
    rep.keep("timeline")
    timeline = rep.page.locator("main, #content").first.inner_text()

    # Analyse.
    score = wait_for_run(rep, story.title)
    rep.open("/admin/analytics/run/add/?kind=regression")
    rep.page.locator("input[name=channels]").first.check()
    rep.page.locator("form:has(input[name=request_key]) button:not([name])").last.click()
    rep.page.wait_for_url(re.compile(r"/analytics/run/\d+/"))
    rep.keep("regression-requested")
    expect(rep.page.locator("[data-chart] svg").first).to_be_visible(timeout=60_000)
    rep.keep("regression")

    # Report.
    send_sample_report(rep, f"{story.title} report")
    report = wait_for(
        lambda: next((m for m in new_mails() if m.images and m.to == story.rep), None),
        within_s=60,
        what="the report",
    )
    rep.open("/admin/crm/delivery/")
    rep.page.locator("#result_list tbody a").first.click()
    rep.page.wait_for_load_state()
    rep.keep("report-in-the-outbox")

    assert all(totals["frames"] > 10 for totals in received.values())
    assert re.search(r"3[0-9](\.\d+)?\s*(minutes|分钟)", timeline), timeline
    assert score
    assert story.title in report.subject
    assert report.images[0].startswith(b"\x89PNG")
    assert [person.violations for person in (rep, *guests)] == [[], [], []]
    for person in (rep, *guests):
        person.page.context.close()


def read_password(system: RunningSystem) -> str:
    return (system.home / "secrets" / "demo_password").read_text().strip()[:16]


def with_link(mails: list[Mail], pattern: str) -> list[tuple[Mail, str]]:
    return [(mail, link) for mail in mails if (link := find_link(mail, pattern))]


def admit(rep: Rep, guest: Attendee) -> None:
    """A partner meeting has a lobby: the host opens the door."""
    expect(guest.page.locator("#room")).to_have_attribute("data-phase", "lobby", timeout=20_000)
    guest.keep("lobby")
    if not rep.part("people").is_visible():
        rep.part("panel-people").click()
    rep.part("lobby-rows").locator("[data-part=admit]").first.click()
    expect(guest.page.locator("#room")).to_have_attribute("data-phase", "room", timeout=20_000)


def wait_for_run(rep: Rep, title: str) -> bool:
    """The meeting's effect score is calculated by itself."""

    def look() -> bool:
        rep.page.goto(f"{rep.base_url}/admin/analytics/run/")
        return title in rep.page.locator("body").inner_text()

    wait_for(look, within_s=45, what="the score")
    rep.keep("runs")
    return True


def send_sample_report(rep: Rep, title: str) -> None:
    rep.open("/admin/analytics/reportschedule/add/")
    rep.page.fill("input[name=title]", title)
    rep.page.locator("input[name=_continue]").click()
    rep.page.wait_for_url("**/change/**")
    rep.keep("report-schedule")
    rep.page.locator(
        "form[action$='/sample/'] button, button[formaction$='/sample/']"
    ).first.click()
    rep.page.wait_for_load_state()
    rep.keep("sample-asked-for")
