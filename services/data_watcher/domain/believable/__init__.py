"""Whether what a file says can be true: one module for each question, asked once its rows are in order.

`checks.py` lists the questions about power. What cannot be true raises UnreadableFileError: what was found,
in which row or by how much, and what the owner of the file can do.
"""
