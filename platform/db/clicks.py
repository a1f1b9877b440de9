"""How many clicks a mask took, from the prompts that are kept with it."""

import sqlalchemy as sa


def clicks_of(annotations: sa.FromClause) -> sa.ColumnElement[int]:
    """Of a row of `annotations`: its last prompt, which holds all points of the object."""
    last = annotations.c.prompts[-1]
    points = sa.case(
        (
            sa.func.jsonb_typeof(last["points"]) == "array",
            sa.func.jsonb_array_length(last["points"]),
        ),
        else_=0,
    )
    box = sa.case((sa.func.jsonb_typeof(last["box"]) == "array", 1), else_=0)
    return points + box
