"""What the score of a meeting finds."""

from django.utils.translation import gettext_lazy as _

TEXTS = {
    "no_indicators": (
        _("There is no indicator to score with."),
        _("Declare at least one indicator with its weight."),
    ),
    "value_missing": (
        _("The value of “%(indicator)s” is missing."),
        _("Enter the value; a missing one is not the same as zero."),
    ),
    "left_out": (
        _(
            "“%(indicator)s” has no figure and is left out of the score. The others weigh more "
            "instead: %(weights)s."
        ),
        _("Read it as a score without that part; it does not compare with one that has it."),
    ),
    "nothing_to_score": (
        _("None of the indicators has a value, so there is nothing to score."),
        _("A meeting can be scored from the first person who registers; give at least one value."),
    ),
    "figure_not_finite": (
        _("A figure of “%(indicator)s” is not an ordinary number."),
        _("Correct its value, weight or scale: a finite number of at most a hundred digits."),
    ),
    "negative_weight": (
        _("The weight of “%(indicator)s” is below zero: %(weight)s."),
        _("Give a weight of zero or more; where low is good, set the direction to down."),
    ),
    "weights_do_not_sum_to_one": (
        _("The weights add up to %(total)s and not to 1."),
        _("Change the weights so that they add up to exactly 1."),
    ),
    "empty_scale": (
        _("The scale of “%(indicator)s” runs from %(low)s to %(high)s."),
        _("Give a scale whose end lies above its start."),
    ),
    "value_off_scale": (
        _("The value %(value)s of “%(indicator)s” lies off its scale, %(low)s to %(high)s."),
        _("Correct the value or the scale."),
    ),
    "weights_differ": (
        _("The meetings were scored with different weights, so their scores do not compare."),
        _("Compare meetings within one version of the weights."),
    ),
    "few_people": (
        _("“%(indicator)s” rests on few people: %(n)s."),
        _("One person more or less would change it; read it with care."),
    ),
}
