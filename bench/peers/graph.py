"""A network as an ONNX file: values with shapes, a method for each layer, a count of its work."""
import math
from collections import namedtuple

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET, IR_VERSION = 17, 8

Value = namedtuple("Value", "name shape")


class Graph:
    """Grows node by node. Linear layers, convolutions and attention add to `flops` what the direct
    formulas need, a multiply-add being 2; all else is small beside them and not counted."""

    def __init__(self, name, store):
        self.name, self.store = name, store
        self.nodes, self.inputs, self.outputs, self.initializers = [], [], [], {}
        self.flops = 0

    # ---- values ----

    def input(self, name, shape, ids=False):
        dtype = TensorProto.INT32 if ids else TensorProto.FLOAT
        self.inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return Value(name, shape)

    def output(self, x, name):
        self.nodes.append(helper.make_node("Identity", [x.name], [name]))
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, x.shape))

    def weight(self, name, shape, transposed=False):
        """A tensor of the checkpoint, kept in the store's file."""
        dims = shape[::-1] if transposed else shape
        if name not in self.initializers:
            offset, length = self.store.place(name, shape, transposed)
            t = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=dims)
            t.data_location = TensorProto.EXTERNAL
            for key, value in (("location", self.store.path.name), ("offset", offset),
                               ("length", length)):
                t.external_data.add(key=key, value=str(value))
            self.initializers[name] = t
        return Value(name, dims)

    def constant(self, array):
        array = np.asarray(array)
        name = f"const{len(self.initializers)}"
        self.initializers[name] = numpy_helper.from_array(array, name)
        return Value(name, array.shape)

    def node(self, op, inputs, shape, **attributes):
        name = f"{op}{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, [x.name for x in inputs], [name], **attributes))
        return Value(name, tuple(shape))

    # ---- layout ----

    def _ints(self, *values):
        return self.constant(np.array(values, np.int64))

    def reshape(self, x, *shape):
        assert math.prod(shape) == math.prod(x.shape)
        return self.node("Reshape", [x, self._ints(*shape)], shape)

    def transpose(self, x, *perm):
        return self.node("Transpose", [x], [x.shape[i] for i in perm], perm=perm)

    def concat(self, xs, axis):
        shape = list(xs[0].shape)
        shape[axis] = sum(x.shape[axis] for x in xs)
        return self.node("Concat", xs, shape, axis=axis)

    def slice(self, x, axis, begin, length):
        shape = list(x.shape)
        shape[axis] = length
        bounds = [self._ints(v) for v in (begin, begin + length, axis)]
        return self.node("Slice", [x, *bounds], shape)

    def repeat(self, x, count):
        """[1, ...] -> [count, ...]"""
        shape = (count, *x.shape[1:])
        return self.node("Expand", [x, self._ints(*shape)], shape)

    def rows(self, table, ids):
        """[N, d] and ids [...] -> [..., d]"""
        return self.node("Gather", [table, ids], (*ids.shape, table.shape[1]))

    def row_of_highest(self, x, ids):
        """[B, T, d] and ids [B, T] -> [B, d] where the id is highest, first if several are."""
        b, _, d = x.shape
        at = self.node("ArgMax", [ids], (b, 1), axis=1, keepdims=1)
        return self.node("GatherND", [x, at], (b, d), batch_dims=1)

    def resize_nearest(self, x, size):
        """source = floor(destination * in / out)"""
        shape = (*x.shape[:2], size, size)
        none = Value("", ())
        return self.node("Resize", [x, none, none, self._ints(*shape)], shape, mode="nearest",
                         coordinate_transformation_mode="asymmetric", nearest_mode="floor")

    # ---- arithmetic ----

    def add(self, a, b):
        return self.node("Add", [a, b], np.broadcast_shapes(a.shape, b.shape))

    def mul(self, a, b):
        return self.node("Mul", [a, b], np.broadcast_shapes(a.shape, b.shape))

    def scale(self, x, factor):
        return self.mul(x, self.constant(np.float32(factor)))

    def relu(self, x):
        return self.node("Relu", [x], x.shape)

    def leaky_relu(self, x):
        return self.node("LeakyRelu", [x], x.shape, alpha=0.2)

    def quick_gelu(self, x):
        return self.mul(x, self.node("Sigmoid", [self.scale(x, 1.702)], x.shape))

    def matmul(self, a, b):
        self.flops += 2 * math.prod(a.shape) * b.shape[-1]
        return self.node("MatMul", [a, b], (*a.shape[:-1], b.shape[-1]))

    # ---- layers with weights ----

    def linear(self, x, weight, n_out, bias=None):
        """x W^T + bias, W [n_out, n_in] as checkpoints have it."""
        y = self.matmul(x, self.weight(weight, (n_out, x.shape[-1]), transposed=True))
        return y if bias is None else self.add(y, self.weight(bias, (n_out,)))

    def layer(self, x, prefix, n_out):
        return self.linear(x, prefix + ".weight", n_out, prefix + ".bias")

    def conv(self, x, prefix, n_out, k, pad=0, stride=1, bias=True):
        n, n_in, h, w = x.shape
        oh, ow = ((s + 2 * pad - k) // stride + 1 for s in (h, w))
        operands = [x, self.weight(prefix + ".weight", (n_out, n_in, k, k))]
        if bias:
            operands.append(self.weight(prefix + ".bias", (n_out,)))
        self.flops += 2 * n * n_out * oh * ow * n_in * k * k
        return self.node("Conv", operands, (n, n_out, oh, ow), kernel_shape=(k, k),
                         pads=(pad,) * 4, strides=(stride, stride))

    def layer_norm(self, x, prefix):
        d = x.shape[-1]
        operands = [x, self.weight(prefix + ".weight", (d,)), self.weight(prefix + ".bias", (d,))]
        return self.node("LayerNormalization", operands, x.shape, axis=-1, epsilon=1e-5)

    def attention(self, x, prefix, n_heads, causal):
        """softmax(Q K^T / sqrt(d_head)) V by heads and the projection behind; x [B, T, d]."""
        b, t, d = x.shape
        d_head = d // n_heads
        qkv = self.linear(x, prefix + ".in_proj_weight", 3 * d, prefix + ".in_proj_bias")

        def heads(i, *perm):
            part = self.slice(qkv, 2, i * d, d)
            return self.transpose(self.reshape(part, b, t, n_heads, d_head), *perm)

        q, k, v = heads(0, 0, 2, 1, 3), heads(1, 0, 2, 3, 1), heads(2, 0, 2, 1, 3)
        scores = self.scale(self.matmul(q, k), d_head**-0.5)
        if causal:
            future = np.triu(np.full((t, t), -np.inf, np.float32), 1)
            scores = self.add(scores, self.constant(future))
        y = self.matmul(self.node("Softmax", [scores], scores.shape, axis=-1), v)
        y = self.reshape(self.transpose(y, 0, 2, 1, 3), b, t, d)
        return self.layer(y, prefix + ".out_proj", d)

    # ---- the file ----

    def save(self, path):
        self.store.save()
        graph = helper.make_graph(self.nodes, self.name, self.inputs, self.outputs,
                                  list(self.initializers.values()))
        model = helper.make_model(graph, producer_name="galip bench/peers", ir_version=IR_VERSION,
                                  opset_imports=[helper.make_opsetid("", OPSET)])
        onnx.save(model, path)
