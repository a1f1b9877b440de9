"""A price file: TOML, one number a line."""

import math
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Final

from maskloop.platform.errors import BadPricesError
from maskloop.platform.planning import Prices

EXAMPLE: Final = """\
# Prices for `maskloop plan --prices FILE`. These are made up: put in your own.
currency = "EUR"
cpu_hour = 0.04            # one core, one hour
gpu_hour = 0.80            # one GPU, one hour
storage_gb_month = 0.02    # object store
database_gb_month = 0.12
put_1000 = 0.005           # a thousand writes to the object store
get_1000 = 0.0004          # a thousand reads
"""


def read_prices(file: Path) -> Prices:
    """Raises `BadPricesError` that names the line's key, and OSError."""
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadPricesError(str(file), f"it is no TOML: {error}") from error
    known = [field.name for field in fields(Prices)]
    for key, value in told.items():
        if key not in known:
            raise BadPricesError(str(file), f"{key} is none of {', '.join(known)}")
        if key == "currency":
            if not isinstance(value, str) or not value:
                raise BadPricesError(str(file), 'currency is to be a text, such as "EUR"')
        elif isinstance(value, bool) or not isinstance(value, int | float):
            raise BadPricesError(str(file), f"{key} is to be a number")
        elif value < 0 or not math.isfinite(value):
            raise BadPricesError(str(file), f"{key} is to be 0 or more, not {value}")
    if "currency" not in told:
        raise BadPricesError(str(file), 'currency is missing, such as currency = "EUR"')
    return Prices(**told)
