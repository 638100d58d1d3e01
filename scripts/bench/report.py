"""bench/results.md: a table for each part."""

from sweeps import describe

# Those that tenun is held against, and the ratios that are asked of it.
RATIO = "÷ tenun"


def markdown(results: dict) -> str:
    """All parts that were measured, as one page."""
    parts = {"training": training, "encoding": encoding, "sweeps": sweeps, "kernels": kernels}
    page = ["# How fast", "", "Written by `make bench`; `scripts/bench/bench.py` says how it is measured."]
    for name, write in parts.items():
        if name in results:
            page += ["", *write(results[name]["measured"], results[name]["about"]), "", footing(results[name]["about"])]
    return "\n".join(page) + "\n"


def footing(about: dict) -> str:
    """When, on what, and how busy it was."""
    peaks = ", ".join(f"{width} {peak / 1e9:.1f}" for width, peak in about["peak"].items())
    facts = [
        about["date"] + (", a quick look" if about["quick"] else ""),
        f"tenun {about['version']}",
        f"{about['processor']}, {about['cores']} cores, {about['l2']} of L2 cache each",
        f"{about['memory_bytes'] / 2**30:.0f} GiB",
        about["system"],
        f"multiply-add peak of a core, in billions a second: {peaks}",
        f"load before it began: {about['load']:.1f}",
    ]
    return f"*{'; '.join(facts)}.*"


def table(heads: list[str], rows: list[list[str]]) -> list[str]:
    """A table whose first column is text and whose others are figures."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def training(measured: dict, about: dict) -> list[str]:
    sides = measured["sides"]
    base = sides[0]["median"]
    avx2 = next((side["median"] for side in sides if side["name"] == "tenun avx2"), None)
    heads = ["", "seconds an epoch, median", "range", "epochs", RATIO, *(["÷ tenun avx2"] if avx2 else [])]
    heads += ["validation, s", "first step after, s", "peak memory, MB"]
    rows = []
    for side in sides:
        seconds = side["train_seconds"]
        rows.append(
            [
                f"{side['name']} {side['version']}".strip(),
                f"{side['median']:.2f}",
                f"{min(seconds):.2f}–{max(seconds):.2f}",
                str(len(seconds)),
                f"{side['median'] / base:.1f}",
                *([f"{side['median'] / avx2:.1f}"] if avx2 else []),
                f"{sorted(side['val_seconds'])[len(seconds) // 2]:.2f}",
                f"{side['first_step_seconds']:.2f}",
                f"{side['peak_bytes'] / 1e6:.0f}",
            ]
        )
    page = ["## Training the reference network", ""]
    page += [
        f"`cae` on {measured['images']:,} images of Fashion-MNIST, batch {measured['batch']}, {about['threads']} "
        f"threads; {measured['rounds']} rounds in which each trains in turn. Loading a batch, shuffling and Adam are "
        f"included, validation on {measured['test_images']:,} images is not. *First step after*: from the command to "
        "the end of the first step, imports and reading the images included.",
        "",
        *table(heads, rows),
    ]
    if twenty := measured.get("twenty"):
        page += [
            "",
            f"A whole run of tenun, 20 epochs with validation: {twenty['seconds']:.1f} s, from the command to its "
            f"report {twenty['program_seconds']:.1f} s; validation loss {twenty['val_loss']:.4f}, peak memory "
            f"{twenty['peak_bytes'] / 1e6:.0f} MB.",
        ]
    return page


def encoding(measured: dict, about: dict) -> list[str]:
    sides, count = measured["sides"], measured["images"]
    base = sides["tenun"]["median"]
    rows = []
    for name, side in sides.items():
        version = "" if name.startswith("tenun") else f" {side['version']}"
        latency = side["latency"]
        rows.append(
            [
                f"{name}{version}",
                f"{count / side['median']:,.0f}",
                f"{count / max(side['seconds']):,.0f}–{count / min(side['seconds']):,.0f}",
                f"{side['median'] / base:.2f}",
                f"{side['batch'] or ''}",
                f"{latency['median'] * 1e3:.3f}",
                f"{latency['p99'] * 1e3:.3f}",
                f"{side['apart']:.0e}" if side["apart"] is not None else "",
            ]
        )
    heads = ["", "images a second, median", "range", RATIO, "best batch"]
    heads += ["one image, ms", "99th percentile", "codes apart"]
    differ = [n for n, s in sides.items() if s["apart"] is not None and not s["apart"] <= measured["same"]]
    verdict = f"up to {measured['same']:.0e} is rounding"
    if differ:
        verdict = f"**{', '.join(differ)}: more than the {measured['same']:.0e} that rounding explains**"
    return [
        "## Encoding",
        "",
        f"{count:,} images through the encoder of `cae`, the same weights everywhere, {about['threads']} threads, "
        "images and codes in memory. Each peer with the batch that suited it best. *Codes apart*: the largest "
        f"difference from tenun's, in parts of the largest code; {verdict}.",
        "",
        *table(heads, rows),
        "",
        f"The program, `tenun encode`, from the command to the written file: {measured['program_seconds']:.2f} s.",
    ]


def sweeps(measured: dict, about: dict) -> list[str]:
    page = [
        "## How the time of a step grows",
        "",
        "Networks like `cae` on synthetic images: three convolutions with ReLU and max-pooling, and the mirrored "
        "decoder. Median milliseconds of a training step, Adam included; the fastest and slowest step in brackets.",
    ]
    for name, rows in measured.items():
        names = list(max((row["sides"] for row in rows), key=len))
        single = name == "threads"
        peer = next((n for n in names if not n.startswith("tenun")), None)
        ours = [n for n in names if n.startswith("tenun")]
        heads = [name, *[f"{n}, ms" for n in names], "images a second, tenun", "plan, MB"]
        heads += [f"{peer} ÷ {n}" for n in ours] if peer else []
        heads += ["all threads, times as fast"] if single else []
        lines = []
        for row in rows:
            sides, case = row["sides"], row["case"]
            base = sides["tenun"]["median"]
            line = [describe(case)]
            line += [milliseconds(sides[n]) if n in sides else "" for n in names]
            line += [f"{case['batch'] / base:,.0f}", f"{sides['tenun']['plan_bytes'] / 1e6:.1f}"]
            if peer:
                known = peer in sides
                line += [f"{sides[peer]['median'] / sides[n]['median']:.1f}" if known else "" for n in ours]
            if single:
                line.append(f"{base / row['all_threads']['tenun']['median']:.2f}")
            lines.append(line)
        threads = rows[0]["threads"]
        page += ["", f"### By {name}" + (f": {threads} thread" if single else f", {threads} threads"), ""]
        page += table(heads, lines)
    return page


def milliseconds(side: dict) -> str:
    low, high = side["min"] * 1e3, side["max"] * 1e3
    return f"{side['median'] * 1e3:.2f} ({low:.2f}–{high:.2f})"


def kernels(measured: list[dict], about: dict) -> list[str]:
    widths = list(dict.fromkeys(line["width"] for line in measured))
    by_name = {}
    for line in measured:
        by_name.setdefault((line["kernel"], line["threads"]), {})[line["width"]] = line
    heads = ["", "threads", *[f"{width}{what}" for width in widths for what in (", G/s", ", % of peak")]]
    rows = []
    for (name, threads), by_width in by_name.items():
        row = [name, str(threads)]
        for width in widths:
            line = by_width[width]
            row += [f"{line['rate'] / 1e9:.1f}", f"{100 * line['rate'] / line['peak']:.0f}"]
        rows.append(row)
    return [
        "## Kernels",
        "",
        "Billions of multiply-adds a second, counted as the equations have them, and their share of what the same "
        "registers do at most, measured just before and after. Algebra that saves some can be above 100 %.",
        "",
        *table(heads, rows),
    ]
