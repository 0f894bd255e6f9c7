"""Attention layers, by position and by keyword, with and without masks."""

from ..data import booleans, lower_triangle, padded_ids
from ..registry import Made, architecture


def _query_value(F):
    return F.Input(shape=(4, 6), name="query"), F.Input(shape=(5, 6), name="value")


@architecture(needs="Attention AdditiveAttention", writers="tf>=2.1 keras3", kinds="full keras")
def attention(F):
    L = F.layers
    x, y = _query_value(F)
    outputs = [L.Attention()([x, y]), L.AdditiveAttention()([x, y])]
    outputs.append(L.Attention(use_scale=True)([x, y]))
    outputs.append(L.AdditiveAttention(use_scale=False)([x, y]))
    outputs.append(L.Attention()([x, y, y]))
    return F.Model([x, y], outputs)


@architecture(needs="Attention", writers="tf>=2.3 keras3")
def attention_dropout(F):
    L = F.layers
    x, y = _query_value(F)
    return F.Model([x, y], [L.Attention(dropout=0.25)([x, y])])


@architecture(needs="Attention", writers="tf>=2.10 keras3")
def attention_score_modes(F):
    L = F.layers
    x, y = _query_value(F)
    outputs = [
        L.Attention(score_mode="dot")([x, y]),
        L.Attention(score_mode="concat")([x, y]),
        L.Attention(score_mode="concat", use_scale=True)([x, y]),
    ]
    return F.Model([x, y], outputs)


@architecture(needs="Attention", writers="tf>=2.1<2.12")
def attention_causal(F):
    x = F.Input(shape=(4, 6))
    return F.Model(x, F.layers.Attention(causal=True)([x, x]))


@architecture(needs="Attention", writers="tf>=2.12 keras3")
def attention_causal_mask(F):
    x = F.Input(shape=(4, 6))
    return F.Model(x, F.layers.Attention()([x, x], use_causal_mask=True))


@architecture(needs="Attention", writers="tf>=2.1 keras3")
def attention_of_masked(F):
    """The masks come from the embeddings."""
    L = F.layers
    x, y = F.Input(shape=(6,)), F.Input(shape=(6,))
    embedding = L.Embedding(9, 4, mask_zero=True)
    z = L.Attention()([embedding(x), embedding(y)])
    return Made(
        F.Model([x, y], L.GlobalAveragePooling1D()(z)), inputs=[padded_ids(9), padded_ids(9)]
    )


@architecture(needs="Attention", writers="tf>=2.2 keras3")
def attention_mask_argument(F):
    L = F.layers
    x, y = _query_value(F)
    m = F.Input(shape=(4,), dtype="bool", name="query_mask")
    n = F.Input(shape=(5,), dtype="bool", name="value_mask")
    return Made(
        F.Model([x, y, m, n], L.Attention()([x, y], mask=[m, n])),
        inputs=[None, None, booleans(), booleans()],
    )


@architecture(needs="Attention", writers="tf>=2.5 keras3")
def attention_scores(F):
    x, y = _query_value(F)
    return F.Model([x, y], list(F.layers.Attention()([x, y], return_attention_scores=True)))


@architecture(needs="MultiHeadAttention", kinds="full keras weights weights.h5")
def multi_head_attention(F):
    L = F.layers
    x, y = _query_value(F)
    shape = (5,) if F.since("keras3<3.4") else 5
    outputs = [
        L.MultiHeadAttention(2, 3)(x, x),
        L.MultiHeadAttention(num_heads=3, key_dim=2, value_dim=4, use_bias=False)(x, y),
        L.MultiHeadAttention(num_heads=2, key_dim=2, output_shape=shape, dropout=0.1)(x, y),
        L.MultiHeadAttention(num_heads=2, key_dim=2)(x, y, y),
    ]
    return F.Model([x, y], outputs)


@architecture(needs="MultiHeadAttention", kinds="full keras")
def multi_head_attention_keywords(F):
    L = F.layers
    x, y = _query_value(F)
    outputs = [
        L.MultiHeadAttention(2, 3)(query=x, value=y),
        L.MultiHeadAttention(2, 3)(x, value=y, key=y),
    ]
    return F.Model([x, y], outputs)


@architecture(needs="MultiHeadAttention", kinds="full keras")
def multi_head_attention_mask(F):
    L = F.layers
    x, y = _query_value(F)
    mask = F.Input(shape=(4, 5), dtype="bool", name="mask")
    z = L.MultiHeadAttention(2, 3)(x, y, attention_mask=mask)
    return Made(F.Model([x, y, mask], z), inputs=[None, None, lower_triangle()])


@architecture(needs="MultiHeadAttention")
def multi_head_attention_scores(F):
    x, y = _query_value(F)
    layer = F.layers.MultiHeadAttention(2, 3)
    return F.Model([x, y], list(layer(x, y, return_attention_scores=True)))


@architecture(needs="MultiHeadAttention", writers="tf>=2.10 keras3")
def multi_head_attention_causal(F):
    x = F.Input(shape=(4, 6))
    return F.Model(x, F.layers.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True))


@architecture(needs="MultiHeadAttention")
def multi_head_attention_axes(F):
    x = F.Input(shape=(3, 4, 6))
    layer = F.layers.MultiHeadAttention(2, 3, attention_axes=(1, 2))
    return F.Model(x, layer(x, x))


@architecture(needs="MultiHeadAttention", writers="tf>=2.10 keras3")
def multi_head_attention_of_masked(F):
    L = F.layers
    x = F.Input(shape=(6,))
    y = L.Embedding(9, 4, mask_zero=True)(x)
    y = L.MultiHeadAttention(2, 3)(y, y)
    return Made(F.Model(x, y), inputs=[padded_ids(9)])


@architecture(needs="GroupQueryAttention")
def grouped_query_attention(F):
    x, y = _query_value(F)
    layer = F.layers.GroupQueryAttention(head_dim=3, num_query_heads=4, num_key_value_heads=2)
    return F.Model([x, y], layer(x, y))


@architecture(needs="MultiHeadAttention")
def multi_head_attention_on_masked(F):
    """Padding reaches the layer as a mask that nobody passes."""
    L = F.layers
    x = F.Input(shape=(6,))
    y = L.Embedding(9, 4, mask_zero=True)(x)
    y = L.MultiHeadAttention(2, 3)(y, y)
    return Made(F.Model(x, L.Dense(2)(y)), inputs=[padded_ids(9)])


@architecture(needs="Attention")
def attention_on_masked(F):
    L = F.layers
    x, y = F.Input(shape=(6,)), F.Input(shape=(6,))
    query, value = L.Embedding(9, 4, mask_zero=True)(x), L.Embedding(9, 4, mask_zero=True)(y)
    attended = L.Attention()([query, value])
    model = F.Model([x, y], L.GlobalAveragePooling1D()(attended))
    return Made(model, inputs=[padded_ids(9), padded_ids(9, step=1)])
