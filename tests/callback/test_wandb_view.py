"""The view of a W&B project, as it would be sent."""

import json
import sys
from typing import Any

import pytest

from ksiqa.callback.wandb_view import UploadError, built, saved, spec
from ksiqa.errors import ConfigError

SETTINGS = ["variant", "task.optimiser.head_lr"]


def view(**changes: Any) -> dict[str, Any]:
    """Return the spec of a view."""
    usual = {"entity": "", "project": "p", "title": "Runs", "figures": ["srcc", "plcc", "krcc"], "settings": SETTINGS}
    return json.loads(spec(built(**{**usual, **changes})))["spec"]["section"]


def panels(found: dict[str, Any], name: str) -> list[dict[str, Any]]:
    (section,) = [one for one in found["panelBankConfig"]["sections"] if one["name"].startswith(name)]
    return [{"kind": panel["viewType"], **panel["config"]} for panel in section["panels"]]


def test_runs_are_grouped_and_those_of_medians_left_out() -> None:
    (runs,) = view()["runSets"]
    assert runs["grouping"] == [{"section": "run", "name": "group"}]
    assert json.dumps(runs["filters"]).count("median") == 1
    assert "jobType" in json.dumps(runs["filters"])
    assert set(runs["runFeed"]["columnPinned"]) >= {"summary:test/srcc", "summary:test/plcc", "summary:test/krcc"}


def test_figures_over_splits_are_medians_of_groups() -> None:
    bars = panels(view(), "Over splits")
    assert [bar["metrics"] for bar in bars] == [[f"summary_metrics.test/{name}"] for name in ("srcc", "plcc", "krcc")]
    for bar in bars:
        assert (bar["kind"], bar["groupBy"], bar["groupAgg"], bar["groupArea"]) == (
            "Bar Chart",
            "group",
            "median",
            "minmax",
        )
    for curve in panels(view(), "Learning curves"):
        assert (curve["groupBy"], curve["groupAgg"], curve["xAxis"]) == ("group", "median", "_step")


def test_ablations_are_compared_by_variant() -> None:
    *bars, comparer = panels(view(), "Ablations")
    assert [bar["groupBy"] for bar in bars] == ["variant.value"] * 2
    assert comparer["kind"] == "Run Comparer"


def test_a_sweep_has_an_axis_a_setting_and_the_figure_last() -> None:
    plot, importance = panels(view(), "Sweep")
    assert plot["kind"] == "Parallel Coordinates Plot"
    assert [column["accessor"] for column in plot["columns"]] == [
        "config:variant.value", "config:task.value.optimiser.head_lr", "summary:test/srcc",
    ]  # fmt: skip
    assert importance["targetKey"] == "test/srcc"
    assert panels(view(settings=[]), "Sweep") == []


def test_offline_nothing_is_sent(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    one = built(entity="", project="p", title="Runs", figures=["srcc"], settings=[])
    with pytest.raises(UploadError, match="WANDB_MODE says not to"):
        saved(one)
    monkeypatch.delenv("WANDB_MODE")
    with pytest.raises(UploadError, match="W&B has no key here"):
        saved(one)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb_workspaces.expr", None)
    with pytest.raises(ConfigError, match=r"pip install 'ksiqa\[dashboard\]'"):
        view()
