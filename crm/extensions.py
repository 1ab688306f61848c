"""What upper apps add to the customer pages, mails and timelines.

crm imports nothing upward. Each app registers what it brings in its `AppConfig.ready()`; a name
can be taken once, so that two apps cannot quietly replace each other.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.utils.functional import Promise

if TYPE_CHECKING:
    from crm.models import Contact, Delivery, User

Text = str | Promise
Entry = TypeVar("Entry")


class Registry(Generic[Entry]):
    """Entries by name, in the order in which they were registered."""

    def __init__(self, purpose: str) -> None:
        self._purpose = purpose
        self._entries: dict[str, Entry] = {}

    def _add(self, name: str, entry: Entry) -> None:
        if name in self._entries:
            raise ImproperlyConfigured(f"{self._purpose}: {name!r} is registered twice.")
        self._entries[name] = entry

    def get(self, name: str) -> Entry | None:
        return self._entries.get(name)

    def items(self) -> Iterator[tuple[str, Entry]]:
        return iter(list(self._entries.items()))

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries.values()))

    def __contains__(self, name: object) -> bool:
        return name in self._entries


# --- Timeline -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class ActivityKind:
    """How one kind of activity reads and counts."""

    kind: str
    label: Text
    icon: str
    sentence: Text
    """May use %(title)s, %(quantity)s, %(unit)s and the keys of the activity's data."""
    points: int
    """What one such activity adds to the contact's engagement score."""


class ActivityKinds(Registry[ActivityKind]):
    def register(
        self, kind: str, *, label: Text, icon: str, sentence: Text, points: int = 0
    ) -> None:
        self._add(kind, ActivityKind(kind, label, icon, sentence, points))


class TimelineLinks(Registry[Callable[[str], str | None]]):
    def register(self, prefix: str, function: Callable[[str], str | None]) -> None:
        """`function(subject_ref)` gives the page of a subject "prefix:...", or None."""
        self._add(prefix, function)

    def find(self, subject_ref: str) -> str | None:
        function = self.get(subject_ref.partition(":")[0])
        return function(subject_ref) if function else None


# --- Mail ---------------------------------------------------------------------------------------
@dataclass(frozen=True)
class InlineImage:
    """A PNG shown in the HTML part as `<img src="cid:{cid}">`."""

    cid: str
    png: bytes


@dataclass(frozen=True)
class Attachment:
    filename: str
    mimetype: str
    content: bytes


@dataclass(frozen=True)
class ComposedMail:
    """A mail ready to be put into MIME. An empty `html` makes a plain-text mail."""

    subject: str
    text: str
    html: str = ""
    inline_images: list[InlineImage] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)


Composer = Callable[["Delivery"], ComposedMail]


@dataclass(frozen=True)
class MailKind:
    """What writes one kind of mail, and how its having been sent stands on the timeline."""

    compose: Composer
    activity: str
    is_one_time: bool


class MailComposers(Registry[MailKind]):
    def register(
        self,
        name: str,
        function: Composer,
        *,
        activity: str = "mail_sent",
        is_one_time: bool = False,
    ) -> None:
        """`function(delivery)` runs under the delivery's language and time zone when it is sent.

        `activity` is the kind of activity that a sent mail is. A kind of its own reads %(title)s
        as the title of the mailing and %(by)s as the colleague who started it. `is_one_time` says
        that the mail carries a key to an account: its words are not kept once it is sent.
        """
        self._add(name, MailKind(function, activity, is_one_time))


# --- Pages --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Panel:
    """A piece of a page: a template and what it needs."""

    title: Text
    template: str
    context: dict[str, Any] = field(default_factory=dict)


ContactPanel = Callable[[HttpRequest, "Contact"], Panel | None]
IndexPanel = Callable[[HttpRequest], Panel | None]


class ContactPanels(Registry[ContactPanel]):
    def register(self, name: str, function: ContactPanel) -> None:
        self._add(name, function)


class IndexPanels(Registry[IndexPanel]):
    def register(self, name: str, function: IndexPanel) -> None:
        """Content of the administration's first page."""
        self._add(name, function)


@dataclass(frozen=True)
class BulkAction:
    """An action on a filtered list of contacts, carried out on a page of its own."""

    name: str
    label: Text
    url_function: Callable[[str], str]
    """Gets the list's query string (the filter, never ids) and gives the page's address."""


class BulkActions(Registry[BulkAction]):
    def register(self, name: str, label: Text, url_function: Callable[[str], str]) -> None:
        self._add(name, BulkAction(name, label, url_function))


@dataclass(frozen=True)
class DayItem:
    """Something on a colleague's day."""

    when: datetime | date
    title: str
    url: str
    icon: str
    kind: str
    whose: str = ""
    """The colleague whose it is; empty for one's own."""
    is_now: bool = False
    """Going on at this moment."""
    door_url: str = ""
    """Leads straight into what is going on, past its page."""


DayItemSource = Callable[["User"], list[DayItem]]


class MyDayItems(Registry[DayItemSource]):
    def register(self, function: DayItemSource) -> None:
        self._add(f"{function.__module__}.{function.__qualname__}", function)


# --- Personal data ------------------------------------------------------------------------------
@dataclass(frozen=True)
class Person:
    """Somebody as the apps know them: one contact with the addresses that are theirs alone."""

    contact_id: int
    contact_public_id: UUID
    point_ids: tuple[int, ...]


@dataclass(frozen=True)
class DataField:
    """One value we hold: under its name for programs, in words for people."""

    name: str
    label: Text
    value: Any
    shown: str


@dataclass(frozen=True)
class DataSection:
    """Records of one kind, each a list of fields."""

    code: str
    title: Text
    records: list[list[DataField]]


@dataclass(frozen=True)
class PersonalDataHandler:
    """One app's answer to "what do you hold about this person?" and "erase it"."""

    name: str
    label: Text
    export: Callable[[Person], list[DataSection]]
    erase: Callable[[Person], None]


class PersonalData(Registry[PersonalDataHandler]):
    def register(
        self,
        name: str,
        *,
        label: Text,
        export: Callable[[Person], list[DataSection]],
        erase: Callable[[Person], None],
    ) -> None:
        """`erase` runs in the transaction of the whole erasure, upper apps before crm."""
        self._add(name, PersonalDataHandler(name, label, export, erase))


activity_kinds = ActivityKinds("Activity kinds")
timeline_links = TimelineLinks("Timeline links")
mail_composers = MailComposers("Mail composers")
contact_panels = ContactPanels("Contact panels")
index_panels = IndexPanels("Index panels")
bulk_actions = BulkActions("Bulk actions")
my_day_items = MyDayItems("My day items")
personal_data = PersonalData("Personal data")
