"""Terms that are no numbers end a training, with what there is to know."""

import pytest
import torch

from ksiqa.errors import NotFiniteError
from ksiqa.task.finite_terms import FiniteTerms

ROWS = {"livec": torch.tensor([4, 2])}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_the_step_the_term_and_the_rows_are_told(value):
    finite = FiniteTerms()
    good = {"livec/student/mse": torch.tensor(0.5), "livec/student/plcc": torch.tensor(1e30)}
    finite.start(0, rows={})
    finite.add(good)
    finite.start(7, rows=ROWS)
    with pytest.raises(NotFiniteError, match=f"step 7: livec/student/plcc = {value}\nexpected: finite terms") as error:
        finite.add({**good, "livec/student/plcc": torch.tensor(value)})
    assert error.value.rows == {"livec": [4, 2]}
    finite.check()  # it is told once
