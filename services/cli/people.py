"""`maskloop user …`, `maskloop member …` and `maskloop token …`"""

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from maskloop.platform.access import Role
from maskloop.services.cli import console
from maskloop.services.cli.options import AsJson, ProjectName, runtime

if TYPE_CHECKING:
    from maskloop.platform.db.members import Member

user = typer.Typer(no_args_is_help=True, help="People who may sign in.")
member = typer.Typer(no_args_is_help=True, help="Who works on a project, in which roles.")
token = typer.Typer(no_args_is_help=True, help="API tokens: what programs show of a person.")

UserName = Annotated[str, typer.Argument(metavar="USER", help="The user's name.")]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the first line of stdin.")
]


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return asked


@user.command("create")
def create(
    name: UserName,
    admin: Annotated[
        bool, typer.Option("--admin", help="May do everything, and make projects and users.")
    ] = False,
    password_stdin: FromStdin = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Acts by tokens only.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a user."""
    from maskloop.services.people import create_user

    if no_password and password_stdin:
        raise typer.BadParameter("choose one of --no-password and --password-stdin")
    password = None if no_password else _password(password_stdin)
    with runtime() as opened:
        made = create_user(opened, name, is_admin=admin, password=password)
    if as_json:
        console.write_json(asdict(made))
    else:
        console.say(f"User {made.name}{', an admin' if made.is_admin else ''}.")


@user.command("list")
def list_users(as_json: AsJson = False) -> None:
    """All users."""
    from maskloop.services import people

    with runtime() as opened:
        found = people.list_users(opened)
    if as_json:
        console.write_json([asdict(one) for one in found])
    elif found:
        rows = [
            (
                one.name,
                "admin" if one.is_admin else "",
                "password" if one.has_password else "tokens only",
                "disabled" if one.disabled_at else "",
            )
            for one in found
        ]
        console.table(["user", "rank", "signs in by", "state"], rows)
    else:
        console.say("No users yet. Make one with: maskloop user create NAME --admin")


@user.command("password")
def password(name: UserName, password_stdin: FromStdin = False) -> None:
    """Set a password; ends the user's sessions."""
    from maskloop.services.people import set_password

    chosen = _password(password_stdin)
    with runtime() as opened:
        set_password(opened, name, chosen)
    console.say(f"{name} has a new password and is signed out everywhere.")


@user.command("disable")
def disable(name: UserName) -> None:
    """Keep a user out, and their tokens; what they made stays."""
    from maskloop.services.people import disable_user

    with runtime() as opened:
        disable_user(opened, name)
    console.say(f"{name} is disabled.")


@user.command("enable")
def enable(name: UserName) -> None:
    """Let a user in again; their tokens work again."""
    from maskloop.services.people import enable_user

    with runtime() as opened:
        enable_user(opened, name)
    console.say(f"{name} is enabled.")


@user.command("grant-admin")
def grant_admin(name: UserName) -> None:
    """Make a user an admin of the instance."""
    from maskloop.services import people

    with runtime() as opened:
        people.grant_admin(opened, name)
    console.say(f"{name} is an admin.")


@user.command("revoke-admin")
def revoke_admin(name: UserName) -> None:
    """Make an admin of the instance an ordinary user."""
    from maskloop.services import people

    with runtime() as opened:
        people.revoke_admin(opened, name)
    console.say(f"{name} is no admin any more.")


@member.command("set")
def set_roles(
    project_name: ProjectName,
    name: UserName,
    role: Annotated[list[Role], typer.Option(help="A role; repeat for more.")],
    as_json: AsJson = False,
) -> None:
    """Give a user these roles in a project, and no others."""
    from maskloop.services import people
    from maskloop.services.projects import find_project

    with runtime() as opened:
        made = people.set_roles(opened, find_project(opened, project_name).id, name, roles=role)
    if as_json:
        console.write_json(_json_of_member(made))
    else:
        console.say(f"{name} is {', '.join(sorted(made.roles))} in {project_name}.")


@member.command("list")
def list_members(project_name: ProjectName, as_json: AsJson = False) -> None:
    """The members of a project."""
    from maskloop.services import people
    from maskloop.services.projects import find_project

    with runtime() as opened:
        found = people.list_members(opened, find_project(opened, project_name).id)
    if as_json:
        console.write_json([_json_of_member(one) for one in found])
    elif found:
        rows = [
            (one.name, ", ".join(sorted(one.roles)), "disabled" if one.is_disabled else "")
            for one in found
        ]
        console.table(["user", "roles", "state"], rows)
    else:
        console.say(f"No members yet. maskloop member set {project_name} USER --role labeler")


@member.command("remove")
def remove(project_name: ProjectName, name: UserName) -> None:
    """Take a user out of a project; what they made stays."""
    from maskloop.services.people import remove_member
    from maskloop.services.projects import find_project

    with runtime() as opened:
        remove_member(opened, find_project(opened, project_name).id, name)
    console.say(f"{name} is no member of {project_name} any more.")


@token.command("create")
def create_token(
    name: UserName,
    token_name: Annotated[str, typer.Option("--name", help="What it is for.")],
    days: Annotated[float | None, typer.Option(help="Until it expires; unset: never.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token that acts as the user. Its text is shown this once."""
    from maskloop.services import tokens

    with runtime() as opened:
        made = tokens.create_token(opened, name, name=token_name, days=days)
    if as_json:
        console.write_json(asdict(made.token) | {"text": made.text})
    else:
        console.say(made.text)
        console.note(f"Token {made.token.id} of {name}. Keep it: it is not shown again.")


@token.command("list")
def list_tokens(name: UserName, as_json: AsJson = False) -> None:
    """The tokens of a user, the revoked ones too."""
    from maskloop.services import tokens

    with runtime() as opened:
        found = tokens.list_tokens(opened, name)
    if as_json:
        console.write_json([asdict(one) for one in found])
    elif found:
        columns = ["token", "name", "starts with", "last used", "expires", "revoked"]
        rows = [
            (one.id, one.name, one.prefix, one.last_used_at, one.expires_at, one.revoked_at)
            for one in found
        ]
        console.table(columns, rows)
    else:
        console.say(f"{name} has no tokens. maskloop token create {name} --name WHAT-FOR")


@token.command("revoke")
def revoke(
    token_id: Annotated[int, typer.Argument(metavar="ID", help="The token's number.")],
) -> None:
    """End a token."""
    from maskloop.services.tokens import revoke_token

    with runtime() as opened:
        revoke_token(opened, token_id)
    console.say(f"Token {token_id} is revoked.")


def _json_of_member(one: "Member") -> dict[str, object]:
    return asdict(one) | {"roles": sorted(one.roles)}
