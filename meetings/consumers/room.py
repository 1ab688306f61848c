"""The room's consumer: parse, match, call. What a message does is in `services/`; what it looks
like is in `room_protocol`.
"""

import logging
import uuid
from typing import Final

from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils.translation import gettext as _

from crm.services.errors import Refusal
from meetings import room_protocol as rp
from meetings.consumers.entering import EnteringRequests
from meetings.consumers.media import MediaRequests
from meetings.consumers.moderation import ModerationRequests
from meetings.consumers.recording import RecordingRequests
from meetings.consumers.watch_checks import WatchChecks
from meetings.database_threads import in_database
from meetings.relay_client import RelayRefused, RelayUnavailable
from meetings.room_permissions import may_send
from meetings.services import chat, fanout
from meetings.services.room_refusals import NotInRoom, NotPermitted, RoomClosed, SeatRemoved

OPEN_IN_LOBBY: Final = (rp.Hello, rp.Leave, rp.Ping)

logger = logging.getLogger(__name__)


class RoomConsumer(
    EnteringRequests, MediaRequests, ModerationRequests, RecordingRequests, WatchChecks
):
    """One socket of one seat: all that the page, the room, the relay and the watch say to it."""

    async def handle(self, message: rp.ClientMessage) -> None:
        try:
            self._refuse_out_of_place(message)
            await getattr(self, f"on_{message.type}")(message)
        except (RoomClosed, SeatRemoved) as refusal:
            self._refuse(message, refusal.code, str(refusal))
            self._shut(is_over=isinstance(refusal, RoomClosed))
        except (Refusal, RelayRefused, RelayUnavailable) as refusal:
            self._refuse(message, refusal.code, str(refusal))
        except fanout.LAYER_AWAY:
            self._refuse(message, "try_again", _("The room is being repaired. Please wait."))
            self.finish(rp.CLOSE_SERVER_RESTARTS)
        except DatabaseError as error:
            self._refuse_for_database(message, error)
        except Exception:  # whatever it is, the socket and its room go on
            logger.exception("Seat %s: %s failed", self._name, message.type)
            self._refuse(message, "internal", _("Something went wrong on our side."))

    def _refuse_for_database(self, message: rp.ClientMessage, error: DatabaseError) -> None:
        """A page that did not come in tries anew, with the delays that it has for that."""
        if isinstance(error, OperationalError | InterfaceError):  # busy or gone: it will pass
            logger.warning("Seat %s: %s was not stored: %s", self._name, message.type, error)
        else:
            logger.error("Seat %s: %s was not stored", self._name, message.type, exc_info=error)
        self._refuse(message, "try_again", _("This was not saved. Please try again."))
        if isinstance(message, rp.Hello):
            self.finish(rp.CLOSE_SERVER_RESTARTS)

    def _refuse_out_of_place(self, message: rp.ClientMessage) -> None:
        if not self._is_in_room and not isinstance(message, OPEN_IN_LOBBY):
            raise NotInRoom
        if not may_send(self.role, message):
            raise NotPermitted

    def _refuse(self, message: rp.ClientMessage, code: str, sentence: str) -> None:
        self.put(rp.Error(id=message.id, code=code, sentence=sentence))

    async def on_send_chat(self, message: rp.SendChat) -> None:
        client_id = uuid.UUID(message.client_id)
        await in_database(chat.post)(seat=self.seat, client_id=client_id, text=message.text)
        self.put(rp.Ok(id=message.id))

    async def on_ping(self, message: rp.Ping) -> None:
        self.put(rp.Pong(id=message.id))
