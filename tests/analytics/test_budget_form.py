"""Amounts typed into the budget form."""

import pytest

from analytics.forms import BudgetChannelForm


@pytest.mark.parametrize("field", ["effect", "cap", "floor"])
def test_amount_of_a_hundred_million_digits_is_refused_in_its_field(field: str) -> None:
    form = BudgetChannelForm({"name": "ads", field: "1e100000000"})

    assert (form.is_valid(), list(form.errors)) == (False, [field])
