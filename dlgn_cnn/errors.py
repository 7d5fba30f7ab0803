"""The errors a user can mend. Each message says what was given, what is expected and what to do."""


class DlgnError(ValueError):
    """Base of every error that is the input's fault, not the program's: shown as a sentence, not a traceback."""


class RecordingError(DlgnError):
    """A raw recording contradicts itself or its format."""


class ConfigError(DlgnError):
    """A configuration cannot be carried, found or understood."""


class StoreError(DlgnError):
    """A stored dataset is missing, incomplete or damaged."""


class ModelError(DlgnError):
    """A model was asked for something that it does not have."""
