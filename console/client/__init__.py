"""What the command line and the page ask of a system, and what a person may change in it.

Every question goes to a service's query function, the registry or an object that the command line reads too;
every change is a command in an inbox, an approval in the registry or a configuration in the bucket.
Nothing here prints: a verb of `solar` and a page of `solar console` show the same answers.
"""
