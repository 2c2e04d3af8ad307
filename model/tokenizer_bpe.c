/*
 * tokenizer_bpe.c - merges the bytes of one word.
 *
 * CLIP joins every occurrence of the best-ranked pair, then looks for the next best. A heap of
 * (rank, position) over a linked list does the same in n log n: a merge makes a piece that no
 * earlier line knew, so the pairs it brings about rank behind it.
 */
#include "model/tokenizer_internal.h"

#include <stdlib.h>

#define END UINT32_MAX

void gcl_bpe_release(gcl_bpe *b)
{
    free(b->id);
    free(b->prev);
    free(b->next);
    free(b->heap);
    *b = (gcl_bpe){0};
}

static gcl_status reserve(gcl_bpe *b, size_t n, gcl_error *err)
{
    const size_t room = n < 64 ? 64 : 2 * n;

    if (n <= b->room)
        return GCL_OK;
    gcl_bpe_release(b);
    b->id = malloc(room * sizeof *b->id);
    b->prev = malloc(room * sizeof *b->prev);
    b->next = malloc(room * sizeof *b->next);
    b->heap = malloc(3 * room * sizeof *b->heap);
    if (b->id == NULL || b->prev == NULL || b->next == NULL || b->heap == NULL) {
        gcl_bpe_release(b);
        return GCL_FAIL(err, GCL_E_NOMEM, "tokenizer: host allocation for a word of %zu bytes", n);
    }
    b->room = room;
    return GCL_OK;
}

static void heap_push(gcl_bpe *b, uint64_t entry)
{
    size_t i = b->heap_n++;

    for (; i > 0 && b->heap[(i - 1) / 2] > entry; i = (i - 1) / 2)
        b->heap[i] = b->heap[(i - 1) / 2];
    b->heap[i] = entry;
}

static uint64_t heap_pop(gcl_bpe *b)
{
    const uint64_t top = b->heap[0], last = b->heap[--b->heap_n];
    size_t i = 0;

    for (size_t child = 1; child < b->heap_n; child = 2 * i + 1) {
        if (child + 1 < b->heap_n && b->heap[child + 1] < b->heap[child])
            child++;
        if (b->heap[child] >= last)
            break;
        b->heap[i] = b->heap[child];
        i = child;
    }
    b->heap[i] = last;
    return top;
}

/* Rank of the pair that begins at node i, if there is one. */
static uint32_t rank_at(const gcl_bpe *b, const gcl_tokenizer *tok, uint32_t i)
{
    if (i == END || b->id[i] < 0 || b->next[i] == END)
        return GCL_NO_RANK;
    return gcl_tokenizer_rank(tok, b->id[i], b->id[b->next[i]]);
}

static void offer(gcl_bpe *b, const gcl_tokenizer *tok, uint32_t i)
{
    const uint32_t rank = rank_at(b, tok, i);

    if (rank != GCL_NO_RANK)
        heap_push(b, (uint64_t)rank << 32 | i);
}

/* Node i takes in its right neighbour. */
static void join(gcl_bpe *b, uint32_t i, int32_t id)
{
    const uint32_t gone = b->next[i];

    b->id[i] = id;
    b->id[gone] = -1;
    b->next[i] = b->next[gone];
    if (b->next[i] != END)
        b->prev[b->next[i]] = i;
}

gcl_status gcl_bpe_word(gcl_bpe *b, const gcl_tokenizer *tok, const char *word, size_t n,
                        int32_t *ids, size_t *n_ids, gcl_error *err)
{
    const gcl_status st = reserve(b, n, err);
    const uint32_t last = (uint32_t)n - 1;

    *n_ids = 0;
    if (st != GCL_OK)
        return st;
    for (uint32_t i = 0; i <= last; i++) {
        b->id[i] = tok->unit_of_byte[(uint8_t)word[i]] + (i == last ? GCL_UNITS : 0);
        b->prev[i] = i == 0 ? END : i - 1;
        b->next[i] = i == last ? END : i + 1;
    }
    b->heap_n = 0;
    for (uint32_t i = 0; i < last; i++)
        offer(b, tok, i);

    while (b->heap_n > 0) {
        const uint64_t top = heap_pop(b);
        const uint32_t rank = (uint32_t)(top >> 32), i = (uint32_t)top;
        if (rank_at(b, tok, i) != rank) /* a neighbour was merged meanwhile */
            continue;
        join(b, i, (int32_t)(2 * GCL_UNITS + rank));
        offer(b, tok, b->prev[i]);
        offer(b, tok, i);
    }
    for (uint32_t i = 0; i != END; i = b->next[i])
        ids[(*n_ids)++] = b->id[i];
    return GCL_OK;
}
