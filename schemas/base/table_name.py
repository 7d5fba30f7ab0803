"""Names in the database of tables whose class names hold an acronym: ``mei_config`` of ``MEIConfig``."""

import re

from datajoint.user_tables import TableMeta


class _Named(TableMeta):
    @property
    def table_name(cls) -> str:
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", cls.__name__)
        return f"{cls._prefix}{words.lower()}"


class Acronym(metaclass=_Named):
    """Mixin of a master table, named first: its acronym is one word in SQL, where DataJoint writes ``m_e_i_config``."""
