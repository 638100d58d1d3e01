"""How numbers are written to the JSON files."""

# Twelve digits are far below any tolerance that float32 needs, and above the last few bits in
# which two builds of PyTorch may differ in float64: the files come out the same on any machine.
DIGITS = 12


def rounded(value, digits: int = DIGITS):
    """`value` (number, string, list, dictionary of them) with floats at `digits` significant digits."""
    if isinstance(value, float):
        return float(f"{value:.{digits}g}")
    if isinstance(value, dict):
        return {k: rounded(v, digits) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(v, digits) for v in value]
    return value
