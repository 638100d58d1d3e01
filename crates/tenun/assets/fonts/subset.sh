#!/bin/sh
# Makes DejaVuSans-subset.ttf from the DejaVu Sans of Debian's package fonts-dejavu-core (2.37),
# with fontTools (pip install fonttools). Run it in this folder.
set -eu
pyftsubset "${1:-/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf}" \
  --unicodes="U+0020-007E,U+00A0-017F,U+0370-03FF,U+0400-045F,U+2010-2015,U+2018-201E,U+2020,U+2022,U+2026,U+2030,U+20AC,U+2190-2193,U+2206,U+2211,U+2212,U+221A,U+221E,U+2248,U+2260,U+2264,U+2265,U+25A0,U+25CF,U+2713,U+FFFD" \
  --layout-features=kern --no-hinting --notdef-outline --no-recalc-timestamp \
  --output-file=DejaVuSans-subset.ttf
