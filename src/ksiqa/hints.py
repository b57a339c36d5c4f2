"""What Hydra says of overrides that it cannot take, told as errors of ours, with the nearest name that there is."""

import re
from collections.abc import Sequence
from contextlib import suppress
from difflib import get_close_matches
from typing import Any, cast

from ksiqa.errors import ConfigError
from ksiqa.names import ADDED, PARTS, choices, conf_folder
from ksiqa.recipe import flat

FLAGS = (  # Hydra's own, which take the beginning of a name, too
    *("--help", "--hydra-help", "--version", "--cfg", "--resolve", "--package", "--run", "--multirun"),
    *("--shell-completion", "--config-path", "--config-name", "--config-dir", "--experimental-rerun", "--info"),
)
AS_ADDED = 0.75  # likeness of a word that is added by + to a group: those of other meanings are less like one


def check_added(arguments: Sequence[str]) -> None:
    """See whether what is added by ``+`` is meant: Hydra would take a mistyped group for a new key.

    Raises:
        ConfigError: it is nearly the name of a group.
    """
    known = [path.name for path in conf_folder().iterdir() if path.is_dir()]
    for text in arguments:
        key, _, value = text.removeprefix("+").partition("=")
        group = key.partition("@")[0]
        near = get_close_matches(group, known, n=1, cutoff=AS_ADDED)
        if text.startswith("+") and "." not in key and group not in known and near:
            raise ConfigError(
                found=f"{text}, which names no group of configs",
                expected=f"one of {', '.join(sorted(known))}",
                do=f"did you mean {_plus(near[0])}{near[0]}={value}?",
            )


def check_blanks(arguments: Sequence[str]) -> None:
    """See whether a setting was written with blanks around its ``=``, which the shell takes for several arguments.

    Raises:
        ConfigError: it was.
    """
    for before, text, after in zip(["", *arguments], arguments, [*arguments[1:], ""], strict=False):
        goes_on = text.endswith("=") and after != "" and "=" not in after and not after.startswith("-")
        if text.startswith("=") or goes_on:
            words = [
                *([before.strip()] if text.startswith("=") else []),
                text.strip(),
                *([after.strip()] if goes_on else []),
            ]
            raise ConfigError(
                found=f"{' '.join(words)}, with blanks",
                expected="settings as KEY=VALUE, in one word",
                do=f"write {''.join(words).replace(' =', '=')}",
            )


def check_flags(arguments: Sequence[str], *, command: str) -> None:
    """See whether what is written as a flag is one of Hydra's: a setting is written KEY=VALUE.

    Raises:
        ConfigError: it is not.
    """
    for text in arguments:
        flag, _, value = text.partition("=")
        if flag.startswith("--") and not any(known.startswith(flag) for known in FLAGS):
            near = nearest(flag.lstrip("-").replace("-", "_"), known_keys(command, arguments))
            raise ConfigError(
                found=f"{flag}, which is no flag of ksiqa {command}",
                expected=f"settings as KEY=VALUE; flags are {', '.join(FLAGS)}",
                do=f"did you mean {near}={value or 'VALUE'}?" if near else "print the keys with --cfg job",
            )


def known_keys(command: str, arguments: Sequence[str]) -> list[str]:
    """Return the dotted keys of a command's config, of the groups that the arguments choose if these compose."""
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    chosen = [text for text in arguments if "=" in text and choices(re.split("[@=]", text.lstrip("+"))[0])]
    for given in (chosen, []):
        GlobalHydra.instance().clear()
        with (
            suppress(HydraException, OmegaConfBaseException),
            initialize_config_dir(str(conf_folder()), version_base="1.3"),
        ):
            return list(flat(cast(dict[str, Any], OmegaConf.to_container(compose(command, given)))))
    return []


def nearest(key: str, names: Sequence[str]) -> str | None:
    """Return the name that is most likely meant by a key: one that ends alike, one that is like it, or whose end is."""
    last = key.rpartition(".")[2]
    same = [name for name in names if name.rpartition(".")[2] == last]
    near = same if len(same) == 1 else get_close_matches(key, same or names, n=1)
    if near:
        return near[0]
    ends = {name.rpartition(".")[2]: name for name in reversed(names)}
    return next((ends[end] for end in get_close_matches(last, ends, n=1)), None)


def of_hydra(error: BaseException, *, command: str | None, arguments: Sequence[str]) -> ConfigError | None:
    """Turn an error of Hydra's composition into one of ours; None where it is another error.

    Args:
        error: what was raised.
        command: whose config it was; None where there is none.
        arguments: of the command line.
    """
    from hydra.errors import HydraException, InstantiationException, MissingConfigException
    from omegaconf.errors import OmegaConfBaseException

    if isinstance(error, ValueError) and str(error).startswith("Only one of --run"):  # options that exclude one another
        return ConfigError(
            found=str(error),
            expected="one of them",
            do="leave the others out: --cfg job shows the config of a single run",
        )
    if isinstance(error, MissingConfigException) and error.options is not None:
        return _no_config(str(error.missing_cfg_file), options=error.options)
    if isinstance(error, InstantiationException) or not isinstance(error, HydraException | OmegaConfBaseException):
        return None
    text, cause = str(error).strip(), error.__cause__
    unknown = re.match(r"Could not override '([^']+)'", text)
    if unknown and command is not None:
        return _no_key(unknown[1], text, names=known_keys(command, arguments), arguments=arguments)
    return ConfigError(
        found=text + (f" ({cause})" if cause is not None and str(cause) not in text else ""),
        expected="overrides that name existing keys, with values of their kind",
        do="add -m to run each of the values"
        if text.startswith("Ambiguous value")
        else "look the key up in conf/, or print the composed config with --cfg job",
    )


def _no_config(missing: str, *, options: Sequence[str]) -> ConfigError:
    group, _, wanted = missing.partition("/")
    names = [name for name in options if name not in PARTS.get(group, ())]
    turned = [name for name in names if sorted(name) == sorted(wanted)]  # letters in another order
    near = turned or get_close_matches(wanted, names, n=1)
    return ConfigError(
        found=f"no config {missing}",
        expected=f"one of {', '.join(names)}",
        do=(f"did you mean {near[0]}?" if near else "choose one of these")
        + (" (a trained model to go on from is named by init=DIR)" if group == "model" and "/" in wanted else ""),
    )


def _no_key(key: str, text: str, *, names: Sequence[str], arguments: Sequence[str]) -> ConfigError:
    value = next((one.partition("=")[2] for one in arguments if one.lstrip("~").startswith(f"{key}=")), "VALUE")
    added = re.search(r"use (\+\S+)", text)  # what Hydra would have instead
    if key == "model" and "checkpoint" in names:
        do = f"name a trained model by checkpoint={value}"
    elif choices(key) and added:
        do = f"write {added[1]}"
    else:
        near = nearest(key, [*names, *(group for groups in ADDED.values() for group in groups)])
        do = "look the key up in conf/, or print the composed config with --cfg job"
        if near is not None:
            do = f"did you mean {_plus(near)}{near}={value}? Else {do}"
    return ConfigError(
        found=f"{key}, which the config does not have",
        expected="overrides that name existing keys, with values of their kind",
        do=do,
    )


def _plus(group: str) -> str:
    return "+" if any(group in groups for groups in ADDED.values()) else ""
