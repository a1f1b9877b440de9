"""Price files: what can be wrong with them is said."""

from pathlib import Path

import pytest

from maskloop.platform.errors import BadPricesError
from maskloop.platform.planning import Prices
from maskloop.platform.prices import EXAMPLE, read_prices


def read(folder: Path, text: str) -> Prices:
    file = folder / "prices.toml"
    file.write_text(text)
    return read_prices(file)


def test_the_example_can_be_read_and_has_every_price(tmp_path: Path) -> None:
    found = read(tmp_path, EXAMPLE)
    assert found.currency == "EUR"
    assert None not in vars(found).values()


def test_prices_may_be_left_out(tmp_path: Path) -> None:
    assert read(tmp_path, 'currency = "USD"\ncpu_hour = 1') == Prices("USD", cpu_hour=1)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("cpu_hour = 1", "currency is missing"),
        ('currency = ""', "currency is to be a text"),
        ("currency = 3", "currency is to be a text"),
        ('currency = "EUR"\ncpu_hours = 1', "cpu_hours is none of currency, cpu_hour, gpu_hour"),
        ('currency = "EUR"\ncpu_hour = "1"', "cpu_hour is to be a number"),
        ('currency = "EUR"\ncpu_hour = true', "cpu_hour is to be a number"),
        ('currency = "EUR"\nput_1000 = -1', "put_1000 is to be 0 or more, not -1"),
        ('currency = "EUR"\nput_1000 = nan', "put_1000 is to be 0 or more"),
        ("currency = EUR", "it is no TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(BadPricesError, match=reason) as raised:
        read(tmp_path, text)
    assert "prices.toml" in str(raised.value)
    assert "--example-prices" in str(raised.value)
