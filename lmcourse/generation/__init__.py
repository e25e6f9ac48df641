"""Generation: strategies, the cache, and the loop that writes."""
from .beams import beam_search
from .cache import Cache
from .generate import generate, stream
from .strategies import Beam, Greedy, Sample

__all__ = ["Beam", "Cache", "Greedy", "Sample", "beam_search", "generate", "stream"]
