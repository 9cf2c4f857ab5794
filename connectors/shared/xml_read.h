/* connectors/shared/xml_read.h - the few texts of an XML error answer. Not a parser: the first <tag>text</tag> in the
 * first 64 KiB, the five entities undone. Anything else is "not there". */
#ifndef RC_CONN_XML_READ_H
#define RC_CONN_XML_READ_H
#include <stdbool.h>
#include "engine/base/arena.h"

/* Whether the body begins like XML and not like an HTML page. */
bool rc_xml_is(struct rc_slice body);
struct rc_slice rc_xml_text(struct rc_slice body, const char *tag, struct rc_arena *mem);

#endif
