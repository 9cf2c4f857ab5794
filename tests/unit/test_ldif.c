/* LDIF through the reader: RFC 2849 as it is written, as servers write it, and what is refused; any entries folded
 * anywhere read back the same; where the text is cut into pieces changes nothing. */
#include "tests/unit/helper_reader.h"
#include "engine/source/base64.h"
#include "engine/source/simd.h"
#include <stdio.h>

static struct rc_reader_opts ldif(const char *text)
{
	return (struct rc_reader_opts){.in.memory = rc_slice_str(text), .in.name = "t.ldif"};
}

static void check(const char *text, const char *want)
{
	struct rc_reader_opts o = ldif(text);
	char *got = helper_dump(&o);

	assert_string_equal(got, want);
	free(got);
}

static void reads(void **state)
{
	(void)state;
	check("dn: cn=a\ncn: a\n", "1:dn=[cn=a] cn=[a]\n");
	check("version: 1\ndn: cn=a\ncn: a\n\n\n\ndn: cn=b\ncn: b", "1:dn=[cn=a] cn=[a]\n2:dn=[cn=b] cn=[b]\n");
	check("version: 1\r\n\r\ndn: cn=a\r\ncn: a\r\n\r\ndn: cn=b\r\ncn: b\r\n",
	      "1:dn=[cn=a] cn=[a]\n2:dn=[cn=b] cn=[b]\n");
	check("dn: cn=a\rcn: a\r\rdn: cn=b\rcn: b\r", "1:dn=[cn=a] cn=[a]\n2:dn=[cn=b] cn=[b]\n");
	check("ver\n sion: 1\nd\n n: cn\n =a\nc\n n\n :\n  a\n  \n", "1:dn=[cn=a] cn=[a ]\n");
	check("DN:: Y249w6Q=\nCN;Lang-FR:x\nmail:a\ncn:\nMail: b\n", "1:dn=[cn=ä] cn;lang-fr=[x] mail=[a][b] cn=[]\n");
	check("# c\n # still\n\n#x\n y\ndn: cn=a\n# inside\n folded\ncn:   a \n", "1:dn=[cn=a] cn=[a ]\n");
	check("dn: cn=a\ncn: \xc3\n \xa4\n2.5.4.4: s\n", "1:dn=[cn=a] cn=[ä] 2.5.4.4=[s]\n");
	check("dn: cn=a\nchangetype: add\ncn: a\n\ndn: cn=b\nchangetype: add\ncn: b\n",
	      "1:dn=[cn=a] cn=[a]\n2:dn=[cn=b] cn=[b]\n");
	check("dn: cn=a\nphoto:: /9g=\n", "1:dn=[cn=a] photo=[\xff\xd8]\n");
}

static void ldapsearch(void **state)
{
	(void)state;
	check("# extended LDIF\n#\n# LDAPv3\n\n# a, example\ndn: cn=a\ncn: a\n\n# search result\nsearch: 2\nresult: 0 "
	      "Success\n\n# numResponses: 2\n# numEntries: 1\n",
	      "1:dn=[cn=a] cn=[a]\n");
	check("# extended LDIF\n#\n\n# search result\nsearch: 2\nresult: 0 Success\n\n# numResponses: 1\n", "");
	check("dn: cn=a\ncn: a\n\nsearch: 2\nresult: 4 Size limit exceeded\n",
	      "1:dn=[cn=a] cn=[a]\nt.ldif:5: the search ended with result 4 Size limit exceeded: the list is not "
	      "complete\n");
}

static void refuses(void **state)
{
	(void)state;
	check("dn: cn=a\ncn:: YQ\n\ndn: cn=b\ncn: b\n", "t.ldif:2: bad base64 in 'cn'\n1:dn=[cn=b] cn=[b]\n");
	check("dn: cn=a\ncn:< file:///etc/passwd\n",
	      "t.ldif:2: a value by URL (:<) is never fetched; put the value itself into 'cn'\n");
	check("dn: cn=a\nnonsense\n", "t.ldif:2: no ':' in the line 'nonsense'\n");
	check("dn: cn=a\nc_n: x\n", "t.ldif:2: no attribute name 'c_n'\n");
	check("dn: cn=a\ndn: cn=b\n",
	      "t.ldif:2: second dn: in one entry; is the empty line between two entries missing?\n");
	check("version: 1\n\ncn: a\n", "t.ldif:3: entry does not begin with dn: but with 'cn'\n");
	check("version: 1\n\n cn: a\n", "t.ldif:3: continuation line with nothing before it ' cn'\n");
	check("version: 2\n\ndn: cn=a\n", "t.ldif:1: LDIF version is '2', only 1 is known\n");
	check("dn: cn=a\ncn: a\n\ndn: cn=b\nchangetype: delete\n",
	      "1:dn=[cn=a] cn=[a]\n"
	      "t.ldif:5: change record (changetype: delete): this is a list of changes, not of people; export the "
	      "whole list\n");
	check("dn: cn=a\nchangetype: add\ncn: a\n\ndn: cn=b\nchangetype: modify\n",
	      "1:dn=[cn=a] cn=[a]\n"
	      "t.ldif:2: change record (changetype: add), and changetype: modify in line 6: this is a list of changes, "
	      "not of "
	      "people; export the whole list\n");
}

static void too_long(void **state)
{
	struct rc_reader_opts o = ldif("dn: cn=a\nx: 1\n\ndn: cn=b\ndescription: long, long\n\n\ndn: cn=c\nx: 3\n");
	char *got;

	(void)state;
	o.max_record = 16;
	got = helper_dump(&o);
	assert_string_equal(got, "1:dn=[cn=a] x=[1]\n"
				 "t.ldif:4: record of more than 16 bytes; --max-record raises the limit\n"
				 "2:dn=[cn=c] x=[3]\n");
	free(got);
}

static void salvages(void **state)
{
	struct rc_reader_opts o = ldif("dn: cn=a\nuid: a\nmail: x\nlost continuation\nsn:: *\nou: z\n");
	struct rc_reader *r;
	struct rc_record rec;
	struct rc_reject rej;
	struct rc_err err;

	(void)state;
	assert_int_equal(rc_reader_open(&o, &r, &err), RC_OK);
	assert_int_equal(rc_reader_next(r, &rec, &rej, &err), RC_READ_REJECT);
	assert_int_equal(rej.line, 4);
	assert_int_equal(rej.attr_n, 3); /* mail may go on in the lost line */
	assert_true(rc_slice_eqs(rej.attr[1].name, "uid"));
	assert_true(rc_slice_eqs(rej.attr[2].name, "ou"));
	rc_reader_free(r);
}

static void many_attributes(void **state)
{
	struct rc_buf text = {0}, want = {0};

	(void)state;
	rc_buf_adds(&text, "dn: x\n");
	rc_buf_adds(&want, "1:dn=[x]");
	for (int i = 0; i < 3000; i++) {
		rc_buf_addf(&text, "a%d: %d\n", i, i);
		rc_buf_addf(&want, " a%d=[%d]%s", i, i, i % 7 == 0 ? "[again]" : "");
	}
	for (int i = 0; i < 3000; i += 7)
		rc_buf_addf(&text, "A%d: again\n", i);
	rc_buf_adds(&text, "\ndn: y\n");
	rc_buf_adds(&want, "\n2:dn=[y]\n");
	check(text.p, want.p);
	rc_buf_done(&text);
	rc_buf_done(&want);
}

static void fold_into(struct rc_buf *text, const char *line, const char *end, unsigned *seed)
{
	for (size_t i = 0; line[i]; i++) {
		if (i && helper_random(seed, 12) == 0)
			rc_buf_addf(text, "%s ", end);
		rc_buf_addc(text, line[i]);
	}
	rc_buf_adds(text, end);
}

static void add_value(struct rc_buf *text, const char *name, const char *value, const char *end, unsigned *seed)
{
	struct rc_buf line = {0};
	bool plain = !strpbrk(value, "\r\n") && *value != ' ' && *value != ':' && *value != '<';

	rc_buf_adds(&line, name);
	if (plain && helper_random(seed, 4)) {
		rc_buf_addf(&line, ":%s%s", helper_random(seed, 2) ? " " : "", value);
	} else {
		rc_buf_adds(&line, ":: ");
		rc_base64_encode(rc_slice_str(value), &line);
	}
	fold_into(text, line.p, end, seed);
	rc_buf_done(&line);
}

/* Entries written with random folds, comments, base64 and line ends, and what must come back. */
static void reads_back(void **state)
{
	static const char *const values[] = {"x",     " lead",      ":colon", "<less", "trail ",
					     "é漢字", "two\nlines", "",       "a:b",   "#no"};
	static const char *const ends[] = {"\n", "\r\n", "\r"};

	(void)state;
	for (unsigned seed = 1; seed <= 400; seed++) {
		unsigned s = seed * 31, entries = helper_random(&s, 12);
		struct rc_buf text = {0}, want = {0};
		const char *end = ends[helper_random(&s, 3)];

		rc_buf_addf(&text, "version: 1%s%s", end, end);
		for (unsigned e = 1; e <= entries; e++) {
			unsigned attrs = 1 + helper_random(&s, 20);
			char name[32], dn[32];

			if (helper_random(&s, 3) == 0)
				fold_into(&text, "# a comment: that is folded", end, &s);
			snprintf(dn, sizeof(dn), "cn=%u", e);
			add_value(&text, "dn", dn, end, &s);
			rc_buf_addf(&want, "%u:dn=[%s]", e, dn);
			for (unsigned a = 0; a < attrs; a++) {
				unsigned n = 1 + helper_random(&s, 3);

				snprintf(name, sizeof(name), "a%u;x-%u", a, a);
				rc_buf_addf(&want, " %s=", name);
				for (unsigned k = 0; k < n; k++) {
					const char *v = values[helper_random(&s, 10)];

					add_value(&text, name, v, end, &s);
					rc_buf_addf(&want, "[%s]", v);
				}
			}
			rc_buf_adds(&want, "\n");
			for (unsigned k = helper_random(&s, 3) + 1; k; k--)
				rc_buf_adds(&text, end);
		}
		rc_buf_adds(&want, "");
		rc_simd_limit(seed % RC_SIMD_LEVELS);
		check(text.p, want.p);
		rc_buf_done(&text);
		rc_buf_done(&want);
	}
	rc_simd_limit(RC_SIMD_AVX512);
}

static void pieces(void **state)
{
	static const char *const parts[] = {"dn: x\n", "\n",   "\r\n", "\r", " ",
					    "cn: a\n", "#c\n", "x",    ":",  "mail:: YQ==\n"};

	(void)state;
	for (unsigned seed = 1; seed <= 300; seed++) {
		unsigned s = seed * 7919, n = 1 + helper_random(&s, 60);
		struct rc_buf text = {0};
		struct rc_reader_opts o;
		char *want;

		rc_buf_adds(&text, "dn: first\n\n");
		for (unsigned i = 0; i < n; i++)
			rc_buf_adds(&text, parts[helper_random(&s, 10)]);
		o = ldif(text.p);
		o.max_record = seed % 3 ? 0 : 30;
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
		rc_buf_done(&text);
	}
}

static void cells(void **state)
{
	struct rc_reader_opts o = ldif("dn: cn=a\nuid: a\nMAIL: x\n y\n# c\nsn: q\nmail: z\n");
	const struct rc_slice names[] = {RC_SLICE("mail"), RC_SLICE("uid")};
	const struct rc_slice *cell;
	struct rc_splitter *s;
	struct rc_reader *r;
	struct rc_row row;
	struct rc_reject rej;
	struct rc_err err;

	(void)state;
	assert_int_equal(rc_reader_open(&o, &r, &err), RC_OK);
	s = rc_splitter_new(r);
	rc_splitter_select(s, names, 2);
	assert_int_equal(rc_reader_next_raw(r, &row, &rej, &err), RC_READ_RECORD);
	assert_int_equal(rc_splitter_cells(s, row.raw, &cell), 3);
	assert_true(rc_slice_eqs(cell[0], "uid: a"));
	assert_true(rc_slice_eqs(cell[1], "MAIL: x\n y"));
	assert_true(rc_slice_eqs(cell[2], "mail: z"));
	assert_int_equal(rc_splitter_cells(s, RC_SLICE("dn: x\nma\n il: y\n"), &cell), 0);
	rc_splitter_free(s);
	rc_reader_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),      cmocka_unit_test(ldapsearch), cmocka_unit_test(refuses),
		cmocka_unit_test(too_long),   cmocka_unit_test(salvages),   cmocka_unit_test(many_attributes),
		cmocka_unit_test(reads_back), cmocka_unit_test(pieces),     cmocka_unit_test(cells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
