"""The methods of graph.Graph, run at once by PyTorch."""
import numpy as np
import torch
import torch.nn.functional as F


class TorchGraph:
    def __init__(self, store):
        self.store, self.weights = store, {}
        self.data = np.memmap(store.path, np.uint8, "r")

    def run(self, network, batch, feed):
        """{output: array} of the network on feed."""
        self.feed = {n: torch.from_numpy(v) for n, v in feed.items()}
        self.outputs = {}
        with torch.inference_mode():
            network(self, batch)
        return self.outputs

    # ---- values ----

    def input(self, name, shape, ids=False):
        x = self.feed[name]
        assert x.shape == shape
        return x.long() if ids else x

    def output(self, x, name):
        self.outputs[name] = x.numpy()

    def weight(self, name, shape, transposed=False):
        if name not in self.weights:
            at, length = self.store.place(name, shape, transposed)
            values = np.array(self.data[at : at + length]).view("<f4")
            self.weights[name] = torch.from_numpy(values).view(shape[::-1] if transposed else shape)
        return self.weights[name]

    def constant(self, array):
        return torch.from_numpy(array)

    # ---- layout ----

    def reshape(self, x, *shape):
        return x.reshape(shape)

    def transpose(self, x, *perm):
        return x.permute(perm)

    def concat(self, xs, axis):
        return torch.cat(xs, axis)

    def slice(self, x, axis, begin, length):
        return x.narrow(axis, begin, length)

    def repeat(self, x, count):
        return x.expand(count, *x.shape[1:])

    def rows(self, table, ids):
        return F.embedding(ids, table)

    def row_of_highest(self, x, ids):
        return x[torch.arange(len(x)), ids.argmax(1)]

    def resize_nearest(self, x, size):
        return F.interpolate(x, size=(size, size))

    # ---- arithmetic ----

    def add(self, a, b):
        return a + b

    def mul(self, a, b):
        return a * b

    def scale(self, x, factor):
        return x * factor

    def relu(self, x):
        return F.relu(x)

    def leaky_relu(self, x):
        return F.leaky_relu(x, 0.2)

    def quick_gelu(self, x):
        return x * torch.sigmoid(1.702 * x)

    def matmul(self, a, b):
        return a @ b

    # ---- layers with weights ----

    def linear(self, x, weight, n_out, bias):
        w = self.weight(weight, (n_out, x.shape[-1]), transposed=True)
        return F.linear(x, w.T, self.weight(bias, (n_out,)))

    def layer(self, x, prefix, n_out):
        return self.linear(x, prefix + ".weight", n_out, prefix + ".bias")

    def conv(self, x, prefix, n_out, k, pad=0, stride=1, bias=True):
        w = self.weight(prefix + ".weight", (n_out, x.shape[1], k, k))
        b = self.weight(prefix + ".bias", (n_out,)) if bias else None
        return F.conv2d(x, w, b, stride, pad)

    def layer_norm(self, x, prefix):
        d = x.shape[-1:]
        return F.layer_norm(x, d, self.weight(prefix + ".weight", d),
                            self.weight(prefix + ".bias", d), 1e-5)

    def attention(self, x, prefix, n_heads, causal):
        b, t, d = x.shape
        qkv = self.linear(x, prefix + ".in_proj_weight", 3 * d, prefix + ".in_proj_bias")
        q, k, v = qkv.view(b, t, 3, n_heads, d // n_heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        return self.layer(y.transpose(1, 2).reshape(b, t, d), prefix + ".out_proj", d)
