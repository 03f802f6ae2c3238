"""The words and computations of photovoltaics, named as pvlib names them. Imports no AWS library."""
