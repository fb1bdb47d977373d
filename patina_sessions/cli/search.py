"""`patina search`: full text over all journals, the active one included."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from patina_sessions.cli import print_json
from patina_sessions.cli.where import json_option, place

if TYPE_CHECKING:
    from patina_sessions.readers.index import Source
    from patina_sessions.readers.search import Found

_WITHOUT = re.compile(r"-[^-]")
_FIELD = re.compile(r"-?(?:[a-z]+:(?=\S))?")


class Query(click.Command):
    """A command whose arguments are a query: `-word` is one of its words, unless it is an option of ours."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put such words behind `--`, where click reads no option; where they stand in a query says nothing."""
        ours = {name for param in self.get_params(ctx) for name in param.opts}
        end = args.index("--") if "--" in args else len(args)
        without = [a for a in args[:end] if _WITHOUT.match(a) and a not in ours]
        others = [a for a in args[:end] if a not in without]
        return super().parse_args(ctx, [*others, "--", *without, *args[end + 1 :]])


@click.command(
    cls=Query,
    epilog='Example: patina search "endless loop" parser -docs branch:main since:2w',
)
@click.argument("words", nargs=-1, required=True, metavar="QUERY…")
@click.option(
    "--from", "folder", type=click.Path(path_type=Path), metavar="DIR", help="The journals of a folder."
)
@click.option("--all", "everywhere", is_flag=True, help="Every repository on this machine that uses Patina.")
@click.option("--ids", is_flag=True, help="Ids alone, one a line.")
@click.option("--limit", type=click.IntRange(min=1), default=10, show_default=True, help="At most so many.")
@json_option
def search(
    words: tuple[str, ...], folder: Path | None, everywhere: bool, ids: bool, limit: int, as_json: bool
) -> None:
    """Search the journals: words, "phrases", -without, begin*, llm: branch: since: file: commit: author:.

    The best come first. Word forms and small typing errors are forgiven; anything else is plain text.
    """
    from patina_sessions.readers import search as doer
    from patina_sessions.system import clock

    sources, at = _sources(folder, everywhere=everywhere)
    text = " ".join(map(_again_quoted, words)) if len(words) > 1 else words[0]
    found = doer.search(sources, text, at=at, limit=limit, now=clock.now())
    if as_json:
        _print_json(found)
    elif ids:
        for hit in found.hits:
            click.echo(hit.id)
    else:
        _print(found)


def _again_quoted(word: str) -> str:
    """Return an argument with the quotes that the shell took off: `"a b"`, `-"a b"`, `author:"a b"`."""
    if " " not in word or '"' in word:
        return word
    found = _FIELD.match(word)
    assert found is not None
    return f'{found[0]}"{word[found.end() :]}"'


def _sources(folder: Path | None, *, everywhere: bool) -> tuple[list[Source], Path | None]:
    from patina_sessions.readers import gather

    if folder is not None:
        return gather.folder(folder), None
    here = place()
    if everywhere:
        return gather.everywhere(here.layout), None
    return gather.repository(here.layout), here.layout.common.index


def _print(found: Found) -> None:
    from patina_sessions import safe

    for word, near in found.read_as:
        click.echo(f"{safe.line(word)} stands nowhere; searched for {near}", err=True)
    if not found.hits:
        click.echo("Nothing found", err=True)
    for hit in found.hits:
        day = hit.started.astimezone().strftime("%Y-%m-%d") if hit.started else "no date"
        click.echo(f"{hit.id}  {day}  {safe.line(hit.title)}")
        for number, line in hit.lines:
            click.echo("  " + safe.line(f"{number}: {line}", limit=165))


def _print_json(found: Found) -> None:
    rows = [
        {
            "id": hit.id,
            "title": hit.title,
            "started": hit.started.isoformat() if hit.started else None,
            "path": str(hit.path),
            "score": round(hit.score, 4),
            "lines": [{"number": number, "text": line} for number, line in hit.lines],
        }
        for hit in found.hits
    ]
    print_json("search", {"hits": rows, "read_as": [{"word": w, "as": n} for w, n in found.read_as]})
