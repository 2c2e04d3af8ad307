/*
 * fma_intrinsics.c - the multiply-add rate and the streaming read rate of an x86 CPU, measured
 * with intrinsics and POSIX threads: what `galip bench ceiling` is held against.
 *
 *     fma_intrinsics [THREADS [WIDTH]]     WIDTH 4, 8 or 16 floats; default the widest
 *
 * Prints "width W threads N fma_f32 X (median M) GFLOP/s read Y (median M) GB/s"; one repeat in ten
 * betters X and Y, as with the ceilings.
 */
#include <immintrin.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CHAINS = 12, STEPS = 1 << 20, REPEATS = 21, MAX_THREADS = 256 };
static const size_t read_bytes = (size_t)256 << 20;

typedef struct job {
    int width;
    const uint8_t *data; /* NULL: multiply-adds */
    size_t bytes;
    float result; /* keeps the work alive */
    double start, end;
    pthread_barrier_t *ready;
} job;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Each width: CHAINS independent chains of STEPS, and a sum over bytes in eight parts. */
#define DEFINE_WIDTH(W, ISA, F, I, SET, MAD, STORE, ADD, LOAD, ZERO)                   \
    __attribute__((target(ISA))) static float fma_##W(float a, float b)                \
    {                                                                                  \
        const F va = SET(a), vb = SET(b);                                              \
        F x[CHAINS];                                                                   \
        float lanes[W];                                                                \
        for (int k = 0; k < CHAINS; k++)                                               \
            x[k] = SET((float)k);                                                      \
        for (int i = 0; i < STEPS; i++)                                                \
            for (int k = 0; k < CHAINS; k++)                                           \
                x[k] = MAD(x[k], va, vb);                                              \
        for (int k = 1; k < CHAINS; k++)                                               \
            x[0] = x[0] + x[k];                                                        \
        STORE(lanes, x[0]);                                                            \
        return lanes[0];                                                               \
    }                                                                                  \
    __attribute__((target(ISA))) static float read_##W(const uint8_t *p, size_t bytes) \
    {                                                                                  \
        I s[8];                                                                        \
        int32_t lanes[W];                                                              \
        for (int u = 0; u < 8; u++)                                                    \
            s[u] = ZERO();                                                             \
        for (size_t i = 0; i + 8 * sizeof(I) <= bytes; i += 8 * sizeof(I))             \
            for (int u = 0; u < 8; u++)                                                \
                s[u] = ADD(s[u], LOAD((const void *)(p + i + (size_t)u * sizeof(I)))); \
        for (int u = 1; u < 8; u++)                                                    \
            s[0] = ADD(s[0], s[u]);                                                    \
        memcpy(lanes, &s[0], sizeof lanes);                                            \
        return (float)lanes[0];                                                        \
    }

static __m128i load_128(const void *p)
{
    return _mm_load_si128(p);
}

#define SSE_MAD(x, a, b) _mm_add_ps(_mm_mul_ps(x, a), b)
DEFINE_WIDTH(4, "sse2", __m128, __m128i, _mm_set1_ps, SSE_MAD, _mm_storeu_ps, _mm_add_epi32,
             load_128, _mm_setzero_si128)
DEFINE_WIDTH(8, "avx2,fma", __m256, __m256i, _mm256_set1_ps, _mm256_fmadd_ps, _mm256_storeu_ps,
             _mm256_add_epi32, _mm256_load_si256, _mm256_setzero_si256)
DEFINE_WIDTH(16, "avx512f", __m512, __m512i, _mm512_set1_ps, _mm512_fmadd_ps, _mm512_storeu_ps,
             _mm512_add_epi32, _mm512_load_si512, _mm512_setzero_si512)

static void *do_job(void *arg)
{
    job *j = arg;

    pthread_barrier_wait(j->ready);
    j->start = now();
    if (j->data != NULL)
        j->result = j->width == 16  ? read_16(j->data, j->bytes)
                    : j->width == 8 ? read_8(j->data, j->bytes)
                                    : read_4(j->data, j->bytes);
    else
        j->result = j->width == 16  ? fma_16(0.999f, 0.001f)
                    : j->width == 8 ? fma_8(0.999f, 0.001f)
                                    : fma_4(0.999f, 0.001f);
    j->end = now();
    return NULL;
}

/* Seconds from the first start to the last end. */
static double run(int threads, int width, const uint8_t *data, double *result)
{
    pthread_t thread[MAX_THREADS];
    job jobs[MAX_THREADS];
    pthread_barrier_t ready;
    const size_t part = read_bytes / (size_t)threads / 512 * 512;
    double start, end;

    pthread_barrier_init(&ready, NULL, (unsigned)threads);
    for (int t = 0; t < threads; t++) {
        const uint8_t *at = data == NULL ? NULL : data + (size_t)t * part;
        jobs[t] = (job){.width = width, .data = at, .bytes = part, .ready = &ready};
        if (pthread_create(&thread[t], NULL, do_job, &jobs[t]) != 0) {
            fprintf(stderr, "fma_intrinsics: cannot start thread %d\n", t);
            exit(1);
        }
    }
    for (int t = 0; t < threads; t++) {
        pthread_join(thread[t], NULL);
        *result += (double)jobs[t].result;
    }
    pthread_barrier_destroy(&ready);
    start = jobs[0].start;
    end = jobs[0].end;
    for (int t = 1; t < threads; t++) {
        start = jobs[t].start < start ? jobs[t].start : start;
        end = jobs[t].end > end ? jobs[t].end : end;
    }
    return end - start;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* REPEATS runs after one to warm up; prints the rate of `work` units: median, and the rate that
 * one run in ten betters. */
static void print_rate(const char *name, const char *unit, double work, int threads, int width,
                       const uint8_t *data, double *result)
{
    double s[REPEATS];

    run(threads, width, data, result);
    for (int i = 0; i < REPEATS; i++)
        s[i] = run(threads, width, data, result);
    qsort(s, REPEATS, sizeof *s, ascending);
    printf("%s %.1f (median %.1f) %s ", name, 1e-9 * work / s[REPEATS / 10],
           1e-9 * work / s[REPEATS / 2], unit);
}

int main(int argc, char **argv)
{
    const int widest = __builtin_cpu_supports("avx512f")                                 ? 16
                       : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 8
                                                                                         : 4;
    const int threads = argc > 1 ? atoi(argv[1]) : (int)sysconf(_SC_NPROCESSORS_ONLN);
    const int width = argc > 2 ? atoi(argv[2]) : widest;
    void *data = NULL;
    double result = 0;
    size_t part;

    if (threads < 1 || threads > MAX_THREADS || width > widest ||
        (width != 4 && width != 8 && width != 16)) {
        fprintf(stderr, "usage: fma_intrinsics [THREADS (1..%d) [WIDTH (4, 8, 16; at most %d)]]\n",
                MAX_THREADS, widest);
        return 2;
    }
    if (posix_memalign(&data, 4096, read_bytes) != 0) {
        fprintf(stderr, "fma_intrinsics: cannot allocate %zu bytes\n", read_bytes);
        return 1;
    }
    memset(data, 1, read_bytes);
    part = read_bytes / (size_t)threads / 512 * 512;
    printf("width %d threads %d ", width, threads);
    print_rate("fma_f32", "GFLOP/s", 2.0 * width * CHAINS * STEPS * threads, threads, width, NULL,
               &result);
    print_rate("read", "GB/s", (double)part * threads, threads, width, data, &result);
    printf("(sum %.6g)\n", result);
    free(data);
    return 0;
}
