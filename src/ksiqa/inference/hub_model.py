"""What a scorer has of huggingface_hub's mixin: ``from_pretrained``, ``save_pretrained``, ``push_to_hub``."""

from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import torch
from huggingface_hub import ModelCard, ModelHubMixin

from ksiqa.errors import HubError, KsiqaError, choice
from ksiqa.inference.found_model import model_folder
from ksiqa.inference.hub_download import downloaded
from ksiqa.inference.model_folder import CARD, TrainedModel, card, load_model, save_model

FILE_DTYPES = {"float32": torch.float32, "float16": torch.float16, "int8": torch.int8}
M = TypeVar("M", bound="HubModel")


class HubModel(ModelHubMixin, library_name="ksiqa"):
    """A trained model that comes from the Hugging Face hub and goes there, as the folder that training writes."""

    trained: TrainedModel

    def __new__(cls: type[M], *args: Any, **settings: Any) -> M:
        """Make an instance and nothing more: the mixin would note the arguments, with a copy of the network."""
        del args, settings
        return object.__new__(cls)

    @classmethod
    def from_pretrained(
        cls: type[M],
        pretrained_model_name_or_path: str | Path,
        *,
        force_download: bool = False,
        token: str | bool | None = None,
        cache_dir: str | Path | None = None,
        local_files_only: bool = False,
        revision: str | None = None,
        **settings: Any,
    ) -> M:
        """Open a model of the hub, or a folder, as strictly as ``ksiqa.load`` does.

        The mixin's own way would read config.json without looking at it and take settings from it, whoever wrote it.

        Args:
            pretrained_model_name_or_path: ``owner/name``, or a folder.
            force_download: see ``downloaded``, as of the four below.
            token: of the hub.
            cache_dir: where downloads are kept.
            local_files_only: ask no network.
            revision: a branch, a tag or a commit.
            settings: ``device``, ``dtype``, ``batch_size``, as of ``ksiqa.load``.

        Raises:
            HubError: it cannot be had.
            ModelFolderError: it is no model of ksiqa.
        """
        if Path(pretrained_model_name_or_path).expanduser().is_dir():
            folder = model_folder(pretrained_model_name_or_path)
        else:
            folder = downloaded(
                str(pretrained_model_name_or_path),
                revision=revision,
                token=token,
                cache_dir=cache_dir,
                force_download=force_download,
                local_files_only=local_files_only,
            )
        return cls(load_model(folder), **settings)

    def save(self, folder: Path | str, *, licence: str | None = None, dtype: str = "float32") -> None:
        """Write the model as the folder that training writes: weights, config, card.

        Args:
            folder: made where it is not there; a model in it is replaced.
            licence: of the weights, as the hub names it (``cc-by-4.0``) or in words; kept in the config. None keeps
                the one that the model has.
            dtype: of the weights in the file: ``float32``; ``float16``, which halves it and moves scores by some
                ten-thousandths; ``int8``, which makes it a quarter and moves them more: those of 39 photographs of
                LIVEC by .006 on the mean and .03 at most, where the package's model was made so.

        Raises:
            ConfigError: another dtype.
            StorageError: it cannot be written there.
        """
        kind = FILE_DTYPES[choice(dtype, allowed=FILE_DTYPES, name="dtype")]
        save_model(_licensed(self.trained, licence), Path(folder).expanduser(), dtype=kind)

    def push_to_hub(self, repo_id: str, **how: Any) -> str:
        """Put the model on the hub, card and all; return the commit's address.

        Args:
            repo_id: ``owner/name``; made where it is not there.
            how: ``private``, ``token``, ``branch``, ``commit_message``, ``create_pr`` and what else
                ``ModelHubMixin.push_to_hub`` takes; ``model_card_kwargs={"licence": ...}`` names the licence.

        Raises:
            HubError: no connection, no right to write there, no such name.
        """
        try:
            return super().push_to_hub(repo_id, **how)
        except (KsiqaError, TypeError):  # of what is saved; an argument that the mixin does not have
            raise
        except Exception as error:  # no network, no token, a name that may not be: the same to the user
            raise HubError(
                found=f"{repo_id}, which could not be put on the hub ({type(error).__name__}: {str(error)[:200]})",
                expected="a connection, a token that may write there, and owner/name",
                do="run: hf auth login; or save the model to a folder and upload that",
            ) from error

    def generate_model_card(self, *, licence: str | None = None) -> ModelCard:
        """Return the card; see ``ksiqa.inference.model_card``."""
        return ModelCard(card(_licensed(self.trained, licence)))

    def _save_pretrained(self, save_directory: Path) -> None:
        """Write the folder; its card is left to the mixin, which asks ``generate_model_card`` for it."""
        save_model(self.trained, save_directory)
        (save_directory / CARD).unlink()


def _licensed(trained: TrainedModel, licence: str | None) -> TrainedModel:
    return trained if licence is None else replace(trained, training=trained.training | {"licence": licence})
