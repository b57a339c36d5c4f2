"""What experiments/livec says of rows that are there, and which runs it leaves out: without a training."""

import os
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from ksiqa.data.datasets import DATASETS
from ksiqa.errors import ConfigError, StoppedError
from ksiqa.inference.found_model import SHIPPED
from tests.fake_iqa import write_livec
from tests.test_livec_experiment import ROOT, TINY, told

SEEDS, DRAWS = 3, 4


@pytest.fixture(scope="module")
def scripts():
    """The folder's scripts, which find one another as scripts do."""
    folder = str(ROOT / "experiments" / "livec")
    sys.path.insert(0, folder)
    import contrasts
    import imagery
    import kept
    import measure
    import medians
    import other_sets

    yield SimpleNamespace(
        contrasts=contrasts, imagery=imagery, kept=kept, measure=measure, medians=medians, other_sets=other_sets
    )
    sys.path.remove(folder)


@pytest.fixture(scope="module")
def labels(scripts, tmp_path_factory):
    """Labels of a tiny LIVEC by image, and its folder."""
    folder = tmp_path_factory.mktemp("labels") / "livec"
    write_livec(folder, rows=40)
    frame = DATASETS["livec"].read(folder, allow_missing=True).frame
    names = frame["image"].map(scripts.kept.name_of)
    return SimpleNamespace(folder=folder, of=pd.Series(frame["score"].to_numpy(), index=names).sort_index())


@pytest.fixture
def home(labels, scripts, tmp_path):
    """Rows of `ksiqa` and of `plain`, which is worse, on 2 x 5 folds with three seeds, and the scores to them."""
    rng = np.random.default_rng(0)
    of_variant = {"ksiqa": 0.3, "plain": 0.8}
    rows = [
        {"variant": variant, "part": "folds", "split": split, "seed": seed, "recipe": "0123456789ab"}
        for variant in of_variant
        for split in range(10)
        for seed in range(SEEDS)
    ]
    orders = [rng.permutation(len(labels.of)) for _ in range(2)]
    (tmp_path / "predictions").mkdir()
    for variant, noise in of_variant.items():
        columns = {}
        for row in (row for row in rows if row["variant"] == variant):
            images = labels.of.iloc[np.sort(orders[row["split"] // 5][row["split"] % 5 :: 5])]
            scores = (images + noise * rng.normal(size=len(images)) * images.std()).round(6)
            row |= {"test/srcc": stats.spearmanr(scores, images).statistic, "train_n": 32, "test_n": 8}
            columns[f"folds {row['split']} {row['seed']} {row['recipe']}"] = scores
        pd.DataFrame(columns).rename_axis("image").sort_index().to_csv(tmp_path / "predictions" / f"{variant}.csv")
    pd.DataFrame(rows, columns=scripts.kept.COLUMNS).to_csv(tmp_path / "results.csv", index=False)
    return tmp_path


def compared(scripts, labels, home):
    scripts.contrasts.main(["--livec", str(labels.folder), "--home", str(home), "--draws", str(DRAWS)])
    return pd.read_csv(home / "contrasts.csv")


def test_a_contrast_is_what_scipy_makes_of_the_kept_scores(scripts, labels, home):
    """Rows that are drawn twice stand there twice, for scipy; ranks of draws by weights are the package's own way."""
    (found,) = compared(scripts, labels, home).to_dict("records")
    expected = {"first": "ksiqa", "second": "plain", "parts": 10, "seeds": SEEDS, "whole": True, "commits": 1}
    assert {name: found[name] for name in expected} == expected
    tables = [pd.read_csv(home / "predictions" / f"{name}.csv", index_col="image") for name in ("ksiqa", "plain")]

    def srcc(score, label):
        return stats.spearmanr(score, label).statistic if score.nunique() > 1 else 0  # a draw of one image alone

    def difference(split, times):
        means = []
        for table in tables:
            columns = [table[f"folds {split} {seed} 0123456789ab"].dropna() for seed in range(SEEDS)]
            drawn = [one.loc[one.index.repeat(times[one.index])] for one in columns]
            means.append(np.mean([srcc(one, labels.of[one.index]) for one in drawn]))
        return means[0] - means[1]

    ones = pd.Series(1, index=labels.of.index)
    by_part = np.array([difference(split, ones) for split in range(10)])
    assert found["difference"] == pytest.approx(by_part.mean(), abs=1e-4)
    error = np.sqrt((1 / 10 + 8 / 32) * by_part.var(ddof=1))  # Nadeau and Bengio (2003), Bouckaert and Frank (2004)
    low, high = stats.t.interval(0.95, 9, loc=by_part.mean(), scale=error)
    assert (found["t_low"], found["t_high"]) == pytest.approx((low, high), abs=1e-4)
    assert found["p"] == pytest.approx(2 * stats.t.sf(by_part.mean() / error, 9), abs=1e-4)
    rows = len(ones)
    draws = np.random.default_rng(0).multinomial(rows, np.full(rows, 1 / rows), size=DRAWS)
    of_draws = [np.mean([difference(split, pd.Series(one, index=ones.index)) for split in range(10)]) for one in draws]
    assert (found["low"], found["high"]) == pytest.approx(tuple(np.quantile(of_draws, [0.025, 0.975])), abs=1e-4)


def test_a_peer_is_paired_by_the_folds_and_seeds_that_it_has(scripts, labels, home):
    of_peer = {"variant": "peer-hyperiqa", "recipe": "ba9876543210"}
    scores = pd.read_csv(home / "predictions" / "plain.csv", index_col="image")
    known = pd.read_csv(home / "results.csv")
    rows = known[(known["variant"] == "plain") & (known["seed"] == 0) & (known["split"] < 4)].assign(**of_peer)
    pd.concat([known, rows]).to_csv(home / "results.csv", index=False)
    columns = {f"folds {split} 0 0123456789ab": f"folds {split} 0 ba9876543210" for split in range(4)}
    scores[list(columns)].rename(columns=columns).to_csv(home / "predictions" / "peer-hyperiqa.csv")
    found = compared(scripts, labels, home).set_index("kind").loc["peers"]
    told = {"first": "ksiqa", "second": "peer-hyperiqa", "parts": 4, "seeds": 1, "whole": False}
    assert {name: found[name] for name in told} == told
    of_ours = known[(known["variant"] == "ksiqa") & (known["split"] < 4)].groupby("split")["test/srcc"].mean()
    expected = of_ours.mean() - rows["test/srcc"].mean()
    assert found["difference"] == pytest.approx(expected, abs=1e-4)


def test_what_seeds_differ_by_and_their_mean_is_worth(scripts, labels, home):
    compared(scripts, labels, home)
    found = pd.read_csv(home / "seeds.csv").set_index("variant")
    for variant in ("ksiqa", "plain"):
        table = pd.read_csv(home / "predictions" / f"{variant}.csv", index_col="image")
        splits = [table.filter(regex=f"^folds {split} ").dropna() for split in range(10)]
        alone = [[stats.spearmanr(one[name], labels.of[one.index]).statistic for name in one] for one in splits]
        mean = [stats.spearmanr(one.mean(axis=1), labels.of[one.index]).statistic for one in splits]
        expected = (np.mean(alone), np.std(alone, axis=1, ddof=1).mean(), np.mean(mean))
        assert tuple(found.loc[variant, ["srcc", "srcc_deviation", "srcc_of_mean"]]) == pytest.approx(
            expected, abs=1e-4
        )
        assert tuple(found.loc[variant, ["part", "splits", "seeds"]]) == ("folds", 10, SEEDS)


def test_the_better_plain_trunk_is_told_by_the_runs_that_both_have(scripts, capsys):
    def table(*rows):
        return pd.DataFrame(rows, columns=["variant", "split", "seed", "test/srcc"])

    plain = [("plain", 0, 0, 0.9), ("plain", 1, 0, 0.5), ("plain", 1, 1, 0.9)]
    assert scripts.contrasts.best(table(*plain, ("plain_own", 1, 0, 0.6)), "") == "plain_own"
    assert scripts.contrasts.best(table(*plain, ("plain_own", 1, 0, 0.5)), "") == "plain"
    assert scripts.contrasts.best(table(*plain), "") == "plain"
    assert scripts.contrasts.best(table(("frozen-plain", 0, 0, 0.5)), "frozen-") == "frozen-plain"
    assert capsys.readouterr().out == ""
    assert scripts.contrasts.best(table(*plain, ("plain_own", 0, 1, 0.6)), "") is None
    assert capsys.readouterr().out.startswith("plain and plain_own have no split and seed in common")


def test_rows_of_other_images_or_without_a_label_are_refused(scripts, labels, home):
    table = pd.read_csv(home / "results.csv", dtype={"data_fingerprint": str})
    table["commit"] = np.where(table["seed"] == 0, "one", "other")
    table.to_csv(home / "results.csv", index=False)
    assert compared(scripts, labels, home)["commits"].tolist() == [2]
    table["data_fingerprint"] = np.where(table["variant"] == "plain", "fedcba987654", "012345678901")
    table.to_csv(home / "results.csv", index=False)
    told = r"found: data_fingerprint of folds: ksiqa \(012345678901\) and plain \(fedcba987654\)\nexpected: one copy"
    with pytest.raises(ConfigError, match=told):
        compared(scripts, labels, home)
    table.assign(data_fingerprint="").to_csv(home / "results.csv", index=False)
    renamed = home / "predictions" / "ksiqa.csv", home / "predictions" / "plain.csv"
    for file in renamed:
        file.write_text(file.read_text().replace(f"\n{labels.of.index[0]},", "\na.bmp,"))
    with pytest.raises(ConfigError, match=r"found: scores of a.bmp, of which --livec has no label"):
        compared(scripts, labels, home)


def test_photographs_of_which_the_model_learned_none_fit_no_guess(scripts, tmp_path):
    found = "found: 0 photographs in .* that the model learned from, --fitted-on 32\nexpected: some"
    with pytest.raises(ConfigError, match=found):
        scripts.imagery.learned_from([], folder=tmp_path, most=32)


@pytest.mark.long  # loads the model in the package
def test_a_model_that_learned_from_other_photographs_is_told(scripts, pristine, tmp_path):
    with pytest.raises(ConfigError, match=r"found: 0 photographs in .* that the model learned from"):
        scripts.imagery.main(["--model", str(SHIPPED), "--photographs", str(pristine), "--home", str(tmp_path)])


def test_other_sets_are_tested_anew_where_the_model_is(scripts, tmp_path):
    model, results = tmp_path / "model" / "model.safetensors", tmp_path / "results.json"
    model.parent.mkdir()
    model.touch()
    assert not scripts.other_sets.is_done(tmp_path, model.parent)
    results.touch()
    os.utime(model, (1, 1))
    assert scripts.other_sets.is_done(tmp_path, model.parent)
    os.utime(model, (results.stat().st_mtime + 1,) * 2)
    assert not scripts.other_sets.is_done(tmp_path, model.parent)


def asked(tmp_path, *more):
    some = ["--parts", "random", "--splits", "0", "--variants", "plain"]
    return told(tmp_path, *some, *more, "--also", *TINY)


def test_a_run_whose_model_is_wanted_and_was_not_kept_is_made_once_more(scripts, tmp_path, monkeypatch):
    (job,) = scripts.measure.jobs(scripts.measure.parsed(asked(tmp_path)))
    done = {scripts.kept.key_of(job.key): ""}
    assert scripts.measure.is_done(job, done)
    (job,) = scripts.measure.jobs(scripts.measure.parsed(asked(tmp_path, "--keep-models")))
    assert not scripts.measure.is_done(job, done)
    left = job.folder / "results.json"

    def run(config, folder):
        assert not left.exists()  # with it, the run would be done already
        (folder / "model").mkdir(parents=True)
        left.touch()
        return {}

    monkeypatch.setattr(scripts.measure, "run", run)
    job.folder.mkdir(parents=True)
    left.touch()
    scripts.measure.train(job)
    assert left.exists()
    assert scripts.measure.is_done(job, done)


def test_a_signal_ends_the_whole_and_too_little_memory_one_run(scripts, tmp_path, monkeypatch, capsys):
    begun = []

    def run(config, folder):
        begun.append(folder)
        raise errors[0]

    monkeypatch.setattr(scripts.measure, "run", run)
    errors = [StoppedError(found="SIGTERM", expected="time", do="go on")]
    with pytest.raises(StoppedError):
        scripts.measure.main(asked(tmp_path, "--seeds", "0", "1"))
    assert len(begun) == 1
    errors = [torch.OutOfMemoryError("CUDA out of memory. Tried\nmore")]
    assert scripts.measure.main(asked(tmp_path, "--seeds", "0", "1")) == 1
    assert len(begun) == 3
    said = capsys.readouterr().out
    assert said.count("found: CUDA out of memory. Tried\nexpected: memory for all runs at a time") == 2


def test_medians_are_over_splits_with_seeds_averaged_first(scripts, home):
    table = pd.read_csv(home / "results.csv")
    table["test/plcc_fitted"] = np.where((table["split"] == 3) & (table["seed"] == 1), np.nan, 0.5)
    table.to_csv(home / "results.csv", index=False)
    scripts.medians.main(["--home", str(home)])
    found = pd.read_csv(home / "medians.csv")
    assert found["variant"].tolist() == ["ksiqa", "plain"]
    of_plain = [table["test/srcc"][(table["variant"] == "plain") & (table["split"] == split)] for split in range(10)]
    means = np.sort([one.mean() for one in of_plain])
    row = found.iloc[1]
    assert (row["splits"], row["seeds"], row["failed"]) == (10, SEEDS, 1)
    assert row["srcc"] == pytest.approx((means[4] + means[5]) / 2, abs=1e-4)
    assert (row["srcc_low"], row["srcc_high"]) == pytest.approx((means[0], means[-1]), abs=1e-4)
    assert row["srcc_deviation"] == pytest.approx(np.std(means, ddof=1), abs=1e-4)
    assert row["plcc_fitted"] == 0.5
