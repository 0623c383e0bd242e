"""From a command line to an exit status."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import PurePath

import click
from click.shell_completion import shell_complete

from kvmpatch.cli.call import Call
from kvmpatch.cli.commands import PROGRAM
from kvmpatch.cli.complaints import complain_of, complain_of_bug, complain_of_usage
from kvmpatch.cli.delivery import silence_stdout
from kvmpatch.errors import KvmpatchError

_COMPLETE = "_KVMPATCH_COMPLETE"
_USAGE_STATUS = 2
_BUG_STATUS = 70
_INTERRUPTED_STATUS = 130
# A report makes many values and hardly any cycles: looking for those after every 700 values took 2 to 5 % of the time.
_VALUES_BETWEEN_COLLECTIONS = 50_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one call; the exit status, as the contract names them."""
    gc.set_threshold(_VALUES_BETWEEN_COLLECTIONS)
    words = list(sys.argv[1:] if arguments is None else arguments)
    program = "git kvmpatch" if PurePath(sys.argv[0]).stem == "git-kvmpatch" else "kvmpatch"
    if os.environ.get(_COMPLETE):
        return shell_complete(PROGRAM, {}, program, _COMPLETE, os.environ[_COMPLETE])
    call = Call.begin(words, program)
    try:
        status = _run(words, call)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has gone, which is no fault
        silence_stdout()
        return 0
    except KvmpatchError as error:
        complain_of(call, error)
        return error.exit_status
    except click.ClickException as error:
        complain_of_usage(call, error)
        return _USAGE_STATUS
    except (KeyboardInterrupt, click.Abort):
        call.end_progress()
        return _INTERRUPTED_STATUS
    except Exception as bug:  # the last net: a bug is told in one line
        complain_of_bug(call, bug)
        return _BUG_STATUS
    return status


def _run(words: list[str], call: Call) -> int:
    """The inner part of click's own `main`, which would print errors and exit by itself."""
    try:
        with PROGRAM.make_context(call.program, words, obj=call) as ctx:
            PROGRAM.invoke(ctx)
    except click.exceptions.Exit as end:
        return end.exit_code
    return 0
