/* poller/config-rates.c: how often things fail: of one thing, and of a class. See config-int.h and forewarn-risk(7), RATES. */
#include <math.h>
#include <string.h>

#include "poller/config-int.h"

static bool take_seconds(const struct section *s, const char *option, double *out)
{
	struct span d;

	if (!take_span(s, option, &d))
		return false;
	*out = span_as_s(d);
	return true;
}

/* A thing set by hand has no prior unless the configuration gives one: then a repair time alone tells nothing. */
static void check_components(struct load *l)
{
	const struct config *c = l->c;

	for (uint32_t i = 0; i < c->component_count; i++) {
		const struct cfg_component *k = &c->component[i];

		if (!isnan(k->rate.mttr_s) && isnan(k->rate.mtbf_s) && isnan(k->rate.unavailability) &&
		    isnan(config_prior(c, "component").mtbf_s))
			mistake_add(l->m, k->place.file, k->place.line,
				    "component \"%s\": mttr alone is no rate; write mtbf or unavailability as well", k->name);
	}
}

/* All three say the same thing twice, and might not say the same. */
void take_rate(const struct section *s, struct rate_given *out)
{
	*out = RATE_GIVEN_NONE;
	take_number(s, "unavailability", &out->unavailability);
	take_seconds(s, "mtbf", &out->mtbf_s);
	take_seconds(s, "mttr", &out->mttr_s);
	if (section_given(s, "unavailability") && section_given(s, "mtbf") && section_given(s, "mttr"))
		section_wrong(s, "unavailability", "unavailability follows from mtbf and mttr; leave one of the three out");
}

void take_rates(const struct section *s)
{
	struct load *l = s->l;
	struct config *c = l->c;
	struct rate_prior prior = rate_prior_of(s->p->title);
	struct cfg_rates *k;

	for (uint32_t i = 0; i < c->rates_count; i++) {
		if (strcmp(c->rates[i].name, s->p->title) != 0)
			continue;
		section_wrong(s, NULL, "given twice, first in %s:%u", c->rates[i].place.file, c->rates[i].place.line);
		return;
	}
	take_seconds(s, "mtbf", &prior.mtbf_s);
	take_seconds(s, "mttr", &prior.mttr_s);
	take_seconds(s, "weight", &prior.weight_s);
	k = grow(&c->rates, &c->rates_count, &l->rates_size, sizeof(*k));
	k->place = section_place(s, NULL);
	k->name = arena_strdup(&c->arena, s->p->title);
	k->prior = prior;
}

static bool is_class(const struct config *c, const char *name)
{
	for (size_t i = 0; i < rate_class_count; i++)
		if (strcmp(rate_classes[i].name, name) == 0)
			return true;
	return !c->mib || c->mib->count == 0 || mib_find_class(c->mib, name);
}

void rates_check(struct load *l)
{
	const struct config *c = l->c;
	char near[256] = "";

	for (uint32_t i = 0; i < c->rates_count; i++)
		if (!is_class(c, c->rates[i].name))
			mistake_add(l->m, c->rates[i].place.file, c->rates[i].place.line, "rates \"%s\": no such class; use device, check, "
				    "component, part, or a class of the MIB definitions%s", c->rates[i].name,
				    class_near(l, c->rates[i].name, near, sizeof(near)));
	check_components(l);
}

struct rate_prior config_prior(const struct config *c, const char *class_name)
{
	const struct cfg_rates *part = NULL;
	bool own = false;

	for (uint32_t i = 0; i < c->rates_count; i++) {
		if (strcmp(c->rates[i].name, class_name) == 0)
			return c->rates[i].prior;
		if (strcmp(c->rates[i].name, "part") == 0)
			part = &c->rates[i];
	}
	for (size_t i = 0; i < rate_class_count; i++)
		own |= strcmp(rate_classes[i].name, class_name) == 0;
	return part && !own ? part->prior : rate_prior_of(class_name);
}
