/* engine/base/pcre.h - PCRE2's contexts over our allocation, so that no pattern fails for want of memory.
 *
 * Made at the first call, by whichever thread comes first; never freed, never changed. */
#ifndef RC_PCRE_H
#define RC_PCRE_H
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

pcre2_general_context *rc_pcre_memory(void);  /* for match data and match contexts */
pcre2_compile_context *rc_pcre_compile(void); /* for pcre2_compile */

#endif
