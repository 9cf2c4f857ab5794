#include "bench/gen_people.h"
#include <inttypes.h>
#include <stdio.h>
#include "engine/source/base64.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
enum { FOLD = 76 };

static const char *const given[] = {"Alma",   "Bruno", "Celia",  "Dario", "Edith",  "Felix", "Gloria", "Henrik",
				    "Ines",   "Jonas", "Klara",  "Lars",  "Mira",   "Niels", "Olga",   "Pavel",
				    "Quirin", "Rita",  "Stefan", "Thea",  "Ulrich", "Vilma", "Wanda",  "Yannick"};
static const char *const given_utf8[] = {"Søren", "Zoë", "José", "Łucja", "Jürgen", "慧敏", "Иван", "Ümit"};
static const char *const family[] = {"Abel",    "Becker", "Costa",  "Dahl",  "Engel",   "Fischer", "Greco",  "Holm",
				     "Iversen", "Jansen", "Keller", "Lindt", "Moretti", "Novak",   "Ortega", "Petit",
				     "Quist",   "Rossi",  "Sato",   "Tamm",  "Urban",   "Vogel",   "Weiss",  "Zeman"};
static const char *const family_utf8[] = {"Müller", "Nuñez",   "Østergård", "Dvořák",
					  "王",     "Петрова", "Gökçe",     "Ångström"};
static const char *const departments[] = {"IT",       "Sales",    "Finance", "Legal",     "Marketing", "Support",
					  "Research", "Security", "Design",  "Logistics", "Quality",   "People"};
static const char *const groups[] = {"staff", "admins", "partners", "field", "lab"};
static const char *const plain[] = {"", "", "contractor", "remote", "on site", "shift A", "shift B", "intern"};
static const char *const quoted[] = {"Lead, North", "desk 4, floor 2", "the \"other\" Anna", "on leave, back in May"};
static const char *const states[] = {"active", "active", "active", "active", "active", "active", "active", "inactive"};

const char gen_csv_header[] =
	"employee_id,user_name,email,first_name,last_name,department,group,description,status,updated_at";

uint64_t gen_hash(uint64_t seed, uint64_t n, uint64_t salt)
{
	uint64_t z = seed * 0x9e3779b97f4a7c15u + n * 0xbf58476d1ce4e5b9u + salt * 0x94d049bb133111ebu;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

bool gen_share(uint64_t hash, double share)
{
	return (double)(hash >> 11) * 0x1p-53 < share;
}

struct person {
	char id[24], user[64], email[80], updated[24];
	const char *first, *last, *department, *group, *status;
	char description[80];
	bool second_mail;
};

static void describe(const struct gen_mix *mix, uint64_t number, int changed, struct person *p)
{
	uint64_t h = gen_hash(mix->seed, number, 7), which = gen_hash(mix->seed, number, changed ? 9 : 8);
	const char *text = plain[which % COUNT(plain)];

	if (gen_share(h, mix->multiline))
		text = "first line\nsecond line";
	else if (gen_share(h, mix->multiline + mix->quoted))
		text = quoted[which % COUNT(quoted)];
	snprintf(p->description, sizeof(p->description), "%s%s", text, changed ? " (moved)" : "");
}

static void make(const struct gen_mix *mix, uint64_t number, int version, struct person *p)
{
	uint64_t h = gen_hash(mix->seed, number, 1), g = gen_hash(mix->seed, number, 2);
	bool utf8 = gen_share(gen_hash(mix->seed, number, 3), mix->utf8);
	size_t department = h % COUNT(departments), f = (h >> 16) % COUNT(given), l = (h >> 32) % COUNT(family);

	p->first = utf8 ? given_utf8[f % COUNT(given_utf8)] : given[f];
	p->last = utf8 ? family_utf8[l % COUNT(family_utf8)] : family[l];
	if (version == 1) /* never the same one */
		department = (department + 1 + g % (COUNT(departments) - 1)) % COUNT(departments);
	p->department = departments[department];
	p->group = groups[g % COUNT(groups)];
	p->status = states[(g >> 16) % COUNT(states)];
	p->second_mail = (g >> 32) % 20 == 0;
	snprintf(p->id, sizeof(p->id), "%" PRIu64, 100000 + number);
	if (utf8)
		snprintf(p->user, sizeof(p->user), "user.%" PRIu64, number);
	else
		snprintf(p->user, sizeof(p->user), "%s.%s.%" PRIu64, given[f], family[l], number);
	for (char *c = p->user; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c | 0x20);
	snprintf(p->email, sizeof(p->email), "%s@example.com", p->user);
	snprintf(p->updated, sizeof(p->updated), "2026-%02u-%02uT%02u:%02u:00Z",
		 version ? 11 : 1 + (unsigned)(h >> 40) % 9, version ? 24 : 1 + (unsigned)(h >> 44) % 28,
		 (unsigned)(g >> 40) % 24, (unsigned)(g >> 48) % 60);
	describe(mix, number, version == 1, p);
}

static void csv_field(struct rc_buf *out, const char *s, char after)
{
	if (s[strcspn(s, ",\"\r\n")]) {
		rc_buf_addc(out, '"');
		for (; *s; s++) {
			if (*s == '"')
				rc_buf_addc(out, '"');
			rc_buf_addc(out, *s);
		}
		rc_buf_addc(out, '"');
	} else {
		rc_buf_adds(out, s);
	}
	if (after)
		rc_buf_addc(out, after);
}

void gen_csv_row(const struct gen_mix *mix, uint64_t number, int version, bool crlf, struct rc_buf *out)
{
	struct person p;

	make(mix, number, version, &p);
	csv_field(out, p.id, ',');
	csv_field(out, p.user, ',');
	csv_field(out, p.email, ',');
	csv_field(out, p.first, ',');
	csv_field(out, p.last, ',');
	csv_field(out, p.department, ',');
	csv_field(out, p.group, ',');
	csv_field(out, p.description, ',');
	csv_field(out, p.status, ',');
	csv_field(out, p.updated, 0);
	rc_buf_adds(out, crlf ? "\r\n" : "\n");
}

/* One logical line, folded; base64 where RFC 2849 asks for it. */
static void ldif_line(struct rc_buf *out, const char *name, const char *value)
{
	struct rc_buf line = {0};
	bool safe = *value != ' ' && *value != ':' && *value != '<';

	for (const char *c = value; *c; c++)
		safe &= *c >= ' ' && (unsigned char)*c < 0x7f && !(*c == ' ' && !c[1]);
	rc_buf_adds(&line, name);
	rc_buf_adds(&line, safe ? ": " : ":: ");
	if (safe)
		rc_buf_adds(&line, value);
	else
		rc_base64_encode(rc_slice_str(value), &line);
	for (size_t at = 0; at < line.n;) {
		size_t room = at ? FOLD - 1 : FOLD, n = line.n - at < room ? line.n - at : room;

		if (at)
			rc_buf_addc(out, ' ');
		rc_buf_add(out, line.p + at, n);
		rc_buf_addc(out, '\n');
		at += n;
	}
	rc_buf_done(&line);
}

void gen_ldif_entry(const struct gen_mix *mix, uint64_t number, int version, struct rc_buf *out)
{
	struct person p;
	char text[256];

	make(mix, number, version, &p);
	snprintf(text, sizeof(text), "uid=%s,ou=%s,ou=people,dc=example,dc=com", p.user, p.department);
	ldif_line(out, "dn", text);
	rc_buf_adds(out, "objectClass: top\nobjectClass: person\nobjectClass: inetOrgPerson\n");
	snprintf(text, sizeof(text), "%s %s", p.first, p.last);
	ldif_line(out, "cn", text);
	ldif_line(out, "givenName", p.first);
	ldif_line(out, "sn", p.last);
	ldif_line(out, "uid", p.user);
	ldif_line(out, "employeeNumber", p.id);
	ldif_line(out, "mail", p.email);
	if (p.second_mail) {
		snprintf(text, sizeof(text), "%s@example.org", p.user);
		ldif_line(out, "mail", text);
	}
	ldif_line(out, "departmentNumber", p.department);
	ldif_line(out, "businessCategory", p.group);
	if (p.description[0])
		ldif_line(out, "description", p.description);
	ldif_line(out, "employeeType", p.status);
	ldif_line(out, "pager", p.updated);
	rc_buf_addc(out, '\n');
}

/* A four-round Feistel network over the next power of four, walked until it lands inside. */
uint64_t gen_permute(uint64_t i, uint64_t n, uint64_t key)
{
	unsigned half = 1;

	while ((uint64_t)1 << (2 * half) < n)
		half++;
	do {
		uint64_t mask = ((uint64_t)1 << half) - 1, l = i >> half, r = i & mask;

		for (unsigned round = 0; round < 4; round++) {
			uint64_t t = l ^ (gen_hash(key, r, round) & mask);

			l = r;
			r = t;
		}
		i = l << half | r;
	} while (i >= n);
	return i;
}
