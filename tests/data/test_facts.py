import numpy as np
import pytest

from ksiqa.data.datasets import DATASETS
from ksiqa.data.facts import Facts


def facts(**changes: object) -> Facts:
    given = {"name": "a", "title": "A", "label": "MOS", "low": 1.0, "high": 5.0, "higher_is_better": True}
    return Facts(**{**given, **changes})


def test_score_of_the_ends() -> None:
    np.testing.assert_allclose(facts().to_score(np.array([1.0, 2.0, 5.0])), [0.0, 0.25, 1.0])
    np.testing.assert_allclose(facts(higher_is_better=False).to_score(np.array([1.0, 2.0, 5.0])), [1.0, 0.75, 0.0])


@pytest.mark.parametrize("higher_is_better", [True, False])
def test_round_trip(higher_is_better: bool) -> None:
    raw = np.linspace(1.0, 5.0, 17)
    known = facts(higher_is_better=higher_is_better)
    np.testing.assert_allclose(known.to_raw(known.to_score(raw)), raw, atol=1e-12)


@pytest.mark.parametrize("name", DATASETS)
def test_every_dataset_says_what_a_user_must_know(name: str) -> None:
    known = DATASETS[name].FACTS
    assert known.name == name
    assert known.low < known.high
    assert known.rows
    assert all((known.layout, known.licence, known.citation, known.home_page.startswith("https://")))


def test_lower_is_better_in_live_and_csiq_alone() -> None:
    """KADID-10k's column is called dmos, and yet higher is better."""
    assert {name for name, module in DATASETS.items() if not module.FACTS.higher_is_better} == {"live", "csiq"}
