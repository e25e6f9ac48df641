"""The settings of a Transformer, checked once, in one place."""
from dataclasses import dataclass

POSITIONS = ("learned", "sinusoidal", "rope", "alibi", "none")
NORMS = ("layer", "rms")
MLPS = ("gelu", "gelu_tanh", "swiglu")


@dataclass
class TransformerConfig:
    """Sizes and choices of a Transformer.

    vocab_size    number of tokens V                    d_model    width d of the residual stream
    n_heads       query heads                           n_layers   blocks
    max_len       longest sequence, in tokens           d_hidden   width of the MLP; 4 d (2/3 of that for swiglu) if None
    position      "learned" (GPT-2), "sinusoidal" (Vaswani et al., 2017), "rope" (rotary; Su et al., 2021), "alibi" (Press et al., 2022) or "none"
    norm          "layer" (Ba et al., 2016) or "rms" (Zhang & Sennrich, 2019)
    mlp           "gelu", "gelu_tanh" (GPT-2's approximation) or "swiglu" (Shazeer, 2020)
    n_kv_heads    key and value heads, fewer for grouped queries (Ainslie et al., 2023); n_heads if None
    qk_norm       scale-free queries and keys (Henry et al., 2020)
    token_shift   attention also sees the previous token's vector, mixed in channel by channel (Peng et al., 2023)
    bias          biases in the linear layers           dropout    probability, while training
    tie_weights   the output layer is the embedding (Press & Wolf, 2017)
    norm_first    each part reads a normalised copy (GPT-2), or else the sum is normalised after it (Vaswani et al., 2017; BERT)
    norm_eps      what a norm adds to the variance      rope_base  the slowest wave of rope is about 2 pi times this long
    n_types       kinds of token, such as first and second sentence (BERT)           pad_id     the token that nobody looks at (BERT, Seq2Seq)
    start_id      what a decoder writes from (Seq2Seq)

    Raises ValueError that says which sizes do not go together.
    """
    vocab_size: int
    d_model: int = 128
    n_heads: int = 4
    n_layers: int = 4
    max_len: int = 160
    d_hidden: int | None = None
    position: str = "learned"
    norm: str = "layer"
    mlp: str = "gelu_tanh"
    n_kv_heads: int | None = None
    qk_norm: bool = False
    token_shift: bool = False
    bias: bool = True
    dropout: float = 0.0
    tie_weights: bool = True
    norm_first: bool = True
    norm_eps: float = 1e-5
    rope_base: float = 10_000.0
    n_types: int = 0
    pad_id: int | None = None
    start_id: int = 0

    def __post_init__(self):
        self.n_kv_heads = self.n_heads if self.n_kv_heads is None else self.n_kv_heads
        if self.d_hidden is None:
            self.d_hidden = 4 * self.d_model if self.mlp != "swiglu" else 8 * self.d_model // 3
        for name in ("vocab_size", "d_model", "n_heads", "n_layers", "max_len", "d_hidden", "n_kv_heads"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)!r} must be a whole number of at least 1")
        if self.d_model % self.n_heads:
            raise ValueError(f"d_model={self.d_model} is not divisible by n_heads={self.n_heads}")
        if self.n_heads % self.n_kv_heads:
            raise ValueError(f"n_heads={self.n_heads} is not divisible by n_kv_heads={self.n_kv_heads}")
        if self.position == "rope" and self.d_head % 2:
            raise ValueError(f"rope turns pairs of numbers: d_model/n_heads={self.d_head} must be even")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout={self.dropout} must be at least 0 and below 1")
        for name, allowed in (("position", POSITIONS), ("norm", NORMS), ("mlp", MLPS)):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name}={getattr(self, name)!r} must be one of {', '.join(allowed)}")

    @property
    def d_head(self):
        return self.d_model // self.n_heads
