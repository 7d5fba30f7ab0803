"""What a model holds of each session, by the session's name."""

from collections.abc import Mapping
from typing import Generic, TypeVar

from torch import nn

from dlgn_cnn.errors import ModelError

Head = TypeVar("Head", bound=nn.Module)


class Heads(nn.Module, Generic[Head]):
    """A module for each session; ``data_keys`` are the sessions, in order."""

    def __init__(self, heads: Mapping[str, Head]) -> None:
        super().__init__()
        self.data_keys = tuple(heads)
        for key, head in heads.items():
            self.add_module(_module_name(key), head)

    def of(self, data_key: str) -> Head:
        """The module of one session. Raises ModelError for a session that the model was not built for."""
        if data_key not in self.data_keys:
            raise ModelError(f"this model has no session {data_key!r}: it has {', '.join(self.data_keys)}")
        return self.get_submodule(_module_name(data_key))  # type: ignore[return-value]


def _module_name(data_key: str) -> str:
    # A module's name may hold no dot, a mouse's may.
    return data_key.replace(".", "__dot__")
