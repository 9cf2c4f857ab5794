/* CSV through the reader: what is read, what is refused and in which words; any row set written in any way reads back
 * the same; where the text is cut into pieces changes nothing; blocks and portable masks agree with the byte-wise scan.
 */
#include "tests/unit/helper_reader.h"
#include "engine/source/simd.h"

static struct rc_reader_opts csv(const char *text)
{
	return (struct rc_reader_opts){.in.memory = rc_slice_str(text), .in.name = "t.csv", .format = RC_FORMAT_CSV};
}

static void check(const char *text, const char *want)
{
	struct rc_reader_opts o = csv(text);
	char *got = helper_dump(&o);

	assert_string_equal(got, want);
	free(got);
}

static void reads(void **state)
{
	(void)state;
	check("a,b\n1,2\n", "1:[1][2]\n");
	check("a,b\r\n1,2\r\n", "1:[1][2]\n");
	check("a,b\r1,2\r", "1:[1][2]\n");
	check("a,b\n1,2", "1:[1][2]\n");
	check("\xef\xbb\xbf"
	      "a,b\n\n\r\n1,2\n",
	      "1:[1][2]\n");
	check("a\n x \n", "1:[ x ]\n");
	check("a,b\n\"x\"\"y\",\"\"\n", "1:[x\"y][]\n");
	check("a,b\n\"1\n2\",\"3\r4\"\n5,6\n", "1:[1\n2][3\r4]\n2:[5][6]\n");
	check("a;b\n1;2\n", "1:[1][2]\n");
	check("a\tb\n1\t2\n", "1:[1][2]\n");
	check("a|b\n1|2\n", "1:[1][2]\n");
	check("a\n", "");
	check("\n\n", "");
}

static void refuses(void **state)
{
	(void)state;
	check("a,a\n1,2\n", "t.csv:1: header line: columns 1 and 2 have the same name 'a'\n");
	check("a,b\n1\n3,4\n", "t.csv:2: 1 field, but the header has 2\n1:[3][4]\n");
	check("a,b\n1,x\"y\n3,4\n",
	      "t.csv:2: column 2 (b), byte 2: stray quote; a field that holds a quote is quoted and the quote doubled\n"
	      "1:[3][4]\n");
	check("a,b\n1,\"y\"z\n3,4\n", "t.csv:2: column 2 (b), byte 4: text behind a closing quote; a quote inside a "
				      "quoted field is doubled\n1:[3][4]\n");
	check("a,b\n1,2\n3,\"4\n5\n",
	      "1:[1][2]\nt.csv:3: column 2 (b), byte 1: the quote that opens here is never closed\n");
	check("a,b\n1,\xe9\n",
	      "t.csv:2: column 2 (b), byte 1: invalid UTF-8 (0xE9); valid as windows-1252: set encoding\n");
	check("a,b\n1,\xc4\xe3\n",
	      "t.csv:2: column 2 (b), byte 1: invalid UTF-8 (0xC4); valid as GB18030: set encoding\n");
	check("", "t.csv:1: is empty (0 bytes)\n");
}

static void nul(void **state)
{
	static const char text[] = "a,b\n1,x\0y\n3,4\n";
	struct rc_reader_opts o = csv("x");
	char *got;

	(void)state;
	o.in.memory = (struct rc_slice){text, sizeof(text) - 1};
	got = helper_dump(&o);
	assert_string_equal(got,
			    "t.csv:2: column 2 (b), byte 2: NUL byte; if the file is UTF-16, set encoding\n1:[3][4]\n");
	free(got);
}

static void too_long(void **state)
{
	struct rc_reader_opts o = csv("a,b\n1,2\n123,4567890\n3,4\n\"5\n6\n7\n8\n9\n10\",x\n");
	char *got;

	(void)state;
	o.max_record = 8;
	got = helper_dump(&o);
	assert_string_equal(got, "1:[1][2]\n"
				 "t.csv:3: record of more than 8 bytes; --max-record raises the limit\n"
				 "2:[3][4]\n"
				 "t.csv:5: record of more than 8 bytes; --max-record raises the limit\n"
				 "t.csv:9: 1 field, but the header has 2\n"
				 "t.csv:10: column 1 (a), byte 3: stray quote; a field that holds a quote is quoted "
				 "and the quote doubled\n");
	free(got);
}

static void encodings(void **state)
{
	static const char utf16[] = "\xff\xfe"
				    "a\0\n\0\xe9\0\n\0\0\xd8\n\0z\0";
	struct rc_reader_opts o = csv("x");
	char *got;

	(void)state;
	o.in.memory = (struct rc_slice){utf16, sizeof(utf16) - 1};
	got = helper_dump(&o);
	assert_string_equal(got, "1:[\xc3\xa9]\nt.csv:3: column 1 (a), byte 1: not valid UTF-16LE\n2:[z]\n");
	free(got);
	o.in.memory = rc_slice_str("a,b\n\xe9,\x80\n");
	o.in.encoding = "windows-1252";
	got = helper_dump(&o);
	assert_string_equal(got, "1:[\xc3\xa9][\xe2\x82\xac]\n");
	free(got);
	o.in.encoding = "no-such";
	got = helper_dump(&o);
	assert_string_equal(got, "t.csv:1: unknown encoding 'no-such'; iconv -l lists the names\n");
	free(got);
}

/* What is certain of a refused row. */
static void salvages(void **state)
{
	struct rc_reader_opts o = csv("k,a,b\n1,2\n2,\"\"\"q\",x\"\n3,\xff,y\n");
	struct rc_reader *r;
	struct rc_record rec;
	struct rc_reject rej;
	struct rc_err err;

	(void)state;
	assert_int_equal(rc_reader_open(&o, &r, &err), RC_OK);
	assert_int_equal(rc_reader_next(r, &rec, &rej, &err), RC_READ_REJECT);
	assert_true(rc_slice_eqs(rej.raw, "1,2"));
	assert_true(rc_slice_eqs(rej.field[0], "1"));
	assert_null(rej.field[1].p);
	assert_int_equal(rc_reader_next(r, &rec, &rej, &err), RC_READ_REJECT);
	assert_true(rc_slice_eqs(rej.field[0], "2"));
	assert_true(rc_slice_eqs(rej.field[1], "\"q"));
	assert_null(rej.field[2].p);
	assert_int_equal(rc_reader_next(r, &rec, &rej, &err), RC_READ_REJECT);
	assert_true(rc_slice_eqs(rej.field[0], "3"));
	assert_null(rej.field[1].p);
	assert_true(rc_slice_eqs(rej.field[2], "y"));
	assert_int_equal(rc_reader_next(r, &rec, &rej, &err), RC_READ_END);
	rc_reader_free(r);
}

/* Rows written with random quoting, line ends and values, and what must come back. */
static char *random_csv(unsigned *seed, char **ret_want)
{
	static const char *const parts[] = {"a", "\"", ",", "\n", "\r", "\r\n", " ", "é", "漢字", "=x", ";"};
	static const char *const ends[] = {"\n", "\r\n", "\r"};
	struct rc_buf text = {0}, want = {0};
	unsigned columns = 1 + helper_random(seed, 6), rows = helper_random(seed, 30);

	for (unsigned c = 0; c < columns; c++)
		rc_buf_addf(&text, "%sc%u", c ? "," : "", c);
	rc_buf_adds(&text, "\n");
	for (unsigned i = 0; i < rows; i++) {
		rc_buf_addf(&want, "%u:", i + 1);
		for (unsigned c = 0; c < columns; c++) {
			struct rc_buf v = {0};
			unsigned n = helper_random(seed, 10) == 0 ? helper_random(seed, 200) : helper_random(seed, 4);
			bool quote;

			for (unsigned k = 0; k < n; k++)
				rc_buf_adds(&v, parts[helper_random(seed, 11)]);
			if (!v.n)
				rc_buf_adds(&v, "");
			quote = v.p[strcspn(v.p, "\",\r\n")] || helper_random(seed, 3) == 0 || (columns == 1 && !v.n);
			if (c)
				rc_buf_addc(&text, ',');
			if (quote)
				rc_buf_addc(&text, '"');
			for (size_t k = 0; k < v.n; k++) {
				if (v.p[k] == '"')
					rc_buf_addc(&text, '"');
				rc_buf_addc(&text, v.p[k]);
			}
			if (quote)
				rc_buf_addc(&text, '"');
			rc_buf_addf(&want, "[%s]", v.p);
			rc_buf_done(&v);
		}
		rc_buf_adds(&want, "\n");
		rc_buf_adds(&text, ends[helper_random(seed, 3)]);
	}
	rc_buf_adds(&want, "");
	*ret_want = want.p;
	return text.p;
}

static void reads_back(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 400; seed++) {
		unsigned s = seed;
		char *want, *text = random_csv(&s, &want);

		rc_simd_limit(seed % RC_SIMD_LEVELS);
		check(text, want);
		free(text);
		free(want);
	}
	rc_simd_limit(RC_SIMD_AVX512);
}

/* Any bytes at all: one piece, pieces of every size, portable and wide masks give the same answer. */
static void pieces(void **state)
{
	static const char alphabet[] = "\",\n\r\"ab\xff\",x";

	(void)state;
	for (unsigned seed = 1; seed <= 300; seed++) {
		unsigned s = seed * 7919, n = 1 + helper_random(&s, 300);
		char text[320] = "a,b\n";
		struct rc_reader_opts o = csv(text);
		char *want;

		for (unsigned i = 4; i < n + 4; i++)
			text[i] = helper_random(&s, 3) ? 'x' : alphabet[helper_random(&s, sizeof(alphabet) - 1)];
		text[n + 4] = 0;
		o.in.memory = rc_slice_str(text);
		o.max_record = seed % 3 ? 0 : 40;
		want = helper_dump(&o);
		for (unsigned k = 0; k < 12; k++) {
			char *got;

			o.in.piece = k < 10 ? k + 1 : 63 + k - 10;
			rc_simd_limit(k % RC_SIMD_LEVELS);
			got = helper_dump(&o);
			assert_string_equal(got, want);
			free(got);
		}
		rc_simd_limit(RC_SIMD_AVX512);
		free(want);
	}
}

static void raw_and_cells(void **state)
{
	struct rc_reader_opts o = csv("k,a,b\n1,\"x,\"\"y\",2\n\n3,,4\n5\n");
	const struct rc_slice names[] = {RC_SLICE("b"), RC_SLICE("k")}, missing[] = {RC_SLICE("k"), RC_SLICE("z")};
	const struct rc_slice *cell;
	struct rc_splitter *s;
	struct rc_reader *r;
	struct rc_row rows[8];
	struct rc_record rec;
	struct rc_reject rej;
	struct rc_err err;
	size_t n;

	(void)state;
	assert_int_equal(rc_reader_open(&o, &r, &err), RC_OK);
	s = rc_splitter_new(r);
	assert_int_equal(rc_splitter_select(s, missing, 2), 1);
	assert_int_equal(rc_splitter_select(s, names, 2), 2);
	assert_int_equal(rc_reader_next_rows(r, rows, 8, &n, &rej, &err), RC_READ_RECORD);
	if (n < 3) { /* rows up to a block's end come first */
		size_t m;

		assert_int_equal(rc_reader_next_rows(r, rows + n, 8 - n, &m, &rej, &err), RC_READ_RECORD);
		n += m;
	}
	assert_int_equal(n, 3);
	assert_int_equal(rc_splitter_cells(s, rows[0].raw, &cell), 2);
	assert_true(rc_slice_eqs(cell[0], "2"));
	assert_true(rc_slice_eqs(cell[1], "1"));
	assert_int_equal(rc_splitter_split(s, rows[0].raw, rows[0].line, &rec, &rej, &err), RC_READ_RECORD);
	assert_true(rc_slice_eqs(rec.field[1], "x,\"y"));
	assert_true(rc_slice_eqs(rec.cell[1], "\"x,\"\"y\""));
	assert_int_equal(rows[1].line, 4);
	assert_int_equal(rc_splitter_cells(s, rows[2].raw, &cell), 0);
	rc_splitter_free(s);
	rc_reader_free(r);
}

/* Rows as they were given, beside where they lie: as much as a reader that is ahead may have in other hands. */
struct held {
	const char *at;
	char *was;
	size_t n;
	uint64_t window;
};

static void still_there(const struct held *h, size_t n, uint64_t window)
{
	for (size_t i = 0; i < n; i++)
		if (window < h[i].window + RC_READER_WINDOWS)
			assert_memory_equal(h[i].at, h[i].was, h[i].n);
}

/* Text of some 6 MB: short rows, rows of several pages, two that no first window holds; \n in quotes. */
static void long_text(struct rc_buf *out)
{
	unsigned s = 11;

	rc_buf_adds(out, "k,a\n");
	for (unsigned i = 0; out->n < 6000000; i++) {
		unsigned n = i == 50 || i == 3000 ? 700000 : helper_random(&s, i % 100 ? 200 : 20000);

		rc_buf_addf(out, "%u,\"", i);
		for (unsigned j = 0; j < n; j++)
			rc_buf_addc(out, j % 97 == 96 ? '\n' : (char)('a' + helper_random(&s, 26)));
		rc_buf_adds(out, "\"\n");
	}
}

static void held_rows_stay(void **state)
{
	struct rc_buf text = {0}, again = {0};
	struct rc_reader_opts o = csv("");
	struct held *held = calloc(60000, sizeof(*held));
	size_t n_held = 0, n;
	struct rc_reader *r;
	struct rc_row rows[100];
	struct rc_reject rej;
	struct rc_err err;
	enum rc_read got;

	(void)state;
	long_text(&text);
	o.in.memory = rc_buf_slice(&text);
	assert_int_equal(rc_reader_open(&o, &r, &err), RC_OK);
	rc_buf_adds(&again, "k,a\n");
	do {
		uint64_t before = rc_reader_window(r);

		got = rc_reader_next_rows(r, rows, 100, &n, &rej, &err);
		rc_reader_hold(r);
		assert_true(rc_reader_window(r) - before <= 1);
		still_there(held, n_held, rc_reader_window(r));
		for (size_t i = 0; i < n; i++) {
			held[n_held] =
				(struct held){rows[i].raw.p, malloc(rows[i].raw.n), rows[i].raw.n, rc_reader_window(r)};
			memcpy(held[n_held++].was, rows[i].raw.p, rows[i].raw.n);
			rc_buf_addslice(&again, rows[i].raw);
			rc_buf_addc(&again, '\n');
		}
	} while (got == RC_READ_RECORD);
	assert_int_equal(got, RC_READ_END);
	assert_true(rc_reader_window(r) > 2 * RC_READER_WINDOWS);
	assert_int_equal(again.n, text.n);
	assert_memory_equal(again.p, text.p, text.n);
	rc_reader_free(r);
	while (n_held)
		free(held[--n_held].was);
	free(held);
	rc_buf_done(&text);
	rc_buf_done(&again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),          cmocka_unit_test(refuses),   cmocka_unit_test(nul),
		cmocka_unit_test(too_long),       cmocka_unit_test(encodings), cmocka_unit_test(salvages),
		cmocka_unit_test(reads_back),     cmocka_unit_test(pieces),    cmocka_unit_test(raw_and_cells),
		cmocka_unit_test(held_rows_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
