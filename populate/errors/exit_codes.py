"""Exit codes of the ``dlgn`` command."""

OK, MENDABLE, USAGE, SOME_FAILED, DRAINED, STOPPED, PIPE_CLOSED = 0, 1, 2, 3, 4, 130, 141
EXIT_CODES = (
    "Exit codes: 0 done; 1 an error that you can mend, as the message says; 2 arguments not understood; 3 done, but "
    "some keys failed or could not be computed here (dlgn status says why); 4 the machine was drained before all was "
    "done; 130 stopped by Ctrl-C, 143 by SIGTERM; 141 the reader of a pipe left."
)
