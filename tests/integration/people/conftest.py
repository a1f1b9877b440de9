"""People to sign in, and hands that turn time back in the database."""

from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa

from maskloop.services.people import create_user
from maskloop.services.runtime import Runtime
from maskloop.services.secret_key import secret_key
from maskloop.services.session_cookies import SessionCookies
from maskloop.services.sign_in import SignedIn, sign_in

PASSWORD = "correct horse"


@dataclass
class Door:
    """Signs people in from an address of their own."""

    runtime: Runtime
    cookies: SessionCookies

    def enter(self, name: str, password: str = PASSWORD, *, address: str = "192.0.2.1") -> SignedIn:
        return sign_in(self.runtime, self.cookies, name=name, password=password, address=address)

    def age(self, table: str, **seconds: int) -> None:
        """Move columns of all rows into the past."""
        moved = ", ".join(f"{c} = {c} - interval '{s} seconds'" for c, s in seconds.items())
        with self.runtime.engine.begin() as connection:
            connection.execute(sa.text(f"UPDATE {table} SET {moved}"))

    def count(self, table: str) -> int:
        with self.runtime.engine.connect() as connection:
            counted: int = connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()
            return counted


@dataclass
class Clock:
    """Seconds that pass when told to."""

    seconds: float = field(default=1000.0)

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def door(runtime: Runtime) -> Door:
    """Ann is an admin, Bob is not."""
    create_user(runtime, "ann", is_admin=True, password=PASSWORD)
    create_user(runtime, "bob", password=PASSWORD)
    return Door(runtime, SessionCookies(secret_key(runtime.settings)))


@pytest.fixture
def clock() -> Clock:
    return Clock()
