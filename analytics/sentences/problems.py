"""What is wrong with a problem document."""

from django.utils.translation import gettext_lazy as _

TEXTS = {
    "value_not_an_object": (
        _("“%(place)s” should be an object with named values."),
        _("Write it in braces, as in the documentation."),
    ),
    "value_not_a_list": (
        _("“%(key)s” of “%(place)s” should be a list."),
        _("Write it in square brackets."),
    ),
    "value_not_a_pair": (
        _("“%(place)s” should be a pair of numbers."),
        _("Write two numbers in square brackets."),
    ),
    "value_not_a_number": (
        _("“%(key)s” of “%(place)s” is not a number: %(value)s."),
        _("Write a number with a point before its decimals."),
    ),
    "value_too_long": (
        _("“%(key)s” of “%(place)s” has too many digits: %(value)s."),
        _("Write a number with at most %(most)s digits before and after its point."),
    ),
    "value_not_text": (
        _("“%(key)s” of “%(place)s” should be a text."),
        _("Write it in quotation marks."),
    ),
    "key_missing": (
        _("“%(key)s” is missing in “%(place)s”."),
        _("Add it."),
    ),
    "key_unknown": (
        _("“%(place)s” has an unknown key “%(key)s”; known are %(keys)s."),
        _("Check the spelling, or leave it out."),
    ),
    "direction_unknown": (
        _("The direction of “%(place)s” is “%(value)s”; it can be up or down."),
        _("Write up where high is good, and down where low is good."),
    ),
}
