"""The cache that the processes share, and the one rule for when it is away.

Rule: while the shared cache does not answer, each process counts and remembers for itself. So no
limit opens and no page closes; a limit can be passed once in each process. docs/decisions/0015
lists the limits.
"""

from collections.abc import Callable
from typing import Any, Final

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import RedisError

from crm.outage import Outage

MOST_ENTRIES: Final = 20_000
"""Of one process while it is on its own; beyond them a third is forgotten."""
_OPERATIONS: Final = (
    "add", "get", "set", "touch", "delete", "get_many", "has_key", "incr", "set_many",
    "delete_many", "clear",
)  # fmt: skip

# Django makes a cache for each request: what outlives a request is kept by the process.
_outage = Outage("The shared cache")
_own = LocMemCache("stand-in of the shared cache", {"OPTIONS": {"MAX_ENTRIES": MOST_ENTRIES}})


def _with_stand_in(name: str) -> Callable[..., Any]:
    ask, ask_own = getattr(RedisCacheClient, name), getattr(_own, name)

    def operation(client: RedisCacheClient, *arguments: Any) -> Any:
        if _outage.may_ask():
            try:
                answer = ask(client, *arguments)
            except (RedisError, OSError) as error:
                _outage.note_failure(error)
            except ValueError:  # nothing there to count up: the server did answer
                _outage.note_answer()
                raise
            else:
                _outage.note_answer()
                return answer
        return ask_own(*arguments)

    return operation


class SharedCacheClient(RedisCacheClient):
    """Every operation as Django's; one that the server does not answer goes to the stand-in."""


for _name in _OPERATIONS:
    setattr(SharedCacheClient, _name, _with_stand_in(_name))


class SharedCache(RedisCache):
    def __init__(self, server: str | list[str], params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = SharedCacheClient
