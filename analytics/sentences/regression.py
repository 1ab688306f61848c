"""What a regression finds."""

from django.utils.translation import gettext_lazy as _

TEXTS = {
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
    "too_few_digits": (
        _(
            "The values of column “%(column)s” all lie between %(low)s and %(high)s: they are alike"
            " in their first %(alike)s digits, and a computer's numbers have hardly more."
        ),
        _("Take the same round number away from all of them, and give what is left."),
    ),
    "not_representable": (
        _(
            "The figures of these columns would be too large or too small for a computer's numbers"
            " in the units of the table: %(columns)s."
        ),
        _("Give the columns in other units, such as thousands or thousandths."),
    ),
    "collinear": (
        _(
            "The columns %(columns)s move together so closely that their parts cannot be told"
            " apart."
        ),
        _(
            "Leave one of them out, or combine them into one. A column that runs exactly like the"
            " trend or the season cannot be told from the calendar: vary it."
        ),
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
    "moves_against": (
        _("The more there is of “%(column)s”, the lower is the result."),
        _("Ask whether it was raised because the result was falling, before you cut it."),
    ),
    "time_controlled": (
        _(
            "A straight trend and the season are taken out: the columns are judged by what goes"
            " with them beyond the calendar."
        ),
        _("Nothing to do. Two series that only share a trend or a season are no longer related."),
    ),
    "season_in_part": (
        _(
            "With %(n)s periods, only a straight trend and the broad course of the season are taken"
            " out, so single strong months may still be credited to a column."
        ),
        _("Come back with two whole years or more, or with fewer columns at once."),
    ),
    "season_not_controlled": (
        _(
            "With %(n)s periods, only a straight trend is taken out, and the season is not: what"
            " comes every year at the same time may be credited to a column."
        ),
        _("Come back with two whole years or more, or with fewer columns at once."),
    ),
    "season_unknown": (
        _(
            "A straight trend is taken out, and the season is not: from plain numbers nobody can"
            " tell how many periods make a year."
        ),
        _("Write the periods as months, quarters, weeks or days: 2026-03, 2026-Q1, 2026-W07."),
    ),
    "time_not_controlled": (
        _(
            "With %(n)s periods, neither trend nor season nor what carries over from one period to"
            " the next is taken out; %(least)s are the least for that. What grew or repeated itself"
            " beside the result may be credited to a column, and the intervals may be too narrow."
        ),
        _("Take the figures as a sketch, and come back with two whole years."),
    ),
    "time_left_out": (
        _("For a line through zero, trend and season are not taken out."),
        _("Let the line have a constant, so that they can be."),
    ),
    "autocorrelation": (
        _("What is left over in one period carries over to the next."),
        _("The intervals allow for it. Something that lasts may be missing from the columns."),
    ),
    "autocorrelation_ignored": (
        _(
            "What is left over in one period carries over to the next, and the periods are too few"
            " to allow for it: the intervals are too narrow."
        ),
        _("Do not rely on the intervals, and come back with more periods."),
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
    "decimal_slip": (
        _(
            "Row %(places)s: %(value)s in column “%(column)s” does not fit the other rows;"
            " %(likely)s would."
        ),
        _("Look the cell up: the decimal point seems to have slipped. Correct it and run again."),
    ),
    "outlying_rows": (
        _("These rows do not fit the others: %(places)s."),
        _("Look them up. Correct what is wrong; if all is right, find out what was special."),
    ),
}
