"""Generation: strategies, the cache, and the loop that writes."""
from .beams import beam_search, beam_steps
from .cache import Cache
from .draws import Draws
from .generate import generate, stream
from .strategies import Beam, Greedy, Sample

__all__ = ["Beam", "Cache", "Draws", "Greedy", "Sample", "beam_search", "beam_steps", "generate", "stream"]
