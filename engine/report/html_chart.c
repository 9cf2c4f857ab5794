/* The timeline of a target as inline SVG: panels over one time axis. Colours come from classes, so that dark mode and
 * print choose their own. */
#include <math.h>
#include "engine/report/html_int.h"

enum { WIDTH = 900, LEFT = 64, RIGHT = 12, PANEL = 90, GAP = 26, TOP = 16 };

struct chart {
	struct rc_buf *b;
	const cJSON *points;
	double end_s;
	int y; /* top of the panel */
};

static double x_of(const struct chart *c, double t_s)
{
	return LEFT + (WIDTH - LEFT - RIGHT) * (c->end_s > 0 ? t_s / c->end_s : 0);
}

static double y_of(const struct chart *c, double v, double max)
{
	return c->y + PANEL - PANEL * (max > 0 ? fmax(0, v) / max : 0);
}

static double top_of(const struct chart *c, const char *key, const char *and_key)
{
	const cJSON *p;
	double max = 0;

	cJSON_ArrayForEach(p, c->points)
	{
		double v = fmax(0, rc_html_num(p, key)) + (and_key ? fmax(0, rc_html_num(p, and_key)) : 0);

		max = fmax(max, v);
	}
	return max;
}

static void panel(const struct chart *c, const char *title, double max)
{
	rc_buf_addf(c->b, "<path class=\"axis\" d=\"M%d %dV%dH%d\"/>", LEFT, c->y, c->y + PANEL, WIDTH - RIGHT);
	rc_buf_addf(c->b, "<text x=\"%d\" y=\"%d\">%s</text>", LEFT, c->y - 4, title);
	rc_buf_addf(c->b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%.4g</text>", LEFT - 6, c->y + 8, max);
	rc_buf_addf(c->b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">0</text>", LEFT - 6, c->y + PANEL);
}

/* Steps: a value holds from the end of the step before to its own end. */
static void steps(const struct chart *c, const char *key, const char *class_, double max, bool area)
{
	const cJSON *p;
	double from = 0;

	rc_buf_addf(c->b, "<path class=\"%s\" d=\"M%.1f %.1f", class_, x_of(c, 0), (double)c->y + PANEL);
	cJSON_ArrayForEach(p, c->points)
	{
		double to = rc_html_num(p, "t_s"), y = y_of(c, rc_html_num(p, key), max);

		rc_buf_addf(c->b, "L%.1f %.1fH%.1f", x_of(c, from), y, x_of(c, to));
		from = to;
	}
	if (area)
		rc_buf_addf(c->b, "V%dZ", c->y + PANEL);
	rc_buf_adds(c->b, "\"/>");
}

static void bars(const struct chart *c, double max)
{
	const cJSON *p;
	double from = 0;

	cJSON_ArrayForEach(p, c->points)
	{
		double to = rc_html_num(p, "t_s"), base = c->y + PANEL;
		const char *const keys[] = {"busy", "throttled"};

		for (int i = 0; i < 2; i++) {
			double v = rc_html_num(p, keys[i]), h = max > 0 ? PANEL * v / max : 0;

			if (v <= 0)
				continue;
			base -= h;
			rc_buf_addf(c->b, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
				    keys[i], x_of(c, from), base, fmax(0.5, x_of(c, to) - x_of(c, from)), h);
		}
		from = to;
	}
}

static void time_text(struct rc_buf *b, double s)
{
	unsigned long t = s < 1e9 ? (unsigned long)s : 0;

	if (t >= 3600)
		rc_buf_addf(b, "%lu:%02lu:%02lu", t / 3600, t / 60 % 60, t % 60);
	else
		rc_buf_addf(b, "%lu:%02lu", t / 60, t % 60);
}

static void time_axis(const struct chart *c)
{
	for (int i = 0; i <= 4; i++) {
		double t = c->end_s * i / 4;

		rc_buf_addf(c->b, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">", x_of(c, t), c->y + PANEL + 14,
			    i == 0   ? "start"
			    : i == 4 ? "end"
				     : "middle");
		time_text(c->b, t);
		rc_buf_adds(c->b, "</text>");
	}
}

static void label(struct rc_buf *b, const char *target, double rate, double flight, double refused, double parked)
{
	rc_buf_adds(b, "Timeline of ");
	rc_html_cstr(b, target);
	rc_buf_addf(
		b,
		": at most %.4g users per second, %.4g calls in flight, %.0f busy or throttled answers in one step, "
		"%.0f people parked.",
		rate, flight, refused, parked);
}

void rc_html_chart(struct rc_buf *b, const char *target, const cJSON *timeline)
{
	struct chart c = {.b = b, .points = timeline, .y = TOP};
	const cJSON *p;
	double rate, flight, refused, parked;

	cJSON_ArrayForEach(p, timeline) c.end_s = fmax(c.end_s, rc_html_num(p, "t_s"));
	if (!(c.end_s > 0) || !isfinite(c.end_s))
		return;
	rate = top_of(&c, "users_per_s", NULL);
	flight = top_of(&c, "in_flight", NULL);
	refused = top_of(&c, "busy", "throttled");
	parked = top_of(&c, "parked", NULL);
	rc_buf_addf(b, "<figure><svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH,
		    TOP + (PANEL + GAP) * (parked > 0 ? 4 : 3));
	label(b, target, rate, flight, refused, parked);
	rc_buf_adds(b, "\">");
	panel(&c, "users per second", rate);
	steps(&c, "users_per_s", "rate", rate, true);
	c.y += PANEL + GAP;
	panel(&c, "calls in flight", flight);
	steps(&c, "in_flight", "flight", flight, false);
	c.y += PANEL + GAP;
	panel(&c, "answers: busy (lower part of a bar), throttled (upper part)", refused);
	bars(&c, refused);
	if (parked > 0) {
		c.y += PANEL + GAP;
		panel(&c, "people parked for a seat", parked);
		steps(&c, "parked", "parked", parked, false);
	}
	time_axis(&c);
	rc_buf_adds(b, "</svg><figcaption>");
	label(b, target, rate, flight, refused, parked);
	rc_buf_adds(b, "</figcaption></figure>\n");
}
