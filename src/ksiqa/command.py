"""What the commands that take Hydra overrides share: composing, and errors as text instead of tracebacks."""

import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ksiqa.errors import ConfigError, FolderInUseError, KsiqaError, StoppedError, told
from ksiqa.files import at_home, storage_error, wait_for
from ksiqa.hints import check_added, check_blanks, check_flags, of_hydra
from ksiqa.kinds import check_kinds
from ksiqa.names import conf_folder
from ksiqa.usage import usage

if TYPE_CHECKING:
    from omegaconf import DictConfig

HELP, SWEEP = {"--help", "-h"}, ("--multirun", "-m")
JOB_NAME = "hydra.job.config.override_dirname.exclude_keys"  # what a sweep's folders are not named after


def hydra_command(name: str, run: Callable[["DictConfig", Path], None], arguments: list[str], *, meaning: str) -> None:
    """Compose ``conf/<name>.yaml`` with the overrides and call ``run`` with the config and the run's folder.

    An error that the user can mend is printed without a traceback and ends the process with status 2. Where another
    process is at work in a run's folder, all other runs of the sweep are done first; then it is waited for. ``--help``
    shows ``meaning`` and examples.
    """
    if HELP & set(arguments):
        sys.stdout.write(usage(name, meaning=meaning))  # without Hydra, which takes a second to compose its own
        return
    arguments = [_quoted(text) for text in arguments]
    arguments.sort(key=lambda text: text not in SWEEP)  # between overrides argparse refuses it
    import hydra
    from hydra.core.hydra_config import HydraConfig
    from omegaconf import OmegaConf

    here, in_use = os.getpid(), list[FolderInUseError]()

    def job(config: "DictConfig") -> None:
        folder = Path(HydraConfig.get().runtime.output_dir)
        try:
            check_kinds(cast(dict[str, Any], OmegaConf.to_container(config, resolve=True)))
            run(config, folder)
        except StoppedError as error:  # of the whole sweep: Hydra would start its next run
            sys.stderr.write(told(error))
            raise SystemExit(error.status) from None
        except FolderInUseError as error:
            if os.getpid() != here:  # in a process of a launcher: the error itself comes back
                raise
            in_use.append(error)
        finally:
            with suppress(OSError):  # it holds something
                folder.rmdir()

    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors reach us instead of Hydra's own printing
    _leave_out_a_line()
    OmegaConf.register_new_resolver("names", _names, replace=True)
    decorated: Any = hydra.main(version_base="1.3", config_path=str(conf_folder()), config_name=name)(job)
    with errors_as_text(command=name, arguments=arguments):
        check_blanks(arguments)
        check_added(arguments)
        check_flags(arguments, command=name)
        sys.argv = [f"ksiqa.{name}" if len(sys.argv) == 0 else sys.argv[0], *_with_short_names(arguments)]
        while True:
            in_use.clear()
            try:
                decorated()
            except FolderInUseError as error:
                in_use.append(error)
            if not in_use:
                return
            sys.stderr.write(f"waiting for the process at work in {in_use[0].found}\n")
            wait_for(Path(in_use[0].found))


def _quoted(text: str) -> str:
    """Return an override with quotes around a value that Hydra does not take without: one that has a ``=`` in it, as
    the path of a sweep's run has, or that names a file or a folder and has brackets or commas. What has quotes is left
    as it is, and else what has brackets or several values."""
    key, is_override, value = text.partition("=")
    if text.startswith("-") or not is_override or re.search(r"""['"]""", value):
        return text
    odd = re.search(r"[\[\](){},]", value) is not None
    is_path = odd and os.path.exists(at_home(value))  # noqa: PTH110  (False for what no path can be)
    return f"{key}='{value}'" if is_path or ("=" in value and not odd) else text


def _leave_out_a_line() -> None:
    """Have Hydra raise a job's error as it does, without its line "Error executing job" above an error that we tell:
    nothing of Hydra's own leaves it out. An error of a sweep gets the name of its run."""
    from hydra.core.utils import JobReturn, JobStatus
    from hydra.types import RunMode

    def value(job: Any) -> Any:
        if job.status is not JobStatus.FAILED:
            return job._return_value
        if job.hydra_cfg.hydra.mode == RunMode.MULTIRUN:
            job._return_value.add_note(f"in the run {job.hydra_cfg.hydra.job.override_dirname}")
        raise job._return_value

    kind: Any = JobReturn
    kind.return_value = property(value, kind.return_value.fset)


def _names(mapping: Any) -> str:
    """Return the keys of a config's mapping that have a value, as the choices of a sweep: ``${names:${variants}}``.

    Raises:
        ConfigError: none has.
    """
    names = [str(name) for name, value in mapping.items() if value is not None]
    if not names:
        raise ConfigError(
            found=f"a sweep over {', '.join(map(str, mapping))}, none of which has a value",
            expected="one or more to choose",
            do="give them values: roots.NAME=FOLDER for the sets of a sweep",
        )
    return ",".join(names)


def _with_short_names(arguments: list[str]) -> list[str]:
    """Return the arguments with one by which a sweep's folders are named after what differs between its jobs alone."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import OverrideParseException

    parser, swept, shared, last = OverridesParser.create(), set[str](), set[str](), 0
    for place, text in enumerate(arguments, start=1):
        with suppress(OverrideParseException):  # an option or its value; if it is neither, Hydra will say so
            (override,) = parser.parse_overrides([text])
            (swept if override.is_sweep_override() else shared).add(override.key_or_group)
            last = place
    keys = sorted(key for key in shared - swept if not key.startswith("hydra"))
    if not keys or any(text.startswith(JOB_NAME) for text in arguments):
        return arguments
    return [*arguments[:last], f"{JOB_NAME}=[{','.join(keys)}]", *arguments[last:]]  # options may follow overrides


class errors_as_text:
    """Print errors of input and end with their status; let all others pass with their traceback.

    Args:
        command: one that takes overrides.
        arguments: its own.
    """

    def __init__(self, *, command: str | None = None, arguments: Sequence[str] = ()) -> None:
        self._command, self._arguments = command, arguments

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is None or isinstance(error, SystemExit):
            return
        readable = _cause(error) or _of_system(error) or self._of_hydra(error)
        if readable is not None:
            sys.stderr.write(told(readable) + "".join(f"{note}\n" for note in getattr(error, "__notes__", ())))
            raise SystemExit(readable.status) from None

    def _of_hydra(self, error: BaseException) -> KsiqaError | None:
        if "hydra" not in sys.modules:  # in commands of flags
            return None
        own = _cause(error.__context__)  # of a resolver
        told = of_hydra(error, command=self._command, arguments=self._arguments)
        return own if told is not None and isinstance(own, ConfigError) else told


def _cause(error: BaseException | None) -> KsiqaError | None:
    """Return the error of ours that lies behind one of Hydra's (a source that cannot be built)."""
    return next((one for one in _causes(error) if isinstance(one, KsiqaError)), None)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what caused it, and so on; each once."""
    seen = set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__


def _of_system(error: BaseException | None) -> KsiqaError | None:
    """Return what to say of a disk that is full or must not be written to, wherever that was found."""
    found = next((one for one in _causes(error) if isinstance(one, OSError)), None)
    return None if found is None else storage_error(found)
