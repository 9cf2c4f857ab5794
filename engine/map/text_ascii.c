#include "engine/map/text.h"

/* Sixteen characters a row, from the code point at its left; "~" has no ASCII form and is dropped, as is what a row or
 * the table leaves out. Accents go, letters stay one letter where Latin spells them so (ae for the letter Æ, but a for
 * the German Umlaut: which language a name is in cannot be seen); Greek and Cyrillic by sound. White space and the
 * full-width forms are in the code. */
static const struct {
	uint32_t first;
	const char *forms;
} rows[] = {
	{0x00A0, "~ ~ ~ ~ ~ ~ ~ ~ ~ (c) a \" ~ ~ (r)"},
	{0x00B0, "~ ~ 2 3 ' m ~ . ~ 1 o \" 1/4 1/2 3/4"},
	{0x00C0, "A A A A A A AE C E E E E I I I I"},
	{0x00D0, "D N O O O O O x O U U U U Y TH ss"},
	{0x00E0, "a a a a a a ae c e e e e i i i i"},
	{0x00F0, "d n o o o o o ~ o u u u u y th y"},
	{0x0100, "A a A a A a C c C c C c C c D d"},
	{0x0110, "D d E e E e E e E e E e G g G g"},
	{0x0120, "G g G g H h H h I i I i I i I i"},
	{0x0130, "I i IJ ij J j K k q L l L l L l L"},
	{0x0140, "l L l N n N n N n 'n N n O o O o"},
	{0x0150, "O o OE oe R r R r R r S s S s S s"},
	{0x0160, "S s T t T t T t U u U u U u U u"},
	{0x0170, "U u U u W w Y y Y Z z Z z Z z s"},
	{0x0180, "b B ~ ~ ~ ~ O C c D D ~ ~ ~ E E"},
	{0x0190, "E F f G ~ ~ ~ I K k l ~ ~ N n"},
	{0x01A0, "O o ~ ~ P p ~ ~ ~ ~ ~ t T t T U"},
	{0x01B0, "u ~ ~ Y y Z z"},
	{0x01C0, "~ ~ ~ ~ DZ Dz dz LJ Lj lj NJ Nj nj A a I"},
	{0x01D0, "i O o U u U u U u U u U u e A a"},
	{0x01E0, "A a AE ae G g G g K k O o O o"},
	{0x01F0, "j DZ Dz dz G g ~ ~ N n A a AE ae O o"},
	{0x0200, "A a A a E e E e I i I i O o O o"},
	{0x0210, "R r R r U u U u S s T t ~ ~ H h"},
	{0x0220, "~ d ~ ~ Z z A a E e O o O o O o"},
	{0x0230, "O o Y y l n t j ~ ~ A C c L T"},
	{0x0240, "~ ~ ~ B U ~ E e J j ~ ~ R r Y y"},
	{0x0250, "~ ~ ~ b o ~ d d ~ e ~ e"},
	{0x0260, "~ ~ ~ ~ ~ ~ ~ ~ i i"},
	{0x02B0, "~ ~ ~ ~ ~ ~ ~ ~ ~ ' \" ' '"},
	{0x0370, "~ ~ ~ ~ ' ~ ~ ~ ~ ~ ~ ~ ~ ~ ;"},
	{0x0380, "~ ~ ~ ~ ~ ~ A . E I I ~ O ~ Y O"},
	{0x0390, "i A V G D E Z I Th I K L M N X O"},
	{0x03A0, "P R ~ S T Y F Ch Ps O I Y a e i i"},
	{0x03B0, "y a v g d e z i th i k l m n x o"},
	{0x03C0, "p r s s t y f ch ps o i y o y o"},
	{0x03D0, "~ ~ ~ Y Y"},
	{0x0400, "E E Dj G Ye Dz I Yi J Lj Nj C K I U Dz"},
	{0x0410, "A B V G D E Zh Z I Y K L M N O P"},
	{0x0420, "R S T U F Kh Ts Ch Sh Shch ~ Y ~ E Yu Ya"},
	{0x0430, "a b v g d e zh z i y k l m n o p"},
	{0x0440, "r s t u f kh ts ch sh shch ~ y ~ e yu ya"},
	{0x0450, "e e dj g ye dz i yi j lj nj c k i u dz"},
	{0x0490, "G g G g ~ ~ ~ ~ ~ ~ K k"},
	{0x04A0, "~ ~ N n ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ U u"},
	{0x04B0, "U u ~ ~ ~ ~ ~ ~ ~ ~ H h"},
	{0x04C0, "~ Zh zh"},
	{0x04D0, "A a A a ~ ~ E e A a A a Zh zh Z z"},
	{0x04E0, "~ ~ I i I i O o O o O o E e U u"},
	{0x04F0, "U u U u Ch ch ~ ~ Y y"},
	{0x1E00, "A a B b B b B b C c D d D d D d"},
	{0x1E10, "D d D d E e E e E e E e E e F f"},
	{0x1E20, "G g H h H h H h H h H h I i I i"},
	{0x1E30, "K k K k K k L l L l L l L l M m"},
	{0x1E40, "M m M m N n N n N n N n O o O o"},
	{0x1E50, "O o O o P p P p R r R r R r R r"},
	{0x1E60, "S s S s S s S s S s T t T t T t"},
	{0x1E70, "T t U u U u U u U u U u V v V v"},
	{0x1E80, "W w W w W w W w W w X x X x Y y"},
	{0x1E90, "Z z Z z Z z h t w y ~ s ~ ~ SS"},
	{0x1EA0, "A a A a A a A a A a A a A a A a"},
	{0x1EB0, "A a A a A a A a E e E e E e E e"},
	{0x1EC0, "E e E e E e E e I i I i O o O o"},
	{0x1ED0, "O o O o O o O o O o O o O o O o"},
	{0x1EE0, "O o O o U u U u U u U u U u U u"},
	{0x1EF0, "U u Y y Y y Y y Y y"},
	{0x1F00, "a a a a a a a a A A A A A A A A"},
	{0x1F10, "e e e e e e ~ ~ E E E E E E"},
	{0x1F20, "i i i i i i i i I I I I I I I I"},
	{0x1F30, "i i i i i i i i I I I I I I I I"},
	{0x1F40, "o o o o o o ~ ~ O O O O O O"},
	{0x1F50, "y y y y y y y y ~ Y ~ Y ~ Y ~ Y"},
	{0x1F60, "o o o o o o o o O O O O O O O O"},
	{0x1F70, "a a e e i i i i o o y y o o"},
	{0x1F80, "a a a a a a a a A A A A A A A A"},
	{0x1F90, "i i i i i i i i I I I I I I I I"},
	{0x1FA0, "o o o o o o o o O O O O O O O O"},
	{0x1FB0, "a a a a a ~ a a A A A A A ~ i"},
	{0x1FC0, "~ ~ i i i ~ i i E E I I I"},
	{0x1FD0, "i i i i ~ ~ i i I I I I"},
	{0x1FE0, "y y y y r r y y Y Y Y Y R ~ ~ `"},
	{0x1FF0, "~ ~ o o o ~ o o O O O O O"},
	{0x2010, "- - - - - - ~ ~ ' ' ' ' \" \" \" \""},
	{0x2020, "~ ~ * ~ ~ ~ ..."},
	{0x2030, "~ ~ ' \" ~ ~ ~ ~ ~ ' '"},
	{0x2040, "~ ~ ~ ~ /"},
	{0x20A0, "~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ EUR"},
	{0x2110, "~ ~ ~ ~ ~ ~ No"},
	{0x2120, "~ ~ (tm) ~ ~ ~ O ~ ~ ~ K A"},
	{0x2210, "~ ~ -"},
	{0xFB00, "ff fi fl ffi ffl st st"},
};

static struct rc_slice form(const char *forms, uint32_t index)
{
	const char *p = forms;
	size_t n;

	for (; index && *p; p++)
		index -= *p == ' ';
	n = strcspn(p, " ");
	return (struct rc_slice){p, n == 1 && *p == '~' ? 0 : n};
}

struct rc_slice rc_ascii_of(uint32_t cp)
{
	static const char printable[] = "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
					"abcdefghijklmnopqrstuvwxyz{|}~";
	size_t low = 0, high = sizeof(rows) / sizeof(*rows);

	if (cp >= 0xFF01 && cp <= 0xFF5E)
		return (struct rc_slice){printable + (cp - 0xFF01), 1};
	if (cp == 0xFEFF)
		return (struct rc_slice){"", 0};
	if (rc_text_is_space(cp))
		return (struct rc_slice){" ", 1};
	while (low < high) {
		size_t mid = (low + high) / 2;

		if (cp < rows[mid].first)
			high = mid;
		else if (cp >= rows[mid].first + 16)
			low = mid + 1;
		else
			return form(rows[mid].forms, cp - rows[mid].first);
	}
	return (struct rc_slice){"", 0};
}
