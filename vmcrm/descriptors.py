"""How many files and connections a process may have open."""

import resource

# More than a machine with its parts on it will serve, and little enough for programs that walk
# over all the numbers when they start a child.
ENOUGH = 65_536


def raise_limit() -> int:
    """Raises the soft limit to the hard one, within reason; says what it is now.

    Many systems start programs with 1,024 for the sake of old ones that use select(). Children
    inherit what the supervisor has.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return ENOUGH if soft == resource.RLIM_INFINITY else soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (ValueError, OSError):  # macOS allows less than it says
        return soft
    return wanted
