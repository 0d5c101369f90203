"""Folders of safetensors files, mapped into memory."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tpuc.errors import UserError
from tpuc.llm.extras import needs

_INDEX = "model.safetensors.index.json"


class TensorFolder:
    """The tensors of all files of a folder, by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        paths = sorted(folder.glob("*.safetensors"))
        index = folder / _INDEX
        if index.is_file():
            try:
                parts = json.loads(index.read_text())["weight_map"].values()
            except (OSError, ValueError, KeyError, AttributeError, TypeError):
                raise UserError(f"{index}: is no index of safetensors") from None
            paths = [folder / name for name in sorted(set(map(str, parts)))]
        if not paths:
            raise UserError(f"{folder}: holds no safetensors files, which is where weights are")
        safetensors = needs("safetensors")
        self._files: dict[str, object] = {}
        for path in paths:
            if not path.is_file():
                raise UserError(f"{path}: is missing, {index.name} names it")
            try:
                file = safetensors.safe_open(str(path), "np")
            except (OSError, safetensors.SafetensorError) as error:
                raise UserError(f"{path}: cannot be read: {error}; fetch it again") from None
            self._files.update(dict.fromkeys(file.keys(), file))

    @property
    def names(self) -> list[str]:
        """Of all tensors."""
        return list(self._files)

    def shape(self, name: str) -> tuple[int, ...]:
        """The sizes of a tensor."""
        return tuple(self._files[name].get_slice(name).get_shape())

    def read(self, name: str) -> np.ndarray:
        """A tensor in its own type; a copy."""
        return self._files[name].get_tensor(name)
