"""Who a hospital is: the facts of its YAML file under ``conf/hospital/``."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Hospital:
    """One hospital of the federation."""

    key: str
    """The YAML file's name without ``.yaml``; what ``hospitals=[...]`` lists."""
    name: str
    """The name on screens and in artifacts, for example ``"AIIMS Delhi"``."""
    dataset_id: str
    """The data set's label, for example ``"dataset-1"``."""
    path: str
    """Folder of the slices below the hospital's data root."""
    location: tuple[float, float]
    """Latitude and longitude in degrees."""
    specialty: str
    """What the hospital is known for."""
    class_map: dict[str, str] = field(default_factory=dict)
    """Folder name (any case, spaces, ``_`` or ``-``) to class name."""
