/* Hashes of a row: of all its bytes, and of the columns that can reach a verdict. Equal bytes mean equal values, so
 * nothing is unquoted or checked for either. */
#include "engine/run/scan_int.h"
#include "engine/base/alloc.h"

enum { SEPARATOR = 0x1f, JOINED = 4096 };

void scan_hash_begin_file(struct walk *w, struct rc_slice header)
{
	w->raw_seed = XXH3_64bits_withSeed(header.p ? header.p : "", header.n, rc_store_seed(w->s->store));
	if (!w->cells)
		w->cells = rc_xmalloc(JOINED);
}

void scan_hash_raw(const struct walk *w, struct rc_slice raw, uint8_t ret[16])
{
	XXH128_canonical_t c;

	XXH128_canonicalFromHash(&c, XXH3_128bits_withSeed(raw.p, raw.n, w->raw_seed));
	memcpy(ret, c.digest, 16);
}

/* Many cells, one by one; the same hash as that of the joined cells. */
static XXH128_hash_t long_row(struct walk *w, const struct rc_slice *cells, size_t n)
{
	const char separator = SEPARATOR;

	XXH3_128bits_reset(w->hash);
	for (size_t i = 0; i < n; i++) {
		XXH3_128bits_update(w->hash, cells[i].p, cells[i].n);
		XXH3_128bits_update(w->hash, &separator, 1);
	}
	return XXH3_128bits_digest(w->hash);
}

void scan_hash_cells(struct walk *w, struct rc_slice raw, uint8_t ret[16])
{
	const struct rc_slice *cells;
	size_t n = rc_splitter_cells(w->splitter, raw, &cells), joined = 0;
	XXH128_canonical_t c;

	if (n == 0) {
		memset(ret, 0, 16);
		return;
	}
	if (raw.n + n <= JOINED) {
		for (size_t i = 0; i < n; i++) {
			memcpy(w->cells + joined, cells[i].p, cells[i].n);
			joined += cells[i].n;
			w->cells[joined++] = SEPARATOR;
		}
		XXH128_canonicalFromHash(&c, XXH3_128bits(w->cells, joined));
	} else {
		XXH128_canonicalFromHash(&c, long_row(w, cells, n));
	}
	memcpy(ret, c.digest, 16);
}
