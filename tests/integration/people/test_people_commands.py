"""The commands for people: passwords never on the command line, a token's text shown once."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from maskloop.platform.settings import Settings
from maskloop.services.principals import Principals
from maskloop.services.runtime import Runtime, open_runtime
from maskloop.services.secret_key import secret_key
from maskloop.services.session_cookies import SessionCookies
from maskloop.services.sign_in import sign_in
from maskloop.services.tokens import authenticate

MAIN = "from maskloop.services.cli.app import main; main()"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def standing() -> Iterator[Runtime]:
    """A home with a database of its own, as the commands find it; they join its server."""
    with (
        tempfile.TemporaryDirectory(prefix="maskloop-", ignore_cleanup_errors=True) as home,
        open_runtime(Settings(home=Path(home))) as opened,
    ):
        yield opened


@pytest.fixture
def maskloop(standing: Runtime) -> Run:
    """The command, as a process of its own."""
    settings = {"MASKLOOP_HOME": str(standing.settings.home), "COLUMNS": "200"}

    def run(*words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", MAIN, *words],
            env=os.environ | settings,
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def test_a_person_is_made_given_roles_and_a_token_and_kept_out(
    maskloop: Run, standing: Runtime
) -> None:
    typed = "correct horse\n"
    made = maskloop("user", "create", "ann", "--admin", "--password-stdin", "--json", typed=typed)
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    assert (told["name"], told["is_admin"], told["has_password"]) == ("ann", True, True)
    assert maskloop("user", "create", "bob", "--no-password").returncode == 0
    maskloop("project", "create", "cats")
    given = maskloop("member", "set", "cats", "bob", "--role", "ops", "--role", "ml", "--json")
    assert json.loads(given.stdout)["roles"] == ["ml", "ops"]
    assert json.loads(maskloop("member", "list", "cats", "--json").stdout)[0]["name"] == "bob"

    new = json.loads(maskloop("token", "create", "bob", "--name", "upload", "--json").stdout)
    assert authenticate(standing, new["text"]).name == "bob"
    listed = maskloop("token", "list", "bob", "--json").stdout
    assert new["text"] not in listed
    assert [one["id"] for one in json.loads(listed)] == [new["id"]]
    assert maskloop("token", "revoke", str(new["id"])).returncode == 0
    assert json.loads(maskloop("token", "list", "bob", "--json").stdout)[0]["revoked_at"]

    assert maskloop("member", "remove", "cats", "bob").returncode == 0
    assert maskloop("user", "disable", "bob").returncode == 0
    shown = maskloop("user", "list")
    assert "disabled" in shown.stdout
    refused = maskloop("user", "disable", "ann")
    assert refused.returncode == 1
    assert "ann is the last admin" in refused.stderr


def test_a_password_is_set_from_stdin_and_one_that_is_too_short_is_bad_usage(
    maskloop: Run, standing: Runtime
) -> None:
    maskloop("user", "create", "ann", "--admin", "--password-stdin", typed="correct horse\n")
    done = maskloop("user", "password", "ann", "--password-stdin", typed="another horse\r\n")
    assert done.returncode == 0, done.stderr
    short = maskloop("user", "password", "ann", "--password-stdin", typed="short\n")
    assert short.returncode == 2
    assert "it is shorter than 10 bytes" in short.stderr
    assert "Traceback" not in short.stderr
    cookies = SessionCookies(secret_key(standing.settings))
    opened = sign_in(standing, cookies, name="ann", password="another horse", address="::1")
    assert Principals(standing, cookies).principal_of_session(opened.cookie).name == "ann"
