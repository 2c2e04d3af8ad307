/* sgemm.c - CLBlast's Sgemm as a library call. */
#include "host/ops/common/sgemm.h"

#include <clblast_c.h>

static CLBlastTranspose transpose_b(const gcl_sgemm *s)
{
    return s->b_is_nk ? CLBlastTransposeYes : CLBlastTransposeNo;
}

static size_t ld_b(const gcl_sgemm *s)
{
    return s->b_is_nk ? s->K : s->N;
}

static gcl_status fail_clblast(CLBlastStatusCode st, const char *call, const gcl_sgemm *s,
                               gcl_error *err)
{
    return GCL_FAIL(err, GCL_E_UNSUPPORTED, "%s with M %zu, N %zu, K %zu: CLBlast status %d", call,
                    s->M, s->N, s->K, (int)st);
}

/* mem: A, B, C, scratch */
static gcl_status enqueue(const void *param, cl_command_queue queue, const cl_mem *mem,
                          gcl_error *err)
{
    gcl_sgemm s;
    CLBlastStatusCode st;

    memcpy(&s, param, sizeof s);
    st = CLBlastSgemmWithTempBuffer(CLBlastLayoutRowMajor, CLBlastTransposeNo, transpose_b(&s), s.M,
                                    s.N, s.K, 1.0f, mem[0], 0, s.K, mem[1], s.b_offset, ld_b(&s),
                                    0.0f, mem[2], s.c_offset, s.N, &queue, NULL, mem[3]);
    return st == CLBlastSuccess ? GCL_OK : fail_clblast(st, "CLBlastSgemmWithTempBuffer", &s, err);
}

/* CLBlast's cache of programs holds on to their contexts. */
static void forget(void)
{
    CLBlastClearCache();
}

gcl_status gcl_emit_sgemm(gcl_emit *e, const gcl_sgemm *s, gcl_slot a, gcl_slot b, gcl_slot c,
                          gcl_error *err)
{
    cl_command_queue queue = gcl_emit_queue(e);
    gcl_call call = {.name = "CLBlastSgemm", .enqueue = enqueue, .release = forget, .n_slots = 4};
    size_t bytes = 0;
    const CLBlastStatusCode st = CLBlastSGemmTempBufferSize(
        CLBlastLayoutRowMajor, CLBlastTransposeNo, transpose_b(s), s->M, s->N, s->K, 0, s->K,
        s->b_offset, ld_b(s), s->c_offset, s->N, &queue, &bytes);

    _Static_assert(sizeof *s <= sizeof call.param, "the call's parameters do not fit");
    if (st != CLBlastSuccess)
        return fail_clblast(st, "CLBlastSGemmTempBufferSize", s, err);
    memcpy(call.param, s, sizeof *s);
    call.slots[0] = a;
    call.slots[1] = b;
    call.slots[2] = c;
    /* small products need no scratch; a slot has at least one element */
    call.slots[3] = gcl_emit_temp(e, bytes > 0 ? bytes : sizeof(float));
    return gcl_emit_call(e, &call, err);
}
