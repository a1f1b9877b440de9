"""What each role is allowed, cell by cell."""

import pytest

from maskloop.platform.access import PERMISSIONS, Permission, Role, allowed

MATRIX = """
                        labeler reviewer ops ml admin
project.view            x       x        x   x  x
masks.ask               x       x        x   x  x
annotations.write       x       x        -   -  x
annotations.write_all   -       x        -   -  x
proposals.review        x       x        -   -  x
images.add              -       -        x   -  x
jobs.run                -       -        x   x  x
exports.make            -       -        x   x  x
models.train            -       -        -   x  x
model_versions.promote  -       -        -   x  x
project.manage          -       -        -   -  x
"""


def cells() -> list[tuple[Role, Permission, bool]]:
    head, *rows = (line.split() for line in MATRIX.strip().splitlines())
    return [
        (Role(role), Permission(permission), cell == "x")
        for permission, *row in rows
        for role, cell in zip(head, row, strict=True)
    ]


def test_the_matrix_has_every_role_and_permission() -> None:
    assert len(cells()) == len(Role) * len(Permission)
    assert set(PERMISSIONS) == set(Role)


@pytest.mark.parametrize(("role", "permission", "may"), cells())
def test_a_role_is_allowed_what_its_column_says(
    role: Role, permission: Permission, may: bool
) -> None:
    assert (permission in PERMISSIONS[role]) is may


def test_roles_add_up_and_nobody_may_nothing() -> None:
    assert allowed(frozenset()) == frozenset()
    both = allowed(frozenset({Role.LABELER, Role.OPS}))
    assert both == PERMISSIONS[Role.LABELER] | PERMISSIONS[Role.OPS]
