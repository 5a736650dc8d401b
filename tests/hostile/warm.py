"""What the command line imports sooner or later, imported once, so that a forked process begins where others are."""

import geopandas
import matplotlib.figure
import networkx
import numpy
import openpyxl
import pandas
import pulp
import pyarrow.parquet
import pydantic
import rich.console
import scipy.optimize
import scipy.sparse.csgraph
import shapely

import corridors
import corridors.cli
import networks
import solvers

__all__ = [
    "geopandas",
    "matplotlib",
    "networkx",
    "numpy",
    "openpyxl",
    "pandas",
    "pulp",
    "pyarrow",
    "pydantic",
    "rich",
    "scipy",
    "shapely",
]

networks.load_tables()
networks.load_gas_tables()
for package in (networks, solvers, corridors):
    for name in package.__all__:
        getattr(package, name)
