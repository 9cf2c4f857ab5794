#include "tests/simulator/rules.h"

#include <string.h>

static bool letter(uint32_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool digit(uint32_t c)
{
	return c >= '0' && c <= '9';
}

static bool chinese(uint32_t c)
{
	return (c >= 0x3400 && c <= 0x4dbf) || (c >= 0x4e00 && c <= 0x9fff) || (c >= 0xf900 && c <= 0xfaff) ||
	       (c >= 0x20000 && c <= 0x3134f);
}

static bool one_of(uint32_t c, const char *set)
{
	return c && c < 0x80 && strchr(set, (int)c);
}

/* Every code point a letter, a digit or of `also` (and Chinese where allowed), and their number in range. */
static bool made_of(struct sim_str s, size_t least, size_t most, const char *also, bool allow_chinese)
{
	size_t n = 0;
	uint32_t c;

	for (; s.n; n++) {
		if (!sim_utf8_next(&s, &c))
			return false;
		if (!letter(c) && !digit(c) && !one_of(c, also) && !(allow_chinese && chinese(c)))
			return false;
	}
	return n >= least && n <= most;
}

const char *sim_huawei_user_name(struct sim_str s)
{
	if (s.n < 4 || s.n > 32)
		return "User name length invalid.";
	return made_of(s, 4, 32, "._-", false) ? NULL : "User name invalid.";
}

static bool reversed(struct sim_str a, struct sim_str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (a.p[i] != b.p[b.n - 1 - i])
			return false;
	return true;
}

const char *sim_huawei_password(struct sim_str password, struct sim_str name)
{
	static const char specials[] = "`~!@#$%^&*()-_=+\\|[{}];:'\",<.>/? ";
	bool upper = false, lower = false, number = false, special = false;

	if (password.n < 8 || password.n > 32)
		return "Password length invalid.";
	for (size_t i = 0; i < password.n; i++) {
		unsigned char c = (unsigned char)password.p[i];

		if (c >= 'A' && c <= 'Z')
			upper = true;
		else if (c >= 'a' && c <= 'z')
			lower = true;
		else if (digit(c))
			number = true;
		else if (one_of(c, specials))
			special = true;
		else
			return "Password invalid.";
	}
	if (upper + lower + number + special < 2)
		return "Password complexity invalid.";
	if (sim_str_eq(password, name) || reversed(password, name))
		return "Password same as user name.";
	return NULL;
}

const char *sim_huawei_description(struct sim_str s, bool update)
{
	size_t n = 0;

	if (!sim_utf8_count(s, &n) || n > 64)
		return "Description length invalid.";
	return made_of(s, 0, 64, update ? "_-" : "_", true) ? NULL : "Description invalid.";
}

const char *sim_huawei_group_name(struct sim_str s, bool update)
{
	const char *also = update ? "_-`~!@#$%^&*()=+\\|[{}];:'\",<.>/?" : "_-";

	return made_of(s, 1, 64, also, true) ? NULL : "User group name invalid.";
}

const char *sim_huawei_group_description(struct sim_str s)
{
	return made_of(s, 0, 64, "_- `~!@#$%^&*()=+\\|[{}];:'\",<.>/?", true) ? NULL : "Description invalid.";
}

bool sim_ipv4(struct sim_str s, uint32_t *ret)
{
	uint32_t address = 0;

	for (int i = 0; i < 4; i++) {
		uint64_t part;
		struct sim_str text = i < 3 ? sim_str_cut(s, '.', &s) : s;

		if (!sim_number_read(text, 255, &part) || (text.n > 1 && text.p[0] == '0'))
			return false;
		address = address << 8 | (uint32_t)part;
	}
	*ret = address;
	return true;
}

const char *sim_huawei_static_ip(struct sim_str s, bool loose)
{
	uint32_t address;

	if (sim_str_is(s, "disable"))
		return NULL;
	if (!sim_ipv4(s, &address))
		return "Static IP invalid.";
	if (!loose && (address & 3) != 1)
		return "Static IP is not the first host of a /30 subnet.";
	return NULL;
}

bool sim_huawei_client_token(struct sim_str s)
{
	if (s.n != 36)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		char c = s.p[i];

		if (dash ? c != '-' : !(digit((unsigned char)c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
			return false;
	}
	return true;
}

bool sim_alibaba_user_name(struct sim_str s)
{
	return s.n && (letter((unsigned char)s.p[0]) || digit((unsigned char)s.p[0])) &&
	       made_of(s, 7, 33, "_@.-", false);
}

bool sim_alibaba_password(struct sim_str s)
{
	return s.n && (letter((unsigned char)s.p[0]) || digit((unsigned char)s.p[0])) &&
	       made_of(s, 8, 32, "_@.-", false);
}

bool sim_alibaba_mail(struct sim_str s, bool loose)
{
	struct sim_str domain, local = sim_str_cut(s, '@', &domain);

	if (loose)
		return s.n <= 254 && local.n && domain.n && !memchr(domain.p, '@', domain.n) && !memchr(s.p, ' ', s.n);
	return s.n <= 64 && made_of(local, 1, 64, "_.-", false) && made_of(domain, 1, 64, "_.-", false) &&
	       memchr(domain.p, '.', domain.n);
}

bool sim_alibaba_instance(struct sim_str s)
{
	if (!sim_str_starts(s, "sag-") || s.n == 4)
		return false;
	for (size_t i = 4; i < s.n; i++)
		if (!(s.p[i] >= 'a' && s.p[i] <= 'z') && !digit((unsigned char)s.p[i]))
			return false;
	return true;
}
