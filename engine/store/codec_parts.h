/* engine/store/codec_parts.h - what the files of the codec share: codec.c, codec_write.c, codec_account.c. */
#ifndef RC_CODEC_PARTS_H
#define RC_CODEC_PARTS_H
#include "engine/store/codec_out.h"

/* What stands behind a value, over all of it. */
uint32_t rc_codec_sum(const char *p, size_t n);

/* One field of an account after the other, without secret ones. name: the value's own, which a field often repeats. */
void rc_codec_add_account(struct rc_out *o, uint8_t tag, const struct rc_account *a, const struct rc_codec_env *env,
			  struct rc_slice name);
/* One such field: with its name in front, or with the number of its name. */
bool rc_codec_take_account(struct rc_slice s, bool is_short, const struct rc_codec_env *env, struct rc_account *ret);
/* One that is a number alone: twice the word of its name, its value is the value's name; or twice a word that holds
 * name and value, plus one. */
bool rc_codec_take_account_number(uint64_t n, const struct rc_codec_env *env, struct rc_slice name,
				  struct rc_account *ret);

#endif
