"""A view of a W&B project: its panels arranged for groups of ten splits, for ablations and for sweeps.

The runs are those of ``logger=wandb``: their group is the recipe, their config the resolved one, ``test/srcc`` and its
like stand in their summaries. A run of job type ``median``, which sums up a sweep, is left out: it would count twice.
"""

import json
import os
import warnings
from collections.abc import Sequence
from typing import Any

from ksiqa.errors import ConfigError, KsiqaError

LINES = ("train/loss", "validation/srcc", "validation/plcc", "validation/rmse")
MOST = 100  # runs a panel: ten splits of ten recipes
GROUP, VARIANT = "Group", "variant"  # W&B's name of a run's group; the setting that names an ablation's recipes


class UploadError(KsiqaError):
    """A view that W&B did not take."""


def built(*, entity: str, project: str, title: str, figures: Sequence[str], settings: Sequence[str]) -> Any:
    """Return the view as a ``wandb_workspaces.workspaces.Workspace``.

    Args:
        entity: user or team; empty for the account's own.
        project: of W&B.
        title: of the view.
        figures: of the test part, such as ``srcc``: all but the first few are in a section that is closed.
        settings: dotted keys of the config that differ between recipes: the axes of parallel coordinates.

    Raises:
        ConfigError: the extra ``dashboard`` is not installed.
    """
    workspaces, panels, expressions = _packages()
    section = workspaces.Section
    tested = [f"test/{name}" for name in figures]
    sections = [
        section(name="Over splits (median, least to most)", panels=_bars(panels, tested, GROUP), is_open=True),
        section(name="Learning curves (median, least to most)", panels=_curves(panels), is_open=True),
        section(
            name="Ablations",
            panels=[*_bars(panels, tested[:2], panels.Config(VARIANT)), panels.RunComparer(diff_only="split")],
            is_open=True,
        ),
        section(name="Sweep", panels=_sweep(panels, tested[0], settings), is_open=bool(settings)),
    ]
    return workspaces.Workspace(
        entity=entity,
        project=project,
        name=title,
        sections=sections,
        settings=workspaces.WorkspaceSettings(max_runs=MOST),
        runset_settings=workspaces.RunsetSettings(
            groupby=[expressions.Metric(GROUP)],
            filters=expressions.And(expressions.Metric("JobType") != "median"),
            pinned_columns=[f"summary:{key}" for key in tested],
        ),
    )


def spec(view: Any) -> str:
    """Return what W&B would be sent, as JSON."""
    return json.dumps(view._to_model().model_dump(by_alias=True, exclude_none=True), indent=2) + "\n"


def saved(view: Any) -> str:
    """Save a view and return its address.

    Raises:
        UploadError: no account is known here, W&B is told to be offline, or it does not answer.
    """
    import wandb

    if os.environ.get("WANDB_MODE", "online") != "online":
        raise UploadError(
            found="WANDB_MODE says not to",
            expected="leave to go online",
            do="leave WANDB_MODE out, or WANDB_MODE=online",
        )
    try:
        if not wandb.login(prompt=False):
            raise UploadError(
                found="W&B has no key here", expected="an account that is known here", do="run wandb login"
            )
        view.entity = view.entity or wandb.Api().default_entity
        return str(view.save().url)
    except (wandb.Error, OSError, ValueError) as error:
        raise UploadError(
            found=f"W&B says {error}", expected="a project that you may write to", do="look at it there"
        ) from error


def _bars(panels: Any, keys: Sequence[str], group: Any) -> list[Any]:
    summed = {"groupby": group, "groupby_aggfunc": "median", "groupby_rangefunc": "minmax", "max_bars_to_show": MOST}
    return [panels.BarPlot(title=key, metrics=[panels.SummaryMetric(key)], **summed) for key in keys]


def _curves(panels: Any) -> list[Any]:
    summed = {"groupby": GROUP, "groupby_aggfunc": "median", "groupby_rangefunc": "minmax", "max_runs_to_show": MOST}
    return [panels.LinePlot(title=key, x="Step", y=[key], title_x="epoch, over all phases", **summed) for key in LINES]


def _sweep(panels: Any, key: str, settings: Sequence[str]) -> list[Any]:
    if not settings:
        return []
    column = panels.ParallelCoordinatesPlotColumn
    columns = [column(metric=panels.Config(name), display_name=name) for name in settings]
    last = column(metric=panels.SummaryMetric(key), display_name=key)
    return [
        panels.ParallelCoordinatesPlot(title=f"What differs, and {key}", columns=[*columns, last]),
        panels.ParameterImportancePlot(with_respect_to=key),
    ]


def _packages() -> tuple[Any, Any, Any]:
    """Return the package's modules of workspaces, of panels and of expressions."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it uses what Pydantic will drop
            import wandb_workspaces.expr as expressions
            import wandb_workspaces.reports.v2 as panels
            import wandb_workspaces.workspaces as workspaces
    except ImportError as error:
        raise ConfigError(
            found="--wandb, and no package wandb-workspaces",
            expected="the extra dashboard installed",
            do="run pip install 'ksiqa[dashboard]'",
        ) from error
    return workspaces, panels, expressions
