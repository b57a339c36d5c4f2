"""Rows: what is together, what is marked, what is refused."""

import shutil

import pytest

from ksiqa.errors import ConfigError
from ksiqa.report.table.groups import grouped
from ksiqa.report.table.kinds import SETS
from ksiqa.report.table.runs import read_runs
from ksiqa.report.table.views import read_groups
from tests.report.table.conftest import groups_of, write_run

DATA = ("spaq", "live", "mine", "livec", "csiq", "LIVEC (q95)", "koniq10k", "tid2013", "kadid10k")


def test_a_group_is_a_recipe_over_splits_and_seeds(ten):
    groups = groups_of(ten)
    assert [group.name for group in groups] == ["good", "worse"]
    for group in groups:
        assert len(group.runs) == 20
        assert group.splits == [(number,) for number in range(10)]
        assert group.seeds == [0, 1]
        assert group.kind.marks == ()


def test_seeds_are_averaged_within_a_split(ten):
    group = groups_of(ten)[0]
    first = [run.results["test/srcc"] for run in group.runs if run.split == (0,)]
    assert group.by_split("test/srcc")[0] == pytest.approx(sum(first) / 2)
    assert len(group.by_split("test/srcc")) == 10


def test_a_split_of_which_a_seed_has_no_fit_has_none(write, tmp_path):
    write(seed=0)
    write(seed=1, **{"test/plcc_fitted": None})
    (group,) = groups_of(tmp_path)
    assert group.by_split("test/plcc_fitted") == [None]


@pytest.mark.parametrize(
    ("changes", "marks"),
    [
        ({}, ("fewer than ten splits",)),
        ({"missing": 3}, ("fewer than ten splits", "partial data")),
        ({"unlisted": 3}, ("fewer than ten splits", "partial data")),
        ({"missing_references": 1}, ("fewer than ten splits", "partial data")),
        ({"test_n": 9}, ("fewer than ten splits", "fewer than ten test images")),
        ({"pairs_missing": 1}, ("fewer than ten splits", "partial data")),
        ({"label": "pseudo-score"}, ("fewer than ten splits", "pseudo-scores")),
        ({"best_on_test/srcc": 0.9}, ("fewer than ten splits", "selected on the test part")),
        ({"source": "official"}, ("official split",)),
        ({"source": "train_on_all"}, ()),
    ],
)
def test_what_is_marked(changes, marks, write, tmp_path):
    write(**changes)
    (group,) = groups_of(tmp_path)
    assert group.kind.marks == marks


def test_marked_runs_of_a_recipe_are_no_part_of_its_unmarked_row(write, tmp_path):
    write(split=0)
    write(split=1, missing=5)
    assert sorted(group.kind.marks for group in groups_of(tmp_path)) == [
        ("fewer than ten splits",),
        ("fewer than ten splits", "partial data"),
    ]


def test_sets_stand_in_the_papers_order_and_a_name_of_their_own_stays(write, tmp_path):
    for data in DATA:
        write(data=data)
    found = [group.kind.data for group in groups_of(tmp_path)]
    assert found == [*SETS, "LIVEC (q95)", "mine"]
    assert list(SETS.values()) == ["LIVE", "CSIQ", "TID2013", "KADID-10k", "LIVEC", "KonIQ-10k", "SPAQ"]
    assert groups_of(tmp_path)[-2].kind.title.startswith("LIVEC (q95) (MOS)")


def test_a_row_a_seed(ten):
    groups = grouped(read_runs([ten]).runs, by_seed=True)
    assert [group.name for group in groups] == [f"{name}, seed {seed}" for name in ("good", "worse") for seed in (0, 1)]
    assert [len(group.runs) for group in groups] == [10] * 4


def test_a_run_that_is_repeated_exactly_counts_once(write, tmp_path):
    write("first", seconds=1.0)
    write("second", seconds=2.0)
    (group,) = groups_of(tmp_path)
    assert len(group.runs) == 1


def test_two_runs_that_contradict_one_another_are_refused(write, tmp_path):
    write("first")
    write("second", **{"test/srcc": 0.123})
    with pytest.raises(ConfigError, match=r"two runs of one config, split 0 and seed 0: .*first.*second.* and 0.123\n"):
        groups_of(tmp_path)


def test_another_state_of_the_data_is_another_row(write, tmp_path):
    write(split=0, data_fingerprint="one")
    write(split=1, data_fingerprint="other")
    assert len(groups_of(tmp_path)) == 2


def test_the_order_of_paths_does_not_matter(ten):
    paths = sorted(ten.iterdir())
    one, other = (grouped(read_runs(these).runs) for these in (paths, paths[::-1]))
    assert [group.runs for group in one] == [group.runs for group in other]


def test_splits_with_the_same_test_part_are_told(tmp_path):
    """Of a mix the part is that of all its sets."""
    for split, parts in enumerate((("ab", "x"), ("a", "bx"), ("ab", "x"), ("a", "x"), ("ab", "x"))):
        for name, images in zip(("livec", "spaq"), parts, strict=True):
            place = tmp_path / str(split) / "split" / name
            place.mkdir(parents=True)
            (place / "test.txt").write_text("".join(f"{image}.png\n" for image in images))
        write_run(tmp_path / str(split), split=split)
    ((group,), notes) = read_groups([tmp_path], keys=None, by_seed=False)
    assert notes == [f"{group.name}: splits 0, 2, 4 have the same test part, and are one test"]
    shutil.rmtree(tmp_path / "2")
    shutil.rmtree(tmp_path / "4")
    assert read_groups([tmp_path], keys=None, by_seed=False)[1] == []
