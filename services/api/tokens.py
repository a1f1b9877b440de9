"""/tokens: one's own API tokens, which programs show instead of a password."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from maskloop.platform.access import Principal
from maskloop.platform.db.api_tokens import ApiToken
from maskloop.services import tokens
from maskloop.services.api.access import Id, signed_in
from maskloop.services.api.context import context_of

router = APIRouter(tags=["tokens"])
Someone = Annotated[Principal, Depends(signed_in)]


class TokenShown(BaseModel):
    """`prefix`: how its text begins. `last_used_at` is a minute late at most."""

    id: int
    name: str
    prefix: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class TokenMade(TokenShown):
    """`text`: shown this once."""

    text: str


class TokenList(BaseModel):
    items: list[TokenShown]


class NewToken(BaseModel):
    name: str = Field(max_length=100)
    days: float | None = Field(default=None, description="until it expires; null: it does not")


@router.get("/tokens", summary="One's tokens, the revoked ones too")
def list_all(request: Request, principal: Someone) -> TokenList:
    found = tokens.list_tokens(context_of(request).runtime, principal.name)
    return TokenList(items=[_shown(token) for token in found])


@router.post("/tokens", status_code=201, summary="Make a token; its text is shown once")
def create(request: Request, response: Response, principal: Someone, new: NewToken) -> TokenMade:
    response.headers["Cache-Control"] = "no-store"
    runtime = context_of(request).runtime
    made = tokens.create_token(runtime, principal.name, name=new.name, days=new.days)
    return TokenMade(**_shown(made.token).model_dump(), text=made.text)


@router.delete("/tokens/{token_id}", summary="Revoke a token")
def revoke(request: Request, principal: Someone, token_id: Id) -> TokenShown:
    context = context_of(request)
    revoked = tokens.revoke_token(context.runtime, token_id, of_user_id=principal.user_id)
    context.principals.forget()
    return _shown(revoked)


def _shown(token: ApiToken) -> TokenShown:
    return TokenShown(
        id=token.id,
        name=token.name,
        prefix=token.prefix,
        created_at=token.created_at,
        expires_at=token.expires_at,
        last_used_at=token.last_used_at,
        revoked_at=token.revoked_at,
    )
