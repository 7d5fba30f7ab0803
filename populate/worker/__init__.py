"""Workers: processes that lease keys, compute them and insert the results."""
