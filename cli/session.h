/**
 * What a command works with: weights, device and model, opened from the shared flags.
 */
#ifndef GCL_CLI_SESSION_H
#define GCL_CLI_SESSION_H

#include "cli/options.h"
#include "model/model.h"

typedef struct cli_session {
    gcl_device_info device;
    gcl_checkpoint *checkpoint; /* owned, like what follows */
    gcl_context *ctx;
    gcl_model *model;
    bool fallback; /* no weights were given and none were found */
} cli_session;

/**
 * @param s     zero-initialised; cli_session_close whatever the result
 * @param plan  NULL for the defaults; weights is common's
 */
gcl_status cli_session_open(cli_session *s, const cli_common *common, const gcl_plan_options *plan,
                            gcl_error *err);
void cli_session_close(cli_session *s);

/** Says on standard error what synthetic weights mean; for the end of a command that went well. */
void cli_session_notes(const cli_session *s);

/** File name of the weights without its folder, or synthetic:SEED; borrowed. */
const char *cli_session_weights(const cli_session *s);

/** Sentence vectors of texts. @param sentences  [n, embed_dim]; owned by the caller (free) */
gcl_status cli_session_encode(cli_session *s, const cli_common *common, char *const *texts,
                              size_t n, float **sentences, gcl_error *err);

/**
 * The tokenizer of the weights, found like those of a session, or of the file that --vocab names;
 * without --weights the file's has CLIP's number of ids.
 *
 * @param out  owned by the caller (gcl_tokenizer_destroy)
 */
gcl_status cli_tokenizer_open(gcl_tokenizer **out, const cli_common *common, gcl_error *err);

/** CLIP's vector of a PNG or JPEG file. @param embedding  [embed_dim], written */
gcl_status cli_session_photo(cli_session *s, const char *path, float *embedding, gcl_error *err);

#endif
