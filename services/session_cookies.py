"""What a browser holds of its session: a signed cookie, and a CSRF token derived from it."""

import hashlib
import secrets

from itsdangerous import BadSignature, Signer

from maskloop.platform.errors import CsrfRefusedError, NotSignedInError


class SessionCookies:
    """`key` is the instance's (`services.secret_key`)."""

    def __init__(self, key: bytes) -> None:
        self._cookies = _signer(key, b"maskloop.session")
        self._csrf = _signer(key, b"maskloop.csrf")

    def new(self) -> str:
        """The cookie of a session that is about to be opened."""
        return self._cookies.sign(secrets.token_urlsafe(32)).decode()

    def digest(self, cookie: str) -> bytes:
        """Under which the session is stored. Raises `NotSignedInError` for a cookie not of ours."""
        return hashlib.sha256(self._token(cookie)).digest()

    def csrf_token(self, cookie: str) -> str:
        """What the page sends with every change. Raises `NotSignedInError`."""
        return self._csrf.get_signature(self._token(cookie)).decode()

    def check_csrf(self, cookie: str, given: str | None) -> None:
        """In constant time. Raises `CsrfRefusedError`, `NotSignedInError`."""
        sent = (given or "").encode("utf-8", "surrogatepass")
        if not self._csrf.verify_signature(self._token(cookie), sent):
            raise CsrfRefusedError

    def _token(self, cookie: str) -> bytes:
        try:
            return self._cookies.unsign(cookie.encode("utf-8", "surrogatepass"))
        except BadSignature:
            raise NotSignedInError("the session's cookie was not made here") from None


def _signer(key: bytes, purpose: bytes) -> Signer:
    """A key of its own is derived for each purpose."""
    return Signer(key, salt=purpose, key_derivation="hmac", digest_method=hashlib.sha256)
