"""CLIP's towers and GALIP's generator at galip-224, with the inputs and outputs of galip's parts
(model/parts.h).

Each is written once, as calls of g: a graph.Graph writes it down as ONNX, a torch_graph.TorchGraph
runs it.
"""
import numpy as np

SIZE, PATCH, GRID, EMBED = 224, 32, 7, 512
VIT_WIDTH, VIT_HEADS, LAYERS = 768, 12, 12
TEXT_WIDTH, TEXT_HEADS, CONTEXT, VOCAB = 512, 8, 77, 49408
NZ, CODE_CH, MID_CH, MAP_BLOCKS = 100, 64, 32, 4
PROMPT_LAYERS, FEATURE_LAYERS, MAPPER_GAIN = range(1, 9), (1, 4, 8), 0.1
STAGES = ((512, 512, 8), (512, 512, 16), (512, 512, 32), (512, 256, 64), (256, 128, 128),
          (128, 64, 224))  # channels in and out, pixels a side
MEAN = np.array([0.48145466, 0.4578275, 0.40821073])
STD = np.array([0.26862954, 0.26130258, 0.27577711])


# ---- CLIP ----

def _block(g, x, prefix, n_heads, causal=False):
    d = x.shape[-1]
    x = g.add(x, g.attention(g.layer_norm(x, prefix + ".ln_1"), prefix + ".attn", n_heads, causal))
    h = g.layer(g.layer_norm(x, prefix + ".ln_2"), prefix + ".mlp.c_fc", 4 * d)
    return g.add(x, g.layer(g.quick_gelu(h), prefix + ".mlp.c_proj", d))


def _vit_tokens(g, patches):
    """[B, d, grid, grid] -> [B, 1 + grid^2, d], the class token first."""
    b, d = patches.shape[:2]
    x = g.transpose(g.reshape(patches, b, d, GRID * GRID), 0, 2, 1)
    token = g.reshape(g.weight("visual.class_embedding", (d,)), 1, 1, d)
    x = g.concat([g.repeat(token, b), x], 1)
    x = g.add(x, g.weight("visual.positional_embedding", (1 + GRID * GRID, d)))
    return g.layer_norm(x, "visual.ln_pre")


def _vit_map(g, tokens):
    """Drops the class token: [B, 1 + grid^2, d] -> [B, d, grid, grid]."""
    b, _, d = tokens.shape
    x = g.transpose(g.slice(tokens, 1, 1, GRID * GRID), 0, 2, 1)
    return g.reshape(x, b, d, GRID, GRID)


def _vit_block(g, x, i):
    return _block(g, x, f"visual.transformer.resblocks.{i}", VIT_HEADS)


def text(g, batch):
    """tokens [B, 77] -> text.sentence [B, 512]; every position is computed."""
    tokens = g.input("tokens", (batch, CONTEXT), ids=True)
    x = g.rows(g.weight("token_embedding.weight", (VOCAB, TEXT_WIDTH)), tokens)
    x = g.add(x, g.weight("positional_embedding", (CONTEXT, TEXT_WIDTH)))
    for i in range(LAYERS):
        x = _block(g, x, f"transformer.resblocks.{i}", TEXT_HEADS, causal=True)
    x = g.row_of_highest(g.layer_norm(x, "ln_final"), tokens)  # the end token has the highest id
    g.output(g.matmul(x, g.weight("text_projection", (TEXT_WIDTH, EMBED))), "text.sentence")


def image(g, batch):
    """image [B, 3, 224, 224] in [-1, 1] -> image.features, image.embedding [B, 512].

    GALIP maps [-1, 1] to [0, 1] twice, so that CLIP sees [0.5, 1].
    """
    x = g.input("image", (batch, 3, SIZE, SIZE))
    gain, offset = 0.25 / STD, (0.75 - MEAN) / STD
    x = g.mul(x, g.constant(gain.astype(np.float32).reshape(3, 1, 1)))
    x = g.add(x, g.constant(offset.astype(np.float32).reshape(3, 1, 1)))
    x = _vit_tokens(g, g.conv(x, "visual.conv1", VIT_WIDTH, PATCH, stride=PATCH, bias=False))
    features = []
    for i in range(LAYERS):
        x = _vit_block(g, x, i)
        if i in FEATURE_LAYERS:
            features.append(g.reshape(_vit_map(g, x), batch, 1, VIT_WIDTH, GRID, GRID))
    g.output(g.concat(features, 1), "image.features")
    x = g.layer_norm(g.reshape(g.slice(x, 1, 0, 1), batch, VIT_WIDTH), "visual.ln_post")
    g.output(g.matmul(x, g.weight("visual.proj", (VIT_WIDTH, EMBED))), "image.embedding")


# ---- GALIP ----

def _affine(g, x, cond, prefix):
    """gamma(cond) x + beta(cond) by channel; gamma and beta are Linear, ReLU, Linear."""
    b, ch = x.shape[:2]

    def mlp(name):
        h = g.relu(g.layer(cond, f"{prefix}.{name}.linear1", ch))
        return g.reshape(g.layer(h, f"{prefix}.{name}.linear2", ch), b, ch, 1, 1)

    return g.add(g.mul(x, mlp("fc_gamma")), mlp("fc_beta"))


def _dfblk(g, x, cond, prefix):
    for i in range(2):
        x = g.leaky_relu(_affine(g, x, cond, f"{prefix}.affine{i}"))
    return x


def _m_block(g, x, cond, prefix):
    h = _dfblk(g, g.conv(x, prefix + ".conv1", MID_CH, 3, 1), cond, prefix + ".fuse1")
    h = _dfblk(g, g.conv(h, prefix + ".conv2", CODE_CH, 3, 1), cond, prefix + ".fuse2")
    return g.add(x, h)


def _g_block(g, x, cond, prefix, n_in, n_out, size):
    x = g.resize_nearest(x, size)
    h = g.conv(_dfblk(g, x, cond, prefix + ".fuse1"), prefix + ".c1", n_out, 3, 1)
    h = g.conv(_dfblk(g, h, cond, prefix + ".fuse2"), prefix + ".c2", n_out, 3, 1)
    return g.add(h, x if n_in == n_out else g.conv(x, prefix + ".c_sc", n_out, 1))


def _mapper(g, bridge, prompts):
    """The frozen ViT over the bridge; some blocks see a prompt as one more token."""
    x = _vit_tokens(g, bridge)
    for i in range(LAYERS):
        if i in PROMPT_LAYERS:
            prompt = g.slice(prompts, 1, PROMPT_LAYERS.index(i), 1)
            x = g.slice(_vit_block(g, g.concat([x, prompt], 1), i), 1, 0, x.shape[1])
        else:
            x = _vit_block(g, x, i)
    return _vit_map(g, x)


def netG(g, batch):
    """noise [B, 100], sentence [B, 512] -> gen.image [B, 3, 224, 224], not clamped."""
    noise = g.input("noise", (batch, NZ))
    cond = g.concat([noise, g.input("sentence", (batch, EMBED))], 1)
    x = g.reshape(g.layer(noise, "netG.fc_code", CODE_CH * GRID * GRID), batch, CODE_CH, GRID, GRID)
    prompts = g.layer(cond, "netG.mapping.fc_prompt", VIT_WIDTH * len(PROMPT_LAYERS))
    prompts = g.reshape(prompts, batch, len(PROMPT_LAYERS), VIT_WIDTH)
    for i in range(MAP_BLOCKS):
        x = _m_block(g, x, cond, f"netG.mapping.FBlocks.{i}")
    bridge = g.conv(x, "netG.mapping.conv_fuse", VIT_WIDTH, 5, 2)
    x = g.add(bridge, g.scale(_mapper(g, bridge, prompts), MAPPER_GAIN))
    x = g.conv(x, "netG.mapping.conv", STAGES[0][0], 5, 2)
    for i, (n_in, n_out, size) in enumerate(STAGES):
        x = _g_block(g, x, cond, f"netG.GBlocks.{i}", n_in, n_out, size)
    g.output(g.conv(g.leaky_relu(x), "netG.to_rgb.1", 3, 3, 1), "gen.image")


NETWORKS = {"netG": netG, "text": text, "image": image}
