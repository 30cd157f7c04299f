"""`python -m deploy COMMAND`: what the Makefile calls."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from chalicelib.domain.errors import TapitError
from deploy import verbs
from deploy.account import Account, aws_in_plain_words, open_account
from deploy.package import ARCHITECTURES, Package, package
from deploy.parameters import asked_for
from deploy.refusals import Refusal
from deploy.stack import Stack

BUILD = Path("build")

_stage = click.option("--stage", required=True)
_arch = click.option("--arch", type=click.Choice(ARCHITECTURES), required=True)


@click.group()
def main() -> None:
    """Package tapit for AWS, and operate its stages there."""


@main.command("package")
@_arch
def package_command(arch: str) -> None:
    with _refusals():
        _package(arch)


@main.command("deploy")
@_stage
@_arch
def deploy_command(stage: str, arch: str) -> None:
    with _refusals():
        verbs.check_stage(stage)
        account = open_account()  # before packaging, which would be for nothing without credentials
        verbs.deploy(account, _stack(account, stage), _package(arch), asked_for(os.environ), click.echo)


@main.command("destroy")
@_stage
@click.option("--table", type=click.Choice(("keep", "delete")), default="keep")
def destroy_command(stage: str, table: str) -> None:
    with _refusals(), _opened(stage) as (account, stack):
        verbs.destroy(account, stack, with_table=table == "delete", say=click.echo)


@main.command("first-token")
@_stage
@click.option("--name", default="admin")
def first_token_command(stage: str, name: str) -> None:
    with _refusals(), _opened(stage) as (account, stack):
        verbs.first_token(account, stack, name, click.echo)


@main.command("redrive")
@_stage
def redrive_command(stage: str) -> None:
    with _refusals(), _opened(stage) as (account, stack):
        verbs.redrive(account, stack, click.echo)


@contextmanager
def _refusals() -> Iterator[None]:
    """Tell a refusal in one or two lines, without a traceback."""
    try:
        with aws_in_plain_words():
            yield
    except (Refusal, TapitError) as refusal:
        hint = f"\n  {refusal.hint}" if refusal.hint else ""
        raise click.ClickException(f"{refusal}{hint}") from refusal


@contextmanager
def _opened(stage: str) -> Iterator[tuple[Account, Stack]]:
    verbs.check_stage(stage)
    account = open_account()
    yield account, _stack(account, stage)


def _stack(account: Account, stage: str) -> Stack:
    return Stack(account, stage, click.echo)


def _package(architecture: str) -> Package:
    click.echo(f"Packaging for {architecture}, Python {sys.version_info.major}.{sys.version_info.minor} ...")
    made = package(architecture, BUILD)
    click.echo(f"  {made.zip} ({made.zip.stat().st_size / 1e6:.1f} MB), {made.template}")
    return made


if __name__ == "__main__":
    main()
