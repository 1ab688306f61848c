"""A mail backend that writes each mail as a file, for trying things out and for tests."""

import os
import re
from collections.abc import Sequence
from email.message import Message
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

_UNSAFE = re.compile(r"[^A-Za-z0-9._@+-]")


class MailFolderBackend(BaseEmailBackend):
    """Writes `<Message-ID>.eml` into settings.MAIL_FOLDER, atomically.

    The same mail written twice is one file, so that a delivery may be repeated safely.
    """

    is_idempotent = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._folder = Path(settings.MAIL_FOLDER)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            self._write(message.message())
        return len(email_messages)

    def _write(self, message: Message) -> None:
        path = self._folder / f"{name_of(str(message['Message-ID']))}.eml"
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with draft.open("wb") as file:
                file.write(message.as_bytes())
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError:  # the disk is full: half a mail would take the rest of it
            draft.unlink(missing_ok=True)
            raise


def name_of(message_id: str) -> str:
    """A Message-ID as a file name; the angle brackets go, what might be a path becomes `_`."""
    return _UNSAFE.sub("_", message_id.strip("<> \r\n"))[:200]


def forget(names: Sequence[str]) -> None:
    """Take the files of erased mails away; `names` stand in their Message-IDs."""
    folder = Path(settings.MAIL_FOLDER)
    for name in names:
        for path in folder.glob(f"*{name}*.eml"):
            path.unlink(missing_ok=True)
