/* model_memory.c - whether a batch fits a device. */
#include "bench/model_memory.h"

/* At least what a part needs, from its graph: weights, and its largest value, which is read or
 * written beside another. tokens: of text, 0 for all. */
static gcl_status graph_needs(const gcl_config *config, gcl_part part, size_t batch, size_t tokens,
                              uint64_t *total, uint64_t *largest, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_graph *graph = NULL;

    if (part == GCL_PART_TEXT && tokens > 0)
        GCL_TRY(gcl_text_graph(&graph, config, batch, tokens, err));
    else
        GCL_TRY(gcl_part_graph(&graph, config, part, batch, err));
    for (gcl_value v = 0; v < gcl_graph_n_values(graph); v++) {
        const gcl_tensor *t = gcl_graph_tensor(graph, v);
        const uint64_t bytes = gcl_shape_count(&t->shape) * gcl_dtype_bytes(t->dtype);
        if (t->kind == GCL_VALUE_WEIGHT)
            *total += bytes;
        if (bytes > *largest && t->kind != GCL_VALUE_WEIGHT)
            *largest = bytes;
    }
    *total += *largest;
done:
    gcl_graph_destroy(graph);
    return st;
}

gcl_status bench_memory_check(gcl_context *ctx, const gcl_config *config,
                              const bench_model_options *opt, int part, size_t batch,
                              size_t known_batch, const bench_subject_totals *known, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_device_info *device = gcl_context_device(ctx);
    const uint64_t one = device->max_alloc_bytes;
    const uint64_t limit =
        opt->max_memory_bytes > 0 ? opt->max_memory_bytes : device->global_mem_bytes / 4 * 3;
    const bool pipeline = part == BENCH_PART_PIPELINE;
    uint64_t need = 0, largest = 0;

    GCL_TRY(graph_needs(config, pipeline ? GCL_PART_NETG : (gcl_part)part, batch, opt->tokens,
                        &need, &largest, err));
    if (pipeline)
        GCL_TRY(graph_needs(config, GCL_PART_TEXT, 1, 0, &need, &largest, err));
    if (known_batch > 0)
        need = known->weight_bytes + known->const_bytes +
               (uint64_t)((double)known->arena_bytes * (double)batch / (double)known_batch);
    if (need > limit)
        st = GCL_FAIL(err, GCL_E_UNSUPPORTED, "needs about %.0f MB, the limit is %.0f MB%s",
                      (double)need / 1e6, (double)limit / 1e6,
                      opt->max_memory_bytes > 0 ? "" : " (3/4 of the device's memory)");
    else if (largest > one)
        st = GCL_FAIL(err, GCL_E_UNSUPPORTED,
                      "an activation of %.0f MB, the device allows %.0f MB in one buffer",
                      (double)largest / 1e6, (double)one / 1e6);
done:
    return st == GCL_E_NOT_FOUND ? GCL_E_UNSUPPORTED : st;
}
