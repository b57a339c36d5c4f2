"""Models of the Hugging Face hub: fetched into its client's cache, two files and the card, nothing else."""

from contextlib import suppress
from pathlib import Path

from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from ksiqa.errors import HubError
from ksiqa.inference.model_folder import CARD, CONFIG, WEIGHTS

SECONDS = 10.0  # to wait for the hub's first answer; without one what is cached counts, and nothing is tried again
BUSY = 500  # HTTP status from which on the hub has said nothing of the model


def downloaded(
    name: str,
    *,
    revision: str | None = None,
    token: str | bool | None = None,
    cache_dir: Path | str | None = None,
    force_download: bool = False,
    local_files_only: bool = False,
) -> Path:
    """Return the folder of a hub's model in the cache, brought up to date where the hub answers.

    Args:
        name: ``owner/name``.
        revision: a branch, a tag or a commit; None is ``main``.
        token: as huggingface_hub takes it; None is the one of ``hf auth login``, where there is one.
        cache_dir: None is ``$HF_HOME``'s.
        force_download: fetch what is cached, too.
        local_files_only: ask no network.

    Raises:
        HubError: no such model, or no right to it; the hub does not answer and nothing is cached.
    """
    silent: Exception | None = None
    if not local_files_only:
        silent = _silence(name, revision=revision, token=token)
    local = local_files_only or silent is not None

    def fetched(file: str, revision: str | None) -> Path:
        place = hf_hub_download(
            name,
            file,
            revision=revision,
            token=token,
            cache_dir=cache_dir,
            force_download=force_download and not local,
            local_files_only=local,
            etag_timeout=SECONDS,
        )
        return Path(place)

    try:
        folder = fetched(CONFIG, revision).parent
        fetched(WEIGHTS, folder.name)  # of the same commit
    except EntryNotFoundError as error:
        if isinstance(error, LocalEntryNotFoundError) and not local:  # the hub answered, and then broke off
            raise _broken(name, error) from error
        raise (_not_cached(name, silent) if local else _no_model(name, error)) from (silent or error)
    except Exception as error:  # a connection that breaks fails in many ways
        raise _broken(name, error) from error
    with suppress(Exception):  # a card is for the reader: a model without one scores as well
        fetched(CARD, folder.name)
    return folder


def _silence(name: str, *, revision: str | None, token: str | bool | None) -> Exception | None:
    """Ask the hub for a model; return why there is no answer, None where there is one.

    Raises:
        HubError: its answer is no.
    """
    try:
        HfApi(token=token).model_info(name, revision=revision, timeout=SECONDS)
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:
        at = f" at {revision}" if isinstance(error, RevisionNotFoundError) else ""
        raise HubError(
            found=f"{name}, of which the hub knows none{at} ({type(error).__name__})",
            expected="owner/name or owner/name@revision of a model that you may read",
            do="look at the name; of a private or gated model, ask for access and run: hf auth login",
        ) from error
    except HfHubHTTPError as error:
        if error.response is not None and error.response.status_code < BUSY:
            raise _broken(name, error) from error
        return error
    except Exception as error:  # no network, a proxy, no answer in time, told to be offline: the same to the user
        return error
    return None


def _not_cached(name: str, silent: Exception | None) -> HubError:
    why = f"no answer from the hub ({type(silent).__name__})" if silent else "told to ask no network"
    return HubError(
        found=f"{name}, which is not in the cache, and {why}",
        expected="a connection to the hub, a model fetched before, or a folder",
        do="connect and try again, or copy the model's folder here and name that",
    )


def _no_model(name: str, error: Exception) -> HubError:
    return HubError(
        found=f"{name} on the hub, without {CONFIG} or {WEIGHTS} ({type(error).__name__})",
        expected=f"a model of ksiqa: {CONFIG} and {WEIGHTS}",
        do="look at the name: it is another library's model",
    )


def _broken(name: str, error: Exception) -> HubError:
    return HubError(
        found=f"{name}, which could not be fetched ({type(error).__name__}: {str(error)[:200]})",
        expected="an answer of the hub",
        do="look at the name, the token and the connection, then try again: what was fetched is kept",
    )
