"""The runtimes that run the networks: each with all cores, and with no thread busy between runs."""
import os

import numpy as np

CORES = len(os.sched_getaffinity(0))


class OnnxRuntime:
    """All graph optimisations. Threads spin within a run, as is usual, and stop with it."""

    def __init__(self, model):
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = CORES
        options.log_severity_level = 3
        options.add_session_config_entry("session.force_spinning_stop", "1")
        self.session = ort.InferenceSession(model.path, options,
                                            providers=["CPUExecutionProvider"])
        self.version, self.precision = f"ONNX Runtime {ort.__version__}", "f32"
        self.names = [o.name for o in self.session.get_outputs()]

    def run(self, feed):
        return dict(zip(self.names, self.session.run(None, feed)))


class OpenVino:
    """Set for the latency of one run on every core that this process may use."""

    def __init__(self, model, precision):
        import openvino

        config = {
            "INFERENCE_PRECISION_HINT": precision,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": CORES,
            "ENABLE_HYPER_THREADING": True,
        }
        compiled = openvino.Core().compile_model(model.path, "CPU", config)
        chosen = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
        self.precision = {"float": "f32"}.get(chosen, chosen)
        if self.precision != precision:
            raise RuntimeError(f"OpenVINO runs {self.precision} here, asked for {precision}")
        self.request = compiled.create_infer_request()
        self.outputs = {n: o for o in compiled.outputs for n in o.names if n in model.outputs}
        self.version = "OpenVINO " + openvino.__version__.split("-")[0]

    def run(self, feed):
        self.request.infer(feed, share_inputs=True)
        return {n: self.request.get_tensor(o).data for n, o in self.outputs.items()}


class Torch:
    """PyTorch as it is used without compiling anything: call by call, its own fused attention."""

    def __init__(self, model):
        import torch
        from torch_graph import TorchGraph

        torch.set_num_threads(CORES)
        self.graph = TorchGraph(model.store)
        self.network, self.batch = model.network, model.batch
        self.version, self.precision = f"PyTorch {torch.__version__}", "f32"

    def run(self, feed):
        return self.graph.run(self.network, self.batch, feed)


# name: runtime of a models.Model
PEERS = {
    "openvino-f32": lambda model: OpenVino(model, "f32"),
    "openvino-bf16": lambda model: OpenVino(model, "bf16"),
    "onnxruntime": OnnxRuntime,
    "torch": Torch,
}


def difference(got, want):
    """The largest |got - want| of all outputs, over the largest |want| of that output."""
    worst = 0.0
    for name, reference in want.items():
        y = np.asarray(got[name])
        if not np.isfinite(y).all():
            return float("inf")
        worst = max(worst, float(np.abs(y - reference).max() / np.abs(reference).max()))
    return worst
