"""The scenario of postal community co-construction in Ningxia: few paired communities, one linked origin, by month."""

from evalkit.simulate.ningxia_post.files import write_programme
from evalkit.simulate.ningxia_post.replicate import replicate

__all__ = ["replicate", "write_programme"]
