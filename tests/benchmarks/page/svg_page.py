"""The way of the peers: the picture and an SVG path for each mask, moved by a transform."""

import base64
import json
from collections.abc import Sequence

from page.masks import SIZE_HW, Shape

_PAGE = """<!doctype html><meta charset="utf-8"><title>peer</title>
<style>html, body {{ margin: 0; overflow: hidden; background: #20242b }}
#view {{ transform-origin: 0 0 }} svg {{ position: absolute; inset: 0; display: block }}
path {{ fill: #56b4e973; stroke: #56b4e9; stroke-width: 2; vector-effect: non-scaling-stroke }}
path:hover {{ fill: #ffffff66 }}</style>
<svg width="100%" height="100%"><g id="view">
<image href="{picture}" width="{width}" height="{height}"/></g></svg><script>
const view = document.getElementById("view");
for (const d of {paths}) {{
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", d);
  view.append(path);
}}
let scale = Math.min(innerWidth / {width}, innerHeight / {height}), x = 0, y = 0;
const set = () => view.setAttribute("transform", `translate(${{x}} ${{y}}) scale(${{scale}})`);
set();
globalThis.peer = {{
  pan(dx, dy) {{ x += dx; y += dy; set(); }},
  zoom(factor) {{
    const [cx, cy] = [innerWidth / 2, innerHeight / 2];
    x = cx - (cx - x) * factor; y = cy - (cy - y) * factor; scale *= factor; set();
  }},
}};
</script>"""


def svg_page(jpeg: bytes, shapes: Sequence[Shape]) -> str:
    height, width = SIZE_HW
    picture = "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")
    paths = json.dumps(
        ["M" + "L".join(f"{x} {y}" for x, y in shape.outline) + "Z" for shape in shapes]
    )
    return _PAGE.format(picture=picture, paths=paths, width=width, height=height)
