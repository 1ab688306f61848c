"""Clock times people write down, in a zone they name, to points in time."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.formats import date_format

from meetings.services.refusals import AmbiguousTime, NonexistentTime, UnknownZone


def find_zone(name: str) -> ZoneInfo:
    """The zone of that name. Raises UnknownZone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownZone(zone=name) from error


def point_in_time(*, wall_time: datetime, zone_name: str) -> datetime:
    """The UTC time at which the clocks of the zone show `wall_time` (without zone).

    Raises NonexistentTime in the gap of spring and AmbiguousTime in the hour that comes twice in
    autumn, rather than choosing one silently.
    """
    zone = find_zone(zone_name)
    shown = wall_time.replace(tzinfo=None, fold=0)
    first = shown.replace(tzinfo=zone).astimezone(UTC)
    second = shown.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None, fold=0) != shown:
        raise NonexistentTime(time=_written(shown), zone=zone_name)
    if first != second:
        raise AmbiguousTime(time=_written(shown), zone=zone_name)
    return first


def _written(wall_time: datetime) -> str:
    return date_format(wall_time, "SHORT_DATETIME_FORMAT")
