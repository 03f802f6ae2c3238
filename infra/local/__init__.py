"""The local platform: AWS on this machine, enough of it to run the templates that go to AWS.

`control` starts and stops it; everything else runs inside the process it starts.
"""
