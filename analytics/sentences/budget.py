"""What the split of a budget finds."""

from django.utils.translation import gettext_lazy as _

TEXTS = {
    "no_channels": (
        _("There is no channel to spend money on."),
        _("Add at least one channel with its effect."),
    ),
    "too_many_channels": (
        _("There are %(count)s channels; at most %(most)s can be split over at once."),
        _("Put small channels together, leave out the step, or solve the parts one by one."),
    ),
    "too_many_constraints": (
        _("There are %(count)s further limits; at most %(most)s can be kept at once."),
        _("Leave out the limits that never bind."),
    ),
    "too_many_curve_points": (
        _("The response curves have %(count)s points; at most %(most)s are possible together."),
        _("Give fewer points for each curve: ten are plenty."),
    ),
    "unit_missing": (
        _("The unit of the effects is not chosen."),
        _("Choose: new customers per unit of money (per_unit), or at full cap (at_cap)."),
    ),
    "step_not_positive": (
        _("The step of %(step)s is not a positive number."),
        _("Give a positive step, or leave it out."),
    ),
    "step_too_small": (
        _("The step of %(step)s is too small to count amounts of up to %(amount)s in."),
        _("Leave the step out, or take one of at least %(least)s."),
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
    "amount_too_large": (
        _("A figure of “%(name)s” is too large: %(amount)s; %(most)s is the most."),
        _("Give a smaller amount, or count in thousands or millions."),
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
    "rest_below_a_step": (
        _(
            "%(spent)s of %(total)s is spent: the rest does not make up another useful step of"
            " %(step)s."
        ),
        _("One step more in total would win %(more)s new customers; or take smaller steps."),
    ),
    "step_wins_nobody": (
        _(
            "Only %(spent)s of %(total)s is spent: one step of %(step)s more in total would win"
            " nobody within the limits."
        ),
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
}
