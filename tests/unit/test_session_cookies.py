"""Cookies and CSRF tokens are made with the instance's key and with nothing else."""

import pytest

from maskloop.platform.errors import CsrfRefusedError, NotSignedInError
from maskloop.services.session_cookies import SessionCookies

cookies = SessionCookies(b"k" * 32)


def test_every_cookie_is_another_session() -> None:
    made = {cookies.new() for _ in range(10)}
    assert len({cookies.digest(cookie) for cookie in made}) == len(made) == 10
    assert {len(cookies.digest(cookie)) for cookie in made} == {32}


def test_processes_with_one_key_know_each_other_s_cookies() -> None:
    cookie = cookies.new()
    other = SessionCookies(b"k" * 32)
    assert other.digest(cookie) == cookies.digest(cookie)
    other.check_csrf(cookie, cookies.csrf_token(cookie))


def test_a_cookie_that_was_changed_or_made_with_another_key_is_refused() -> None:
    cookie = cookies.new()
    token, _, signature = cookie.rpartition(".")
    forged = [
        "",
        ".",
        token,
        f"{token}.",
        f"{token}x.{signature}",
        f"{token}.{signature[:-1]}",
        f"{token}.{cookies.csrf_token(cookie)}",
        SessionCookies(b"l" * 32).new(),
        "\ud800",
    ]
    for value in forged:
        with pytest.raises(NotSignedInError):
            cookies.digest(value)


def test_a_csrf_token_fits_its_session_only() -> None:
    one, two = cookies.new(), cookies.new()
    cookies.check_csrf(one, cookies.csrf_token(one))
    token, _, signature = one.rpartition(".")
    for given in (None, "", token, signature, one, cookies.csrf_token(two), "ü", "\ud800"):
        with pytest.raises(CsrfRefusedError):
            cookies.check_csrf(one, given)
