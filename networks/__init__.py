"""What there is: the multimodal network from checked tables, as arcs for solvers and graphs for people.

Names are loaded on first use, so that ``import networks`` stays light.
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from .cost import (
        PARTS as PARTS,
    )
    from .cost import (
        Prices as Prices,
    )
    from .cost import (
        generalised_cost as generalised_cost,
    )
    from .cost import (
        goods_prices as goods_prices,
    )
    from .errors import DataError as DataError
    from .errors import PlaceError as PlaceError
    from .exchange import (
        from_networkx as from_networkx,
    )
    from .exchange import (
        links_gdf as links_gdf,
    )
    from .exchange import (
        places_gdf as places_gdf,
    )
    from .exchange import (
        to_networkx as to_networkx,
    )
    from .gas_tables import GasTables as GasTables
    from .gas_tables import load_gas_tables as load_gas_tables
    from .gaslib import GasLibNetwork as GasLibNetwork
    from .gaslib import read_gaslib as read_gaslib
    from .geometry import distance_km as distance_km
    from .geometry import great_circle as great_circle
    from .names import PlaceNames as PlaceNames
    from .study import STUDY_FILE as STUDY_FILE
    from .study import Study as Study
    from .study import study_of as study_of
    from .supernetwork import Supernetwork as Supernetwork
    from .supernetwork import build as build
    from .tables import GRADES as GRADES
    from .tables import Tables as Tables
    from .tables import load_tables as load_tables
    from .tables import read_table as read_table
    from .tables import table_file as table_file
    from .tables import table_of as table_of
    from .ways import BASES as BASES
    from .ways import CREDIT as CREDIT
    from .ways import lines_of as lines_of
    from .ways import read_ways as read_ways

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "cost": ["PARTS", "Prices", "generalised_cost", "goods_prices"],
        "errors": ["DataError", "PlaceError"],
        "exchange": ["from_networkx", "links_gdf", "places_gdf", "to_networkx"],
        "gas_tables": ["GasTables", "load_gas_tables"],
        "gaslib": ["GasLibNetwork", "read_gaslib"],
        "geometry": ["distance_km", "great_circle"],
        "names": ["PlaceNames"],
        "supernetwork": ["Supernetwork", "build"],
        "study": ["STUDY_FILE", "Study", "study_of"],
        "tables": ["GRADES", "Tables", "load_tables", "read_table", "table_file", "table_of"],
        "ways": ["BASES", "CREDIT", "lines_of", "read_ways"],
    },
)
