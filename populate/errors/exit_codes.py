"""Exit codes of the ``dlgn`` command."""

OK, MENDABLE, USAGE, SOME_FAILED, STOPPED, PIPE_CLOSED = 0, 1, 2, 3, 130, 141
EXIT_CODES = (
    "Exit codes: 0 done; 1 an error that you can mend, as the message says; 2 arguments not understood; 3 done, "
    "but some keys failed (dlgn status says why); 130 stopped by Ctrl-C, 143 by SIGTERM; 141 the reader of a pipe left."
)
