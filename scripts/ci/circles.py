#!/usr/bin/env python3
"""Circles of modules: two that use each other, directly or through others, can only be understood together.

Looked for at two levels, which are one rule: no two neighbours of the module tree use each other. The modules of a crate
are neighbours, and so are the files of one folder; what lies below one of them counts as its own. `lib.rs`, `main.rs`
and `mod.rs` are no neighbours of their files but the face of their folder: they may use all of these, which may use
what is defined in them. A name that a face only passes on (`pub use error::Error`) counts as the file it comes from.

Read are paths that begin with `crate`, `super` or `self`, in `use` and elsewhere. Not read are comments, strings, and all
that is `#[cfg(test)]`. What a macro expands to is not seen either.

usage: circles.py [CRATE …]    prints the circles of these folders, or of all in crates/; exit code 1 if there are any
       circles.py --self-test  plants circles, and finds them
"""

import os
import re
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FACES = ("lib.rs", "main.rs", "mod.rs")

# What is blanked before anything is looked for: comments, raw strings, strings, characters (but not lifetimes).
UNREAD = re.compile(
    r"""//[^\n]*|/\*.*?\*/|b?r(#*)".*?"\1|b?"(?:\\.|[^"\\])*"|b?'(?:\\.[^'\n]*|[^\\'\n])'""", re.DOTALL
)
TEST = re.compile(r"#\s*\[\s*cfg\s*\(\s*test\s*\)\s*\]")
ATTRIBUTE = re.compile(r"\s*#\s*\[[^\]]*\]")
USE = re.compile(r"\b(pub(?:\s*\([^)]*\))?\s+)?use\s+([^;]+);")
PATH = re.compile(r"(?<![\w:])(?:crate|super|self)(?:\s*::\s*\w+)+")
LIMITED = re.compile(r"\bpub\s*\(\s*in[^)]*\)")
ITEM = r"\b(?:struct|enum|union|trait|fn|const|static|type|mod|macro_rules!)\s+"

# Lines that are named of an edge.
SHOWN = 3

Module = tuple[str, ...]


def blank(text: str) -> str:
    """As long as before and with the same lines, but empty."""
    return re.sub(r"[^\n]", " ", text)


def without_tests(text: str) -> tuple[str, list[str]]:
    """The text without its `#[cfg(test)]` items, and the names of the modules among these."""
    names = []
    while found := TEST.search(text):
        end = found.end()
        while attribute := ATTRIBUTE.match(text, end):
            end = attribute.end()
        if module := re.match(r"\s*(?:pub(?:\s*\([^)]*\))?\s+)?mod\s+(\w+)\s*;", text[end:]):
            names.append(module[1])
        # To the item's semicolon, or to the brace that closes it.
        depth = 0
        for end in range(end, len(text)):
            depth += {"{": 1, "}": -1, "(": 1, ")": -1}.get(text[end], 0)
            if depth == 0 and text[end] in ";}" or depth < 0:
                break
        text = text[: found.start()] + blank(text[found.start() : end + 1]) + text[end + 1 :]
    return text, names


def leaves(tree: str, at: int, before: Module = ()) -> list[tuple[Module, str, int]]:
    """The paths of a `use`, each with the name it gets and its offset: `a::{b, c as d}` has two."""
    tree_start = len(tree) - len(tree.lstrip())
    head, brace, _ = tree.partition("{")
    parts = tuple(re.findall(r"\w+|\*", head.partition(" as ")[0]))
    if not brace:
        path = before + parts
        if path and path[-1] == "self":
            path = path[:-1]
        name = re.search(r"\bas\s+(\w+)", tree)
        return [(path, name[1] if name else path[-1], at + tree_start)] if path else []
    found, depth, start = [], 0, len(head) + 1
    for end in range(start, len(tree)):
        depth += {"{": 1, "}": -1}.get(tree[end], 0)
        if (tree[end] == "," and depth == 0) or depth < 0:
            found += leaves(tree[start:end], at + start, before + parts)
            start = end + 1
    return found


class Crate:
    """The modules of a folder of sources, and who uses whom."""

    def __init__(self, source: Path):
        self.texts: dict[Module, str] = {}
        self.files: dict[Module, Path] = {}
        tests: set[Module] = set()
        for file in sorted(source.rglob("*.rs")):
            parts = file.relative_to(source).with_suffix("").parts
            module = parts[:-1] if file.name in FACES else parts
            raw = file.read_text()
            text = LIMITED.sub(lambda m: blank(m[0]), UNREAD.sub(lambda m: blank(m[0]), raw))
            text, names = without_tests(text)
            tests |= {(*module, name) for name in names}
            # `#[cfg(test)] #[path = "x_tests.rs"] mod tests;`: a file of another name.
            tests |= {(*parts[:-1], name) for name in re.findall(r'#\[path = "(\w+_tests)\.rs"\]', raw)}
            self.texts[module], self.files[module] = text, file
        for module in [m for m in self.texts if any(m[:n] in tests for n in range(1, len(m) + 1))]:
            del self.texts[module]
        # Every name that a `use` gives in a module, and the modules of which one takes all names.
        self.names: dict[Module, dict[str, Module]] = defaultdict(dict)
        self.globs: dict[Module, list[Module]] = defaultdict(list)
        self.uses: list[tuple[Module, Module, int]] = []
        for module, text in self.texts.items():
            for statement in USE.finditer(text):
                for path, name, offset in leaves(statement[2], statement.start(2)):
                    if path[-1] == "*":
                        self.globs[module].append(path[:-1])
                        path = path[:-1]
                    else:
                        self.names[module][name] = path
                    self.uses.append((module, path, offset))
            rest = USE.sub(lambda m: blank(m[0]), text)
            for path in PATH.finditer(rest):
                self.uses.append((module, tuple(re.findall(r"\w+", path[0])), path.start()))

    def resolve(self, module: Module, path: Module, seen: frozenset = frozenset()) -> Module | None:
        """The module in which what `path` names in `module` is defined; none if it is of another crate."""
        if (module, path) in seen:
            return None
        seen |= {(module, path)}
        if path and path[0] == "crate":
            module, path = (), path[1:]
        elif path and path[0] in ("self", "super"):
            while path and path[0] in ("self", "super"):
                module, path = module[: len(module) - (path[0] == "super")], path[1:]
        elif path and (*module, path[0]) not in self.texts:
            target = self.names[module].get(path[0])
            return self.resolve(module, (*target, *path[1:]), seen) if target and target != path else None
        while path:
            name = path[0]
            if (*module, name) in self.texts:
                module, path = (*module, name), path[1:]
            elif target := self.names[module].get(name):
                # As `use` itself sees it: what is named alone is of another crate.
                if len(target) == 1 and (*module, target[0]) not in self.texts:
                    return None
                return self.resolve(module, (*target, *path[1:]), seen)
            elif not re.search(ITEM + rf"{name}\b", self.texts[module]):
                for glob in self.globs[module]:
                    found = self.resolve(module, glob, seen)
                    if found and re.search(ITEM + rf"{name}\b", self.texts[found]):
                        return found
                return module
            else:
                return module
        return module

    def circles(self) -> list[tuple[Module, dict[tuple[str, str], list[str]]]]:
        """For each circle the folder it is in, and its edges with the lines where they are."""
        levels: dict[Module, dict[tuple[str, str], list[str]]] = defaultdict(lambda: defaultdict(list))
        for module, path, offset in self.uses:
            target = self.resolve(module, path)
            if target is None or target not in self.texts:
                continue
            depth = 0
            while depth < min(len(module), len(target)) and module[depth] == target[depth]:
                depth += 1
            if depth < min(len(module), len(target)):
                line = self.texts[module].count("\n", 0, offset) + 1
                places = levels[module[:depth]][module[depth], target[depth]]
                if (place := f"{self.files[module]}:{line}") not in places:
                    places.append(place)
        return [(level, circle) for level, edges in sorted(levels.items()) for circle in strong(edges)]


def strong(edges: dict[tuple[str, str], list[str]]) -> list[dict[tuple[str, str], list[str]]]:
    """The edges of each strongly connected component."""
    reach: dict[str, set[str]] = {}
    for start in {source for source, _ in edges}:
        seen, left = set(), [start]
        while left:
            node = left.pop()
            new = {target for source, target in edges if source == node} - seen
            seen |= new
            left += new
        reach[start] = seen
    circles = {frozenset(b for b in reach[a] if a in reach.get(b, ())) for a in reach if a in reach[a]}
    return [
        {edge: where for edge, where in edges.items() if set(edge) <= circle}
        for circle in sorted(circles, key=sorted)
    ]


def report(crates: list[Path]) -> int:
    """Prints the circles of these crates, and counts them."""
    count = 0
    for crate in crates:
        for level, edges in Crate(crate / "src").circles():
            count += 1
            modules = sorted({module for edge in edges for module in edge})
            print(f"{'::'.join((crate.name, *level))}: a circle of {len(modules)}: {', '.join(modules)}")
            for (source, target), places in sorted(edges.items()):
                shown = ", ".join(os.path.relpath(place) for place in places[:SHOWN])
                more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
                print(f"    {source} uses {target}: {shown}{more}")
    return count


def self_test() -> None:
    """Plants circles among things that are none."""
    sources = {
        "lib.rs": "mod a; mod b; mod c; mod error;\npub use error::Error;\n#[cfg(test)] mod testing;",
        "a.rs": "use crate::{b::{One, Two as Deux}, text};\nfn f<'a>(x: &'a str) -> char { '\"' }",
        "b.rs": "// crate::c::x\nfn f() { crate::Error::new(\"crate::c::x\") }",
        "error.rs": "\n\nfn f(_: crate::a::A) {}",
        "c/mod.rs": "mod d; mod e; pub use d::D; pub struct C; fn f() { d::f(); e::f() }",
        "c/d.rs": "use super::{C, e};",
        "c/e.rs": "use super::D;\n#[cfg(test)]\nmod tests { use crate::c::e; use super::super::super::a; }",
        "testing.rs": "use crate::a; use crate::c;",
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, text in sources.items():
            file = Path(folder, name)
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        found = Crate(Path(folder)).circles()
    edges = {
        level: {edge: [place.rpartition(":")[2] for place in places] for edge, places in circle.items()}
        for level, circle in found
    }
    expected = {
        (): {("a", "b"): ["1"], ("b", "error"): ["2"], ("error", "a"): ["3"]},
        ("c",): {("d", "e"): ["1"], ("e", "d"): ["1"]},
    }
    assert edges == expected, edges


def main(arguments: list[str]) -> int:
    if arguments == ["--self-test"]:
        self_test()
        return 0
    crates = [Path(argument) for argument in arguments] or sorted(
        file.parent for file in (ROOT / "crates").glob("*/Cargo.toml")
    )
    return 1 if report(crates) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
