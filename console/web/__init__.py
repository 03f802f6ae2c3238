"""`solar console`: the pages. They ask and act through `console.client`, and keep nothing."""
