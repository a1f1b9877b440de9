"""Milliseconds of encoder and decoder against the peers that can do the same."""

from collections.abc import Set

from harness.processes import Answer
from harness.turns import Entry, Turns, take_turns
from model.bench import Bench

SAME_IOU = 0.02
"""Predicted IoUs further apart than this mean other weights or another point."""
CLICK_RUNS = 4
"""Clicks are short: this many times the runs of other figures."""

DECODE = {"decode64_fp32": "fp32", "decode64_bf16": "bf16"}
CLICK = {"click": ("first", "sam"), "click_again": ("again", "sam"), "click_ort": ("first", "ort")}
ENCODE = {"encode_torch": "official", "encode_ort": "onnx_runtime"}


class DifferentAnswersError(Exception):
    """Contenders that should do the same work do not."""


def embed(bench: Bench, *peers: str) -> None:
    """One embedding for all: ours in fp32, which the peers read from a file."""
    features = str(bench.inputs.scratch / "features.npy")
    ours = bench.contenders.get("ours")
    ours.ask({"do": "embed", "photograph": bench.inputs.coffee.file, "out": features})
    for peer in peers:
        bench.contenders.get(peer).ask({"do": "embedding", "features": features})


def decode(bench: Bench, wanted: Set[str]) -> None:
    embed(bench, "transformers_sam")
    photograph = bench.inputs.coffee
    points = photograph.points_xy(8 if bench.options.quick else 64)
    runs = bench.options.runs

    def ours(precision: str) -> Entry:
        request = {"do": "decode", "points_xy": points, "precision": precision}
        return Entry("ours", lambda _: request, runs)

    peer = {"do": "decode", "input_xy": photograph.input_xy(points)}
    entries = {DECODE[figure]: ours(DECODE[figure]) for figure in DECODE if figure in wanted}
    turns = take_turns(
        bench.contenders, entries | {"sam": Entry("transformers_sam", lambda _: peer, runs)}
    )
    _same_answers(turns, "fp32", "sam")
    for figure, precision in DECODE.items():
        if figure in wanted:
            note = (
                f"{len(points)} points, {precision}, four masks each at 256², first decode of an "
                "embedding; peer: transformers' SamModel, fp32, three masks each"
            )
            bench.report.compare(figure, [turns], (precision, "sam"), "ms", note)


def click(bench: Bench, wanted: Set[str]) -> None:
    embed(bench, "transformers_sam", "onnx_runtime")
    photograph = bench.inputs.coffee
    runs = bench.options.runs * CLICK_RUNS
    clicks = [[point] for point in photograph.points_xy(runs + 1)]

    def ours(turn: int, *, first: bool) -> Answer:
        return {"do": "click", "points_xy": clicks[turn], "first": first}

    def sam(turn: int) -> Answer:
        return {"do": "decode", "input_xy": photograph.input_xy(clicks[turn])}

    def ort(turn: int) -> Answer:
        xy = photograph.input_xy(clicks[turn])
        return {"do": "click", "input_xy": xy, "size_hw": photograph.size_hw}

    notes = {
        "click": "one point, three masks at 256², first on its embedding; peer: SamModel",
        "click_again": "the following clicks on that embedding; peer: SamModel",
        "click_ort": "as click; peer: ONNX Runtime, which gives one mask, at full size",
    }
    entries = {
        "first": Entry("ours", lambda turn: ours(turn, first=True), runs),
        "again": Entry("ours", lambda turn: ours(turn, first=False), runs),
        "sam": Entry("transformers_sam", sam, runs),
        "ort": Entry("onnx_runtime", ort, runs),
    }
    for figure, (mine, peer) in CLICK.items():
        if figure in wanted:
            if mine == "again":  # there must be an embedding that was clicked on before
                bench.contenders.get("ours").ask(ours(-1, first=True))
            turns = take_turns(bench.contenders, {mine: entries[mine], peer: entries[peer]})
            if peer == "sam":
                _same_answers(turns, mine, peer)
            bench.report.compare(figure, [turns], (mine, peer), "ms", notes[figure])


def encode(bench: Bench, wanted: Set[str]) -> None:
    request = {"do": "encode", "photograph": bench.inputs.coffee.file}
    modules = ["ours", *(ENCODE[figure] for figure in ENCODE if figure in wanted)]
    entries = {name: Entry(name, lambda _: request, bench.options.runs) for name in modules}
    turns = take_turns(bench.contenders, entries)
    names = {"encode_torch": "MobileSAM's PyTorch", "encode_ort": "ONNX Runtime, fp32"}
    for figure, module in ENCODE.items():
        if figure in wanted:
            note = f"{bench.inputs.coffee} with its preprocessing; peer: {names[figure]}"
            bench.report.compare(figure, [turns], ("ours", module), "ms", note)


def _same_answers(turns: Turns, ours: str, peer: str) -> None:
    """Every contender says what it predicts for the first point, turn by turn."""
    pairs = zip(turns.answers.get(ours, []), turns.answers[peer], strict=False)
    for mine, theirs in pairs:
        found, expected = mine["predicted_iou"], theirs["predicted_iou"]
        if max(abs(a - b) for a, b in zip(found, expected, strict=True)) > SAME_IOU:
            raise DifferentAnswersError(f"predicted IoU {found} and the peer's {expected}")
