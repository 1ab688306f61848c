"""Findings in plain words: what was seen, and what to do about it, in the reader's language."""

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from analytics.estimators.errors import Finding

NAMED_AT_MOST = 10

# code: (what was seen, what to do). Parameters are named in the estimator that finds them.
TEXTS: dict[str, tuple[Any, Any]] = {
    # --- Tables -------------------------------------------------------------------------------
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
    # --- Regression ---------------------------------------------------------------------------
    "no_predictors": (
        _("No column was chosen to explain the result with."),
        _("Choose at least one column, such as the spend of a channel."),
    ),
    "forecast_value_missing": (
        _("The forecast has no value for “%(column)s”."),
        _("Give the forecast a value for every column that explains the result."),
    ),
    "forecast_value_unknown": (
        _("The forecast gives a value for “%(column)s”, which takes no part."),
        _("Leave the value out, or let the column take part."),
    ),
    "forecast_value_infinite": (
        _("The value for “%(column)s” in the forecast is not a finite number."),
        _("Give an ordinary number."),
    ),
    "constant_column": (
        _("Column “%(column)s” has the same value in every row, so nothing can be learnt from it."),
        _("Leave the column out, or add rows where it differs."),
    ),
    "collinear": (
        _(
            "The columns %(columns)s move together so closely that their parts cannot be told"
            " apart."
        ),
        _("Leave one of them out, or combine them into one."),
    ),
    "leverage_of_one": (
        _("These rows alone decide a part of the result, with nothing to check it: %(rows)s."),
        _("Leave out the column that is different in these rows only, or add more such rows."),
    ),
    "period_unreadable": (
        _("In column “%(column)s” these rows do not hold a period that fits the others: %(rows)s."),
        _("Write all periods alike: 2026-03, 2026-W07, 2026-Q1, 2026 or 2026-03-15."),
    ),
    "period_doubled": (
        _("These periods appear more than once: %(periods)s."),
        _("Keep one row for each period; add up rows that belong together."),
    ),
    "period_missing": (
        _("%(count)s periods are missing, among them %(periods)s."),
        _("Add the missing periods: with gaps, neighbours in time cannot be compared."),
    ),
    "forecast_too_far": (
        _(
            "A forecast at %(column)s = %(value)s lies too far outside the data, which run from"
            " %(low)s to %(high)s."
        ),
        _("Ask for a value nearer to what has been tried, or try it on a small scale first."),
    ),
    "association_only": (
        _(
            "The figures show what is associated with the result. They do not prove that it is"
            " the cause."
        ),
        _("To learn about causes, change the spend on purpose in some places and compare."),
    ),
    "extrapolation": (
        _(
            "The forecast at %(column)s = %(value)s lies outside the data, which run from"
            " %(low)s to %(high)s."
        ),
        _("Be careful with it: nobody has seen yet whether the line goes on there."),
    ),
    "exact_fit": (
        _("The line goes exactly through every value of “%(response)s”."),
        _("Check whether the column was computed from the others; real figures scatter."),
    ),
    "few_rows": (
        _("%(n)s rows are few for %(parameters)s estimates; %(least)s would be comfortable."),
        _("Read the intervals rather than the single figures, and come back with more data."),
    ),
    "columns_overlap": (
        _("The columns %(columns)s overlap a lot, so their separate figures are uncertain."),
        _("Trust their joint effect more than the single ones, or leave one of them out."),
    ),
    "weak_association": (
        _("For “%(column)s” the data show no association that stands out from chance."),
        _("Do not build a decision on this figure; its interval shows what is possible."),
    ),
    "autocorrelation": (
        _("What is left over in one period carries over to the next."),
        _("The intervals allow for it. A trend or a season may be missing from the columns."),
    ),
    "autocorrelation_in_row_order": (
        _("If the rows are in order of time, what is left over in one carries over to the next."),
        _("Name the column with the period, so that the intervals allow for it."),
    ),
    "uneven_scatter": (
        _("The figures scatter more in some places than in others."),
        _("Use the robust errors (HC3) shown beside the ordinary ones."),
    ),
    "curved": (
        _("A straight line does not describe these figures well."),
        _("Look at the chart: returns may fall as spend rises, or a column may be missing."),
    ),
    "influential_rows": (
        _("These rows move the line on their own: %(rows)s."),
        _("Check that they are right, and look at the result without them too."),
    ),
    # --- Segments -----------------------------------------------------------------------------
    "no_features": (
        _("No column was chosen to group people by."),
        _("Choose at least one column, such as age or how often people buy."),
    ),
    "k_below_one": (
        _("%(k)s segments cannot be made."),
        _("Ask for at least one segment."),
    ),
    "levels_not_distinct": (
        _("The levels given for “%(column)s” are too few or repeat themselves: %(levels)s."),
        _("List each level once, from low to high."),
    ),
    "level_undeclared": (
        _("Column “%(column)s” holds levels that were not declared: %(found)s."),
        _("Add them to the list of levels at their place between low and high."),
    ),
    "only_constant_columns": (
        _("Everybody has the same values in %(columns)s, so there is nothing to tell them apart."),
        _("Choose columns in which people differ."),
    ),
    "k_above_distinct": (
        _("%(k)s segments were asked for, but only %(distinct)s rows differ from each other."),
        _("Ask for fewer segments, or use more columns."),
    ),
    "rows_dropped": (
        _("%(dropped)s of %(n)s rows were left out because something is missing in them."),
        _("Check whether these people differ from the others; if so, fill the gaps instead."),
    ),
    "constant_feature": (
        _("Column “%(column)s” has the same value everywhere and was left out."),
        _("Nothing to do, unless you expected people to differ here."),
    ),
    "log_used": (
        _("Column “%(column)s” has a few very large values, so it was compared by ratio."),
        _("Nothing to do: ten times as much counts alike at the bottom and at the top."),
    ),
    "few_rows_for_segments": (
        _("%(n)s rows are very few to find segments in; %(least)s would be a start."),
        _("Take the segments as a sketch, and repeat with more customers."),
    ),
    "no_stable_segments": (
        _(
            "There are no stable segments here: other samples of these people would group them"
            " differently."
        ),
        _("Address everybody alike, try other columns, or ask for a number of segments yourself."),
    ),
    "segments_not_stable": (
        _("These %(k)s segments are not stable: other samples would group people differently."),
        _("Use them to sort your thoughts, not to decide; try another number or other columns."),
    ),
    "k_from_sample": (
        _("The number of segments was judged on a sample of %(sample)s of %(n)s rows."),
        _("Nothing to do: the segments themselves were made from all rows."),
    ),
    # --- Budget -------------------------------------------------------------------------------
    "no_channels": (
        _("There is no channel to spend money on."),
        _("Add at least one channel with its effect."),
    ),
    "unit_missing": (
        _("The unit of the effects is not chosen."),
        _("Choose: new customers per unit of money (per_unit), or at full cap (at_cap)."),
    ),
    "step_not_positive": (
        _("The step of %(step)s is not a positive number."),
        _("Give a positive step, or leave it out."),
    ),
    "mixed_currencies": (
        _("Amounts in different currencies are mixed: %(currencies)s."),
        _("Convert everything into one currency first."),
    ),
    "effect_missing": (
        _("The effect of “%(channel)s” is missing."),
        _("Enter an effect, estimate it from past spend, or leave the channel out."),
    ),
    "figure_infinite": (
        _("A figure of “%(name)s” is not a finite number."),
        _("Give an ordinary number, or leave it out where that is allowed."),
    ),
    "negative_effect": (
        _("“%(channel)s” would lose customers with more money."),
        _("Check the effect; a channel that does harm should be left out."),
    ),
    "negative_amount": (
        _("An amount of “%(name)s” is below zero: %(amount)s."),
        _("Give an amount of zero or more."),
    ),
    "floor_above_cap": (
        _("“%(channel)s” must get at least %(floor)s but may get no more than %(cap)s."),
        _("Lower its floor or raise its cap."),
    ),
    "cap_missing": (
        _("“%(channel)s” has its effect given at full cap, but no cap."),
        _("Give a cap, or state the effect for one unit of money."),
    ),
    "curve_not_rising": (
        _("The amounts of the response curve of “%(channel)s” do not rise from point to point."),
        _("List the points from the smallest amount to the largest, each amount once."),
    ),
    "curve_not_concave": (
        _("The response curve of “%(channel)s” gets steeper at %(amount)s."),
        _(
            "Here every further unit of money must win at most as much as the one before; leave"
            " out the flat start, or treat the channel as all or nothing."
        ),
    ),
    "unknown_channel": (
        _("“%(constraint)s” names the channel “%(channel)s”, which does not exist."),
        _("Check the spelling of the channel."),
    ),
    "constraint_without_bound": (
        _("“%(constraint)s” has neither a least nor a most."),
        _("Give at least one of them."),
    ),
    "constraint_without_channel": (
        _("“%(constraint)s” does not depend on any channel."),
        _("Give at least one channel a number other than zero."),
    ),
    "min_above_max": (
        _("“%(constraint)s” asks for at least %(min)s and at most %(max)s."),
        _("Swap or correct the two."),
    ),
    "unbounded": (
        _("Nothing limits the spend, so there is no best split."),
        _("Give a total or a cap for every channel."),
    ),
    "infeasible": (
        _("No split keeps all limits. The least that would have to give way: %(relax)s."),
        _("Change these limits, or others of your choice, and try again."),
    ),
    "solver_stopped": (
        _("The computation found no answer it can stand behind: %(message)s."),
        _("Simplify the limits, and tell the people who run this system."),
    ),
    "not_unique": (
        _("Other splits win just as many customers."),
        _("Choose among the alternatives by what else matters to you."),
    ),
    "total_not_spent": (
        _("Only %(spent)s of %(total)s is spent: more money would win nobody within the limits."),
        _("Raise a cap, or keep the rest."),
    ),
    "beyond_observed": (
        _("“%(channel)s” would get %(amount)s; the most ever spent there is %(observed)s."),
        _("Go there in steps: nobody knows yet whether the effect lasts."),
    ),
    "cap_from_largest_spend": (
        _("“%(channel)s” has no cap, so the most ever spent there is used: %(cap)s."),
        _("Set a cap if you dare to go further."),
    ),
    "no_cap": (
        _("“%(channel)s” has no cap: its effect is assumed to last however much is spent."),
        _("Set a cap at what has been tried."),
    ),
    # --- Scores -------------------------------------------------------------------------------
    "no_indicators": (
        _("There is no indicator to score with."),
        _("Declare at least one indicator with its weight."),
    ),
    "value_missing": (
        _("The value of “%(indicator)s” is missing."),
        _("Enter the value; a missing one is not the same as zero."),
    ),
    "figure_not_finite": (
        _("A figure of “%(indicator)s” is not an ordinary number."),
        _("Correct its value, weight or scale."),
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
        _("Only %(n)s people stand behind “%(indicator)s”."),
        _("One person more or less would change it; read it with care."),
    ),
    # --- Problem documents --------------------------------------------------------------------
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

LIMITS: dict[str, Any] = {
    "total": _("the total from %(current)s to %(needed)s"),
    "cap": _("the cap of “%(name)s” from %(current)s to %(needed)s"),
    "floor": _("the floor of “%(name)s” from %(current)s to %(needed)s"),
    "max": _("the most of “%(name)s” from %(current)s to %(needed)s"),
    "min": _("the least of “%(name)s” from %(current)s to %(needed)s"),
}


def sentence(finding: Finding) -> str:
    """What was seen."""
    return str(TEXTS[finding.code][0]) % _spell_all(finding.parameters)


def remedy(finding: Finding) -> str:
    """What to do about it."""
    return str(TEXTS[finding.code][1]) % _spell_all(finding.parameters)


def describe(finding: Finding) -> dict[str, Any]:
    """The finding as JSON with its words in the active language."""
    return {**finding.to_dict(), "sentence": sentence(finding), "remedy": remedy(finding)}


def spell_number(value: float) -> str:
    """A number as people write it: 1200000, 0.05, 14.91; four digits where it is not whole."""
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 10**15:
        return str(int(value))
    rounded = Decimal(f"{value:.4g}")
    if abs(value) >= 10**4:
        rounded = Decimal(round(value))
    return format(rounded, "f")


def spell_limit(limit: Mapping[str, Any]) -> str:
    """A limit that has to give way, and by how much."""
    name = str(limit["limit"]).removeprefix("floor:").removesuffix(":max").removesuffix(":min")
    return str(LIMITS[limit["kind"]]) % {
        "name": name,
        "current": spell_number(limit["current"]),
        "needed": spell_number(limit["needed"]),
    }


def join(names: Sequence[str]) -> str:
    """A list of names in one line."""
    return pgettext("between the items of a list", ", ").join(names)


def _spell_all(parameters: Mapping[str, Any]) -> dict[str, str]:
    return {name: _spell(value) for name, value in parameters.items()}


def _spell(value: Any) -> str:
    spellings: list[tuple[type | tuple[type, ...], Callable[[Any], str]]] = [
        (str, str),
        ((int, float), spell_number),
        (Mapping, _spell_mapping),
        (Sequence, _spell_list),
    ]
    return next((spell(value) for kind, spell in spellings if isinstance(value, kind)), "–")


def _spell_mapping(value: Mapping[str, Any]) -> str:
    return spell_limit(value) if "needed" in value else join([f"{k} {v}" for k, v in value.items()])


def _spell_list(values: Sequence[Any]) -> str:
    shown = join([_spell(value) for value in values[:NAMED_AT_MOST]])
    if len(values) <= NAMED_AT_MOST:
        return shown
    rest = len(values) - NAMED_AT_MOST
    return gettext("%(shown)s and %(rest)s more") % {"shown": shown, "rest": rest}
