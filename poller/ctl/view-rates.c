/* poller/ctl/view-rates.c: what the chance of an outage comes from: for the view of risk. */
#include "risk-int.h"

static json_t *rate_json(const struct view *v, const struct entity *e, const struct rate *r)
{
	const struct history *own = model_history(v->model, e);
	struct history h = own ? history_at(own, v->now) : (struct history){ 0 };

	return json_pack("{s:o,s:s,s:o,s:o,s:o,s:I,s:f,s:o}", "component", json_words(e->name), "source", rate_source_word(r->source),
			 "unavailability", json_finite(r->q), "mtbf_s", json_finite(r->mtbf_s), "mttr_s", json_finite(r->mttr_s),
			 "failures", (json_int_t)h.failures, "seen_s", span_as_s(h.up) + span_as_s(h.down), "since", json_time(h.since));
}

void view_put_rates(struct view *v, const uint32_t *support, size_t n, bool each, json_t *item)
{
	static const char *const keys[RATE_SOURCES] = {
		[RATE_GIVEN] = "rates_given", [RATE_MEASURED] = "rates_measured", [RATE_ASSUMED] = "rates_assumed",
		[RATE_MISSING] = "rates_missing",
	};
	json_int_t count[RATE_SOURCES] = { 0 };
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		const struct entity *e = model_of_node(v->model, support[i]);
		struct rate r = model_rate(v->model, e);

		count[r.source]++;
		if (each)
			json_array_append_new(list, rate_json(v, e, &r));
	}
	for (unsigned s = 0; s < RATE_SOURCES; s++)
		json_object_set_new(item, keys[s], json_integer(count[s]));
	if (each)
		json_object_set(item, "rates", list);
	json_decref(list);
}
