"""What the search for segments finds."""

from django.utils.translation import gettext_lazy as _

TEXTS = {
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
            "There are no stable segments here: no number of them both comes back in other samples"
            " of these people and stands out from people without any groups."
        ),
        _("Address everybody alike, try other columns, or ask for a number of segments yourself."),
    ),
    "segments_not_stable": (
        _("These %(k)s segments are not stable: other samples would group people differently."),
        _("Use them to sort your thoughts, not to decide; try another number or other columns."),
    ),
    "segments_not_distinct": (
        _(
            "These %(k)s segments come back in other samples, but do not stand out: people without"
            " any groups would divide much the same."
        ),
        _("Use them to sort your thoughts, not to decide; try another number or other columns."),
    ),
    "small_segments": (
        _("Segments of fewer than %(least)s people: %(count)s. The smallest has %(smallest)s."),
        _(
            "Look at these people one by one: a few outliers are no segment. Leave them out, or ask"
            " for fewer segments."
        ),
    ),
    "k_from_sample": (
        _("The number of segments was judged on a sample of %(sample)s of %(n)s rows."),
        _("Nothing to do: the segments themselves were made from all rows."),
    ),
}
