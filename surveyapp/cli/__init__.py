"""The command line: the same actions as the pages, one line of error, exit code 2."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from analysis.errors import AnalysisError
from instruments.loader import InstrumentError
from surveyapp.errors import SurveyappError
from surveyapp.extras import told

# command -> the module that holds it. Loaded when called: a question about settings should not
# wait three seconds for statistics libraries.
COMMANDS = {
    "alignment": "surveyapp.cli.alignment",
    "audit": "surveyapp.cli.auditing",
    "backup": "surveyapp.cli.backing_up",
    "cipma": "surveyapp.cli.combined_map",
    "codebook": "surveyapp.cli.exporting",
    "config": "surveyapp.cli.config",
    "copula": "surveyapp.cli.endogeneity",
    "cta": "surveyapp.cli.tetrads",
    "contentvalidity": "surveyapp.cli.content_validity",
    "cutoffs": "surveyapp.cli.cutoffs",
    "db": "surveyapp.cli.administration",
    "demo": "surveyapp.cli.serving",
    "dif": "surveyapp.cli.dif",
    "doctor": "surveyapp.cli.examining",
    "efa": "surveyapp.cli.exploration",
    "encryption": "surveyapp.cli.encryption",
    "export": "surveyapp.cli.exporting",
    "files": "surveyapp.cli.files",
    "fimix": "surveyapp.cli.segmentation",
    "import": "surveyapp.cli.data",
    "imports": "surveyapp.cli.imports",
    "instruments": "surveyapp.cli.administration",
    "interactions": "surveyapp.cli.data",
    "invariance": "surveyapp.cli.invariance",
    "inventory": "surveyapp.cli.inventory",
    "itemsort": "surveyapp.cli.item_sort",
    "jobs": "surveyapp.cli.jobs",
    "judges": "surveyapp.cli.judge_numbers",
    "key": "surveyapp.cli.keys",
    "longitudinal": "surveyapp.cli.longitudinal",
    "mail": "surveyapp.cli.mail",
    "map": "surveyapp.cli.maps",
    "mcp": "surveyapp.cli.assistants",
    "mga": "surveyapp.cli.composite_groups",
    "micom": "surveyapp.cli.composite_groups",
    "mixed": "surveyapp.cli.mixed_models",
    "moderation": "surveyapp.cli.moderation",
    "multiverse": "surveyapp.cli.multiverse",
    "nca": "surveyapp.cli.necessity",
    "outcomes": "surveyapp.cli.outcomes",
    "package": "surveyapp.cli.exporting",
    "pls": "surveyapp.cli.pls",
    "power": "surveyapp.cli.power",
    "predict": "surveyapp.cli.prediction",
    "preregistration": "surveyapp.cli.preregistrations",
    "privacy-report": "surveyapp.cli.privacy",
    "redundancy": "surveyapp.cli.redundancy",
    "report": "surveyapp.cli.reporting",
    "restore": "surveyapp.cli.backing_up",
    "rollups": "surveyapp.cli.rollups",
    "run": "surveyapp.cli.serving",
    "samplesize": "surveyapp.cli.samplesize",
    "score": "surveyapp.cli.scoring",
    "scores": "surveyapp.cli.scores",
    "sem": "surveyapp.cli.sem",
    "shortform": "surveyapp.cli.short_form",
    "settings": "surveyapp.cli.administration",
    "signing": "surveyapp.cli.signing",
    "study": "surveyapp.cli.studying",
    "user": "surveyapp.cli.users",
    "validate": "surveyapp.cli.statistics",
    "web": "surveyapp.cli.serving",
    "weight": "surveyapp.cli.weighting",
    "worker": "surveyapp.cli.serving",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        try:
            module = import_module(COMMANDS[cmd_name])
        except ModuleNotFoundError as error:
            missing = told(error)
            if missing is error:
                raise
            return _out_of_reach(cmd_name, missing)
        known = cmd_name in ("import", "map")  # words that Python knows itself
        name = f"{cmd_name}_" if known else cmd_name.replace("-", "_")
        command: click.Command = getattr(module, name)
        return command


def _out_of_reach(name: str, missing: Exception) -> click.Command:
    """A command whose libraries are not installed: it is listed, and says so however it is called."""

    def refuse(given: tuple[str, ...]) -> None:
        raise missing

    return click.Command(
        name,
        callback=refuse,
        params=[click.Argument(["given"], nargs=-1, type=click.UNPROCESSED)],
        help=str(missing),
        short_help=f"({missing})",
        context_settings={"ignore_unknown_options": True},
    )


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="surveyapp")
def surveyapp() -> None:
    """Service-journey quality surveys: publish, score, validate and report them."""


def main() -> None:
    """Run what the command line asks for."""
    run_told(surveyapp)


def run_told(command: click.Command) -> None:
    """Run a command; an error that speaks to people is one line and exit code 2."""
    try:
        command.main(standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(2)
    except click.ClickException as error:
        click.echo(f"Error: {error.format_message()}", err=True)
        sys.exit(2)
    except (SurveyappError, AnalysisError, InstrumentError) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    except OSError as error:
        named = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        click.echo(f"Error: {named}", err=True)
        sys.exit(2)
    except Exception as error:
        missing = told(error)
        said = _database_fault(error) if missing is error else str(missing)
        if said is None:
            raise
        click.echo(f"Error: {said}", err=True)
        sys.exit(2)


def _database_fault(error: Exception) -> str | None:
    """What an error of the database means; only commands that open one have loaded its library."""
    library = sys.modules.get("sqlalchemy.exc")
    if library is None or not isinstance(error, library.SQLAlchemyError):
        return None
    from surveyapp.store.database_errors import database_fault

    return database_fault(error)
