/* engine/base/civil.h - days since 1970-01-01 and the proleptic Gregorian calendar. */
#ifndef RC_CIVIL_H
#define RC_CIVIL_H
#include <stdint.h>

int32_t rc_date_days(int year, unsigned month, unsigned day); /* month 1..12; days beyond a month carry over */
void rc_date_civil(int32_t days, int *ret_year, unsigned *ret_month, unsigned *ret_day);

#endif
