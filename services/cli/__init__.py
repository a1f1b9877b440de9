"""The `maskloop` command.

Each module here is one group of commands. They import what they need inside the command, so that
`maskloop jobs list` does not wait for torch. Exit codes: 0 done, 1 failed, 2 bad usage, 130
interrupted.
"""
