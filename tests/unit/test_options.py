"""Options that several commands share."""

import typer
from typer.testing import CliRunner

from maskloop.platform.generation import GenerationParameters
from maskloop.services.cli.options import given_parameters, with_generation_options


def test_only_parameters_of_the_command_line_count_as_given() -> None:
    seen: list[dict[str, int | float]] = []
    app = typer.Typer()

    @app.command()
    @with_generation_options
    def command(context: typer.Context, *, parameters: GenerationParameters) -> None:
        seen.append(given_parameters(context, parameters))

    words = ["--pred-iou-thresh", "0.88", "--min-mask-region-area=5"]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert CliRunner().invoke(app, []).exit_code == 0
    assert seen == [{"pred_iou_thresh": 0.88, "min_mask_region_area": 5}, {}]
