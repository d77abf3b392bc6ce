"""humans4d: the command line.

A user's mistake is one sentence on stderr and exit code 2; Ctrl-C leaves complete files and exit
code 130. Heavy imports happen inside the commands: --help is instant.
"""

from __future__ import annotations

import json
import sys
from importlib import metadata
from typing import Annotated

import typer

from ..errors import Humans4dError
from ..shown_text import shown
from . import evaluate, export, make_data, train, weights
from .export_motion import export_motion
from .interrupts import INTERRUPTED
from .photos import photos
from .run import run
from .view import view

app = typer.Typer(
    name="humans4d",
    help="People in 4D for robots: 3D body meshes with persistent ids from camera images.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(evaluate.app, name="evaluate")
app.add_typer(make_data.app, name="make-data")
app.add_typer(train.app, name="train")
app.add_typer(weights.app, name="weights")
app.command()(run)
app.command()(photos)
app.command()(view)
app.command()(export_motion)
app.command()(export.export)


def main() -> None:
    """Entry of the `humans4d` command."""
    try:
        app()
    except Humans4dError as error:
        print(f"humans4d: {error}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        # A full disk, a file that went away: the system's own words say it best.
        print(f"humans4d: {shown(error, 1000)}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _print_version(wanted: bool) -> None:
    if not wanted:
        return
    try:
        typer.echo(f"humans4d {metadata.version('humans4d')}")
    except metadata.PackageNotFoundError:
        typer.echo("humans4d (run from its source, not installed)")
    raise typer.Exit()


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """What is installed, what is missing, how to get it."""
    from .doctor import examine

    checks = examine()
    if as_json:
        typer.echo(json.dumps([check.as_dict() for check in checks], indent=2))
    else:
        for check in checks:
            typer.echo(shown(check.line(), 2000))
    if any(check.state == "missing" for check in checks):
        raise typer.Exit(1)


if __name__ == "__main__":
    main()
