/* claims.c - GALIP's speed claim: published figures, work ratios, and this device. */
#include "bench/claims.h"

#include <stdio.h>

#include "bench/record.h"

enum { PUBLISHED_SIZE = 224 };

#define GALIP_SECONDS 0.04 /* published, RTX 3090 */
#define GALIP_GFLOP 71.7   /* text tower and NetG of galip-224, counted by their shapes */
#define LDM_SECONDS 4.8    /* 120 x 0.04 s */

/* Naive GFLOP of a call of LDM 1.45B at 256 x 256, counted from its published configuration
 * (CompVis/latent-diffusion, txt2img-1p4B); guidance doubles the text encoder and each step. */
#define LDM_TEXT_GFLOP 77.9
#define LDM_STEP_GFLOP 182.0
#define LDM_DECODE_GFLOP 622.0

typedef struct published {
    const char *model;
    size_t size; /* pixels a side */
    const char *hardware;
    double seconds;
    const char *source, *note; /* note NULL: none */
} published;

static const published figures[] = {
    {"GALIP (CC12M)", 224, "RTX 3090", GALIP_SECONDS, "arXiv 2301.12959", NULL},
    {"LAFITE", 256, "as tabled", 0.02, "DMD, arXiv 2311.18828, table", NULL},
    {"LDM 1.45B", 256, "RTX 3090, implied", LDM_SECONDS,
     "arXiv 2301.12959: about 120 times GALIP's 0.04 s", "steps and guidance are not stated"},
    {"GLIDE", 256, "as tabled", 15.0, "DMD, arXiv 2311.18828, table", NULL},
    {"Make-A-Scene", 256, "as tabled", 25.0, "DMD, arXiv 2311.18828, table", NULL},
    {"Imagen", 256, "TPUv4", 9.1, "DMD, StyleGAN-T, Muse", NULL},
    {"Parti-3B", 256, "TPUv4", 6.4, "DMD, StyleGAN-T, Muse", NULL},
    {"Muse-3B", 256, "TPUv4", 0.5, "DMD, StyleGAN-T, Muse", NULL},
    {"StyleGAN-T", 256, "A100", 0.10, "StyleGAN-T", NULL},
    {"GigaGAN", 512, "A100 (not confirmed)", 0.13, "arXiv 2303.05511", NULL},
    {"InstaFlow-0.9B", 512, "A100", 0.09, "its README", NULL},
    {"SDXL-Turbo, 1 step", 512, "A100 fp16", 0.207, "Stability AI", NULL},
    {"LCM 4 steps (SD 1.5)", 512, "RTX 4090", 0.24, "aMUSEd assets", NULL},
    {"SANA-Sprint, 1 step", 1024, "H100", 0.10, "arXiv 2503.09641", NULL},
    {"StreamDiffusion SD-Turbo", 512, "RTX 4090", 0.0094, "its README",
     "throughput, not latency; the size is not confirmed"},
    {"SD 1.4, Vulkan, 50 steps", 512, "RTX 3090", 5.83, "SHARK issue 603", NULL},
};

typedef struct claims {
    const bench_model_options *opt;
    const char *device;
    json_t *records;
} claims;

/* Starts a record and puts it into the list; *out is borrowed from there. */
static gcl_status add(json_t **out, const claims *c, const char *name, const char *model,
                      size_t size, const char *hardware, const char *source, bool is_published,
                      const char *note, gcl_error *err)
{
    gcl_status st = GCL_OK;
    json_t *r = NULL;

    *out = NULL;
    GCL_TRY(bench_record_create(&r, c->opt->run, "claim", name, err));
    GCL_TRY(bench_record_text(r, "model", model, err));
    GCL_TRY(bench_record_count(r, "size", size, err));
    GCL_TRY(bench_record_text(r, "hardware", hardware, err));
    GCL_TRY(bench_record_text(r, "source", source, err));
    if (note != NULL)
        GCL_TRY(bench_record_text(r, "note", note, err));
    if (json_object_set_new(r, "published", json_boolean(is_published)) != 0 ||
        json_array_append(c->records, r) != 0) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "claims: host allocation of a record");
        goto done;
    }
    *out = r;
done:
    json_decref(r);
    return st;
}

static gcl_status set_ratio(json_t *r, double ratio, const char *of, gcl_error *err)
{
    const gcl_status st = bench_record_real(r, "ratio", ratio, err);

    return st == GCL_OK ? bench_record_text(r, "ratio_of", of, err) : st;
}

/* This device's row, from the pipeline's record. */
static gcl_status add_measured(const claims *c, const json_t *pipeline, const gcl_config *config,
                               gcl_error *err)
{
    gcl_status st = GCL_OK;
    static const char *const copied[] = {"samples_s", "median_s", "min_s",       "p90_s",
                                         "spread",    "n",        "naive_gflop", "gflops"};
    const bool same_size = config->image_size == PUBLISHED_SIZE;
    json_t *r = NULL;

    GCL_TRY(add(&r, c, "GALIP, this device", "GALIP", config->image_size, c->device,
                "measured: text to PNG file, batch 1, median", false,
                same_size ? NULL : "not the published size of 224", err));
    for (size_t i = 0; i < sizeof copied / sizeof copied[0]; i++)
        if (json_object_set(r, copied[i], json_object_get(pipeline, copied[i])) != 0) {
            st = GCL_FAIL(err, GCL_E_NOMEM, "claims: host allocation for key %s", copied[i]);
            goto done;
        }
    GCL_TRY(bench_record_real(r, "seconds", json_real_value(json_object_get(pipeline, "median_s")),
                              err));
    if (same_size)
        GCL_TRY(set_ratio(r, json_real_value(json_object_get(pipeline, "median_s")) / GALIP_SECONDS,
                          "seconds", err));
done:
    return st;
}

static gcl_status add_claim(const claims *c, gcl_error *err)
{
    gcl_status st = GCL_OK;
    json_t *r = NULL;

    GCL_TRY(add(&r, c, "the paper's claim", "GALIP against LDM 1.45B", PUBLISHED_SIZE, "RTX 3090",
                "arXiv 2301.12959, abstract: ~120x faster synthesis", true,
                "LDM's steps, guidance, precision and batch are not stated", err));
    GCL_TRY(bench_record_real(r, "seconds", GALIP_SECONDS, err));
    GCL_TRY(set_ratio(r, LDM_SECONDS / GALIP_SECONDS, "seconds", err));
done:
    return st;
}

static gcl_status add_published(const claims *c, gcl_error *err)
{
    gcl_status st = GCL_OK;
    char name[96];

    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        const published *f = &figures[i];
        json_t *r = NULL;

        snprintf(name, sizeof name, "%s, published", f->model);
        GCL_TRY(add(&r, c, name, f->model, f->size, f->hardware, f->source, true, f->note, err));
        GCL_TRY(bench_record_real(r, "seconds", f->seconds, err));
        if (f->seconds == LDM_SECONDS)
            GCL_TRY(set_ratio(r, LDM_SECONDS / GALIP_SECONDS, "seconds", err));
    }
done:
    return st;
}

/* galip: GFLOP of a picture at the published size. */
static gcl_status add_work(const claims *c, double galip, const char *galip_source, gcl_error *err)
{
    static const int steps[] = {50, 250};
    gcl_status st = GCL_OK;
    json_t *r = NULL;
    char name[64];

    GCL_TRY(add(&r, c, "work of GALIP", "GALIP", PUBLISHED_SIZE, "any", galip_source, false, NULL,
                err));
    GCL_TRY(bench_record_real(r, "naive_gflop", galip, err));
    GCL_TRY(set_ratio(r, 1.0, "flops", err));
    for (int i = 0; i < 2; i++) {
        const double ldm = 2.0 * (LDM_TEXT_GFLOP + steps[i] * LDM_STEP_GFLOP) + LDM_DECODE_GFLOP;
        snprintf(name, sizeof name, "work of LDM, %d guided steps", steps[i]);
        GCL_TRY(add(&r, c, name, "LDM 1.45B", 256, "any",
                    "counted from the configuration txt2img-1p4B, 1 multiply-add = 2 FLOP", false,
                    NULL, err));
        GCL_TRY(bench_record_real(r, "naive_gflop", ldm, err));
        GCL_TRY(set_ratio(r, ldm / galip, "flops", err));
    }
    GCL_TRY(add(&r, c, "baselines, this device", "LDM, Stable Diffusion", 256, c->device, "none",
                false, "the baselines are not measured on this device yet", err));
done:
    return st;
}

gcl_status bench_claims_run(json_t **records, gcl_context *ctx, gcl_checkpoint *checkpoint,
                            const bench_model_options *opt, gcl_error *err)
{
    static const size_t one[] = {1};
    gcl_status st = GCL_OK;
    const gcl_config *config = gcl_checkpoint_config(checkpoint);
    bench_model_options o = *opt;
    claims c = {.opt = opt, .device = gcl_context_device(ctx)->name, .records = json_array()};
    json_t *measured = NULL;
    const json_t *pipeline;
    const char *why;

    *records = NULL;
    o.parts = 1u << BENCH_PART_PIPELINE;
    o.phases = 1u << BENCH_STEADY;
    o.batches = one;
    o.n_batches = 1;
    GCL_TRY(bench_model_run(&measured, ctx, checkpoint, &o, err));
    pipeline = json_array_get(measured, 0);
    why = json_string_value(json_object_get(pipeline, "skipped"));
    if (why != NULL) {
        st = GCL_FAIL(err, GCL_E_UNSUPPORTED, "claims: the pipeline cannot be measured: %s", why);
        goto done;
    }
    GCL_TRY(add_measured(&c, pipeline, config, err));
    GCL_TRY(add_claim(&c, err));
    GCL_TRY(add_published(&c, err));
    if (config->image_size == PUBLISHED_SIZE)
        GCL_TRY(add_work(&c, json_real_value(json_object_get(pipeline, "naive_gflop")),
                         "counted from the plans that ran", err));
    else
        GCL_TRY(add_work(&c, GALIP_GFLOP, "counted from the shapes of galip-224", err));
    *records = c.records;
    c.records = NULL;
done:
    json_decref(measured);
    json_decref(c.records);
    return st;
}
