"""The letters on an avatar."""

import pytest

from vmcrm.templatetags.initials import initials


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("张伟", "伟"),
        ("Ada Lovelace", "AL"),
        ("plato", "P"),
        ("Maria del Mar Pérez", "MP"),
        ("  ", "?"),
        ("ß", "SS"),
        ("김민준", "김"),
    ],
)
def test_initials_follow_the_script_of_the_name(name, letters):
    assert initials(name) == letters
