/* poller/ctl/check.c: forewarn check: read the configuration, report every mistake; -p prints it with defaults filled in. */
#include <stdio.h>

#include "risk-int.h"

enum { HINTS_MOST = 5, HINT_NODES = 1 << 16, HINT_LOOKED = 5000000 };

static json_t *summary(const struct config *c)
{
	return json_pack("{s:o,s:i,s:i,s:i,s:i,s:i,s:i}", "file", json_words(c->path), "devices", (int)c->device_count, "checks", (int)c->check_count,
			 "components", (int)c->component_count, "groups", (int)c->group_count, "services", (int)c->service_count,
			 "definitions", (int)c->mib->count);
}

/* Every mistake, for programs: "file:line: why" each. */
static int check_json(const struct ctl *c)
{
	struct mistakes m = { 0 };
	struct config *config = config_load(c->config_path, c->state, &m);
	json_t *mistakes = json_array(), *answer;

	for (unsigned i = 0; config == NULL && i < m.count; i++)
		json_array_append_new(mistakes, json_words(m.line[i]));
	answer = json_pack("{s:i,s:o,s:i,s:[]}", "version", 1, "mistakes", mistakes, "mistakes_count", config ? 0 : (int)(m.count + m.more),
			   "items");
	if (config != NULL)
		json_array_append_new(json_object_get(answer, "items"), summary(config));
	ctl_print_json(answer);
	json_decref(answer);
	mistakes_release(&m);
	if (config == NULL)
		return EXIT_FAILED;
	config_unref(config);
	return EXIT_DONE;
}

/* What is no mistake, and yet hardly meant: a group that falls to less than it was built for. */
static void print_hints(struct model *m)
{
	struct graph *g = model_graph(m);
	struct graph_size size = graph_size(g);
	uint32_t looked = 0, all = 0, hints = 0, left_out = 0;
	char words[2048];

	for (uint32_t node = 0; node < size.components + size.gates; node++, all += looked, looked = 0) {
		const uint32_t *member;
		json_t *fate;

		if (graph_is_component(g, node) || graph_need(g, node) >= graph_members(g, node, &member))
			continue;
		fate = all < HINT_LOOKED ? fate_json(m, node, HINT_NODES, &looked) : json_null();
		left_out += json_is_null(fate);
		if (json_is_object(fate) && hints++ < HINTS_MOST)
			printf("note: shared fate: %s\n", fate_words(fate, words, sizeof(words)));
		json_decref(fate);
	}
	if (hints > HINTS_MOST)
		printf("note: shared fate of %u more groups: forewarn risk SERVICE\n", hints - HINTS_MOST);
	if (left_out)
		printf("note: %u groups stand on too much to look for a shared fate\n", left_out);
}

static void print_summary(const struct config *config, struct model *m)
{
	printf("%s is well: %u devices, %u checks, %u components, %u groups, %u services; %u definitions\n", config->path,
	       config->device_count, config->check_count, config->component_count, config->group_count, config->service_count,
	       config->mib->count);
	if (config->device_count + config->check_count == 0)
		puts("note: nothing is polled; device \"NAME\" { address = \"...\" } says what is there");
	if (config->service_count == 0)
		puts("note: no service is known, so no risk; service \"NAME\" { needs = {...} } says what must not fail");
	print_hints(m);
	puts("next: forewarn run, or systemctl reload forewarn");
}

int check_command(struct ctl *c)
{
	bool print = ctl_flag(c, "print", 'p');
	struct config *config;
	struct model *m;
	struct err err = { "" };
	int status = EXIT_DONE;

	if (!ctl_rest_ok(c, 0))
		return EXIT_USAGE;
	if (c->json && print)
		return ctl_usage(c, "--print writes the configuration, which is not JSON; leave one of the two out");
	if (c->json)
		return check_json(c);
	config = ctl_config(c);
	if (config == NULL)
		return EXIT_FAILED;
	m = model_new(config, &err);
	if (m == NULL || model_rebuild(m, &err) != FW_OK)
		status = ctl_failed(c, err.text);
	else if (print)
		config_print(config, stdout);
	else
		print_summary(config, m);
	model_free(m);
	config_unref(config);
	return status;
}
