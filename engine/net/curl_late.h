/* engine/net/curl_late.h - libcurl, loaded when the first request is due.
 *
 * The program is not linked to it: it brings 27 more libraries (OpenLDAP, Kerberos, SSH), and to load and bind
 * them costs several times what a night without changes does. The functions of <curl/curl.h> that the room uses are
 * defined here and hand on to the library. */
#ifndef RC_CURL_LATE_H
#define RC_CURL_LATE_H
#include "engine/base/err.h"

/* Once before any function of libcurl, on one thread; later calls cost nothing. It stays loaded to the end. */
enum rc_code rc_curl_load(struct rc_err *err);

#endif
