/* torch_archive.c - zip archives by the letter of APPNOTE.TXT, except where told to lie. */
#include "torch_archive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

typedef struct sink {
    unsigned char *data;
    size_t bytes;
} sink;

static void put(sink *s, const void *data, size_t bytes)
{
    s->data = realloc(s->data, s->bytes + bytes + 1);
    assert_non_null(s->data);
    if (bytes > 0)
        memcpy(s->data + s->bytes, data, bytes);
    s->bytes += bytes;
}

static void put_number(sink *s, uint64_t n, int width)
{
    for (int i = 0; i < width; i++) {
        const unsigned char byte = (unsigned char)(n >> 8 * i);
        put(s, &byte, 1);
    }
}

static bool is_zip64(const archive_entry *e)
{
    return e->zip64[0] != 0;
}

static void put_zip64(sink *s, const archive_entry *e)
{
    put_number(s, 1, 2);
    put_number(s, 16, 2);
    put_number(s, e->zip64[0], 8);
    put_number(s, e->zip64[1], 8);
}

static uint32_t crc_of(const archive_entry *e)
{
    const void *data = e->plain != NULL ? e->plain : e->data;
    const size_t bytes = e->plain != NULL ? e->plain_bytes : e->bytes;

    return (uint32_t)crc32_z(0, bytes > 0 ? data : (const void *)"", bytes) ^ e->crc_flip;
}

/* What an entry's own head and its row in the directory have alike. */
static void put_common(sink *s, const archive_entry *e, const char *name)
{
    const uint64_t size = e->says_bytes != 0 ? e->says_bytes : e->bytes;

    put_number(s, is_zip64(e) ? 45 : 20, 2); /* version needed */
    put_number(s, e->flags, 2);
    put_number(s, e->method, 2);
    put_number(s, 0x00210000, 4); /* 1 January 1980 */
    put_number(s, crc_of(e), 4);
    put_number(s, is_zip64(e) ? 0xffffffff : e->bytes, 4);
    put_number(s, is_zip64(e) ? 0xffffffff : size, 4);
    put_number(s, strlen(name), 2);
    put_number(s, is_zip64(e) ? 20 : 0, 2); /* extra field */
}

void *archive_write(size_t *bytes, const archive_entry *entries, size_t n)
{
    sink s = {0}, directory = {0};

    for (size_t i = 0; i < n; i++) {
        const archive_entry *e = &entries[i];
        const char *local_name = e->local_name != NULL ? e->local_name : e->name;
        const size_t offset = s.bytes;
        put(&s, "PK\003\004", 4);
        put_common(&s, e, local_name);
        put(&s, local_name, strlen(local_name));
        if (is_zip64(e))
            put_zip64(&s, e);
        put(&s, e->data, e->bytes);
        put(&directory, "PK\001\002\024\000", 6);
        put_common(&directory, e, e->name);
        put_number(&directory, 0, 6); /* comment, disk, internal attributes */
        put_number(&directory, 0, 4); /* external attributes */
        put_number(&directory, e->says_offset != 0 ? e->says_offset : offset, 4);
        put(&directory, e->name, strlen(e->name));
        if (is_zip64(e))
            put_zip64(&directory, e);
    }
    put(&s, directory.data, directory.bytes);
    put(&s, "PK\005\006\000\000\000\000", 8);
    put_number(&s, n, 2);
    put_number(&s, n, 2);
    put_number(&s, directory.bytes, 4);
    put_number(&s, s.bytes - directory.bytes - 16, 4);
    put_number(&s, 0, 2); /* comment */
    free(directory.data);
    *bytes = s.bytes;
    return s.data;
}

void *archive_deflate(size_t *packed_bytes, const void *data, size_t bytes)
{
    z_stream z = {0};
    unsigned char *packed;
    uLong room;

    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    room = deflateBound(&z, bytes);
    packed = malloc(room);
    assert_non_null(packed);
    z.next_in = (Bytef *)(uintptr_t)data;
    z.avail_in = (uInt)bytes;
    z.next_out = packed;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    *packed_bytes = (size_t)z.total_out;
    deflateEnd(&z);
    return packed;
}
