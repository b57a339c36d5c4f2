"""How the tests execute annotations: as mypy reads them, so that an int may stand where a float is told."""

from beartype import BeartypeConf, beartype

check = beartype(conf=BeartypeConf(is_pep484_tower=True))
