/* engine/source/input.h - stored bytes as they lie in the file, counted and hashed on the way; below gzip.
 *
 * Embed by value; _init, then _read until *ret_n is 0, then _done (also after a failed _init). One thread at a time.
 * Errors are 65 and give the reason only: the caller knows the name. */
#ifndef RC_INPUT_H
#define RC_INPUT_H
#include <sys/stat.h>
#include "engine/source/stream.h"

struct rc_input {
	int fd; /* -1: memory */
	struct rc_slice mem;
	size_t piece;
	bool whole; /* opened by path: all of the file will be read */
	bool ended;
	struct stat at_open;
	void *xxh; /* XXH3_state_t */
	void *sha; /* EVP_MD_CTX, if asked for */
	struct rc_stream_info info;
};

enum rc_code rc_input_init(struct rc_input *in, const struct rc_stream_opts *opts, struct rc_err *err);
enum rc_code rc_input_read(struct rc_input *in, char *buf, size_t cap, size_t *ret_n, struct rc_err *err);
void rc_input_done(struct rc_input *in);

#endif
