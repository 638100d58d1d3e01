"""docs/speed.svg: training and encoding as bars, readable on light and on dark pages."""

from html import escape

WIDTH, LEFT, RIGHT, TOP = 860, 190, 130, 44
ROW, BAR, GAP = 30, 18, 40

# The page around a picture is light or dark; an SVG is told which, and takes its colours accordingly.
STYLE = """
  text { font: 14px system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', sans-serif; fill: #1f2328; }
  .title { font-weight: 600; font-size: 15px; }
  .note { fill: #59636e; font-size: 12.5px; }
  .peer { fill: #8c959f; }
  .tenun { fill: #0969da; }
  .axis { stroke: #d1d9e0; stroke-width: 1; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .note { fill: #9198a1; }
    .peer { fill: #656c76; }
    .tenun { fill: #4493f8; }
    .axis { stroke: #3d444d; }
  }
"""


def svg(results: dict) -> str:
    """Both panels, one below the other."""
    training, about = results["training"]["measured"], results["training"]["about"]
    encoding = results["encoding"]["measured"]
    seconds = [(f"{s['name']} {s['version'].split(' on ')[0]}".strip(), s["median"]) for s in training["sides"]]
    images = training["images"]
    rates = [
        (name if name.startswith("tenun") else f"{name} {side['version']}", encoding["images"] / side["median"])
        for name, side in encoding["sides"].items()
    ]
    panels = [
        (
            f"Seconds to train an epoch of {images:,} images (less is better)",
            [(name, value, f"{value:.2f} s" if value < 10 else f"{value:.1f} s") for name, value in seconds],
            lambda value: ratio(value / seconds[0][1]),
        ),
        (
            "Images encoded in a second (more is better)",
            [(name, value, f"{value:,.0f}") for name, value in rates],
            lambda value: ratio(rates[0][1] / value),
        ),
    ]
    drawn, y = [], 0
    for title, bars, note in panels:
        y = panel(drawn, y, title, bars, note)
    foot = ["The network cae, 12,785 parameters", f"{about['threads']} threads", about["processor"]]
    drawn.append(text(0, y + 4, "note", "; ".join([*foot, f"medians, {about['date']}"])))
    height = y + 20
    told = "; ".join(
        f"{title}: {', '.join(f'{name} {label}' for name, _, label in bars)}" for title, bars, _ in panels
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="{escape(told)}">\n<style>{STYLE}</style>\n' + "\n".join(drawn) + "\n</svg>\n"
    )


def ratio(value: float) -> str:
    """How many times as slow, where that is worth a word."""
    return f"{value:.1f} times as long" if value > 1.05 else ""


def panel(drawn: list[str], y: int, title: str, bars: list[tuple[str, float, str]], note) -> int:
    """A title and a bar for each; gives where the next panel begins."""
    drawn.append(text(0, y + 20, "title", title))
    longest = max(value for _, value, _ in bars)
    top = y + TOP - 8
    for i, (name, value, label) in enumerate(bars):
        row = top + i * ROW
        middle = row + BAR / 2 + 5
        length = max(2.0, (WIDTH - LEFT - RIGHT - 80) * value / longest)
        drawn.append(text(LEFT - 10, middle, "", name, "end"))
        kind = "tenun" if name.startswith("tenun") else "peer"
        drawn.append(f'<rect class="{kind}" x="{LEFT}" y="{row}" width="{length:.1f}" height="{BAR}" rx="2"/>')
        drawn.append(
            f'<text x="{LEFT + length + 8:.1f}" y="{middle}">{escape(label)}'
            f'<tspan class="note" dx="10">{escape(note(value))}</tspan></text>'
        )
    bottom = top + len(bars) * ROW
    drawn.append(f'<line class="axis" x1="{LEFT}" y1="{top - 4}" x2="{LEFT}" y2="{bottom - ROW + BAR + 4}"/>')
    return bottom + GAP - ROW + BAR


def text(x: float, y: float, kind: str, content: str, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x}" y="{y}" text-anchor="{anchor}">{escape(content)}</text>'
