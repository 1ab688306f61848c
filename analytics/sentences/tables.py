"""What is wrong with a table before anything is estimated from it."""

from django.utils.translation import gettext_lazy as _

TEXTS = {
    "unknown_column": (
        _("The table has no column “%(column)s”."),
        _("Check the spelling of the column, or choose another one."),
    ),
    "lengths_differ": (
        _("The columns do not have the same number of rows: %(lengths)s."),
        _("Make sure that every row has a cell in every column."),
    ),
    "name_twice": (
        _("The name “%(name)s” is used twice."),
        _("Use every name once."),
    ),
    "name_reserved": (
        _("The name “%(name)s” has a meaning of its own here."),
        _("Give it another name."),
    ),
    "not_a_number": (
        _("In column “%(column)s”, %(count)s cells do not hold a number. Rows: %(rows)s."),
        _("Correct the cells, or leave the column out."),
    ),
    "missing_values": (
        _("In column “%(column)s”, %(count)s cells are empty. Rows: %(rows)s."),
        _("Fill the cells in, or remove the rows if you know why they are empty."),
    ),
    "infinite_values": (
        _(
            "In column “%(column)s”, %(count)s numbers are infinite or absurdly large. Rows:"
            " %(rows)s."
        ),
        _("Correct the cells: such a number is usually a slip or a division by zero."),
    ),
    "too_few_rows": (
        _("There are %(n)s rows, and at least %(least)s are needed."),
        _("Collect more data, or ask a simpler question of them."),
    ),
}
